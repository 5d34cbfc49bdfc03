//! The report on disk.

use std::fs::Permissions;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{bibliography, html, latex, markdown, overall, tables};
use crate::error::AnalysisError;
use crate::report::Report;

/// Where the files of a report lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The page.
    pub page: PathBuf,
    /// The Markdown.
    pub markdown: PathBuf,
    /// The tables as LaTeX.
    pub latex: PathBuf,
    /// A row a comparison.
    pub comparisons: PathBuf,
    /// A row for all that holds over strata: averages, questions and their pairs.
    pub overall: PathBuf,
    /// A row for every two arms.
    pub pairs: PathBuf,
    /// A row a value.
    pub observations: PathBuf,
    /// Everything.
    pub json: PathBuf,
    /// The sources of the methods, for BibTeX.
    pub bibliography: PathBuf,
}

impl Report {
    /// Writes `index.html`, `report.md`, `tables.tex`, `comparisons.csv`, `overall.csv`, `pairs.csv`, `observations.csv`,
    /// `report.json` and `references.bib` into `directory`, which is made if it is not there. Each file is replaced as a whole or not at all.
    ///
    /// # Errors
    /// If the directory cannot be made or a file cannot be written.
    pub fn write(&self, directory: &Path) -> Result<Written, AnalysisError> {
        let files = Written {
            page: directory.join("index.html"),
            markdown: directory.join("report.md"),
            latex: directory.join("tables.tex"),
            comparisons: directory.join("comparisons.csv"),
            overall: directory.join("overall.csv"),
            pairs: directory.join("pairs.csv"),
            observations: directory.join("observations.csv"),
            json: directory.join("report.json"),
            bibliography: directory.join("references.bib"),
        };
        let page = html::page(self)?;
        std::fs::create_dir_all(directory)
            .map_err(|source| AnalysisError::Write { path: directory.to_owned(), source })?;
        replace(&files.json, &self.json())?;
        replace(&files.comparisons, &tables::comparisons(self))?;
        replace(&files.overall, &overall::overall(self))?;
        replace(&files.pairs, &tables::pairs(self))?;
        replace(&files.observations, &tables::observations(self))?;
        replace(&files.latex, latex::latex(self).as_bytes())?;
        replace(&files.bibliography, bibliography::bibliography(self).as_bytes())?;
        replace(&files.markdown, markdown::markdown(self).as_bytes())?;
        replace(&files.page, page.as_bytes())?;
        Ok(files)
    }

    /// The report as JSON with a line end. It holds no NaN: what is not defined is null.
    pub fn json(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("invariant: a report has text keys only");
        bytes.push(b'\n');
        bytes
    }
}

fn replace(path: &Path, content: &[u8]) -> Result<(), AnalysisError> {
    replace_file(path, content).map_err(|source| AnalysisError::Write { path: path.to_owned(), source })
}

fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // A temporary file is private by default; a report is for everyone whom the umask lets in.
    let mut builder = tempfile::Builder::new();
    builder.prefix(".report-").permissions(Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
