//! The report on disk.

use std::fs::{File, Permissions};
use std::io::{self, BufReader, Read as _, Write as _};
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
    /// Writes `index.html`, `report.md`, `tables.tex`, `comparisons.csv`, `overall.csv`, `pairs.csv`,
    /// `observations.csv`, `report.json` and `references.bib` into `directory`, which is made if it is not there. Each
    /// file is replaced as a whole or not at all.
    ///
    /// # Errors
    /// If a file that would be replaced is no report's, the directory cannot be made, or a file cannot be written.
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
        files.refuse_foreign(directory)?;
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

impl Written {
    /// All files, in the order in which they are written.
    fn all(&self) -> [&Path; 9] {
        [
            &self.json,
            &self.comparisons,
            &self.overall,
            &self.pairs,
            &self.observations,
            &self.latex,
            &self.bibliography,
            &self.markdown,
            &self.page,
        ]
    }

    /// Refuses to replace what no report has written: files of these names without a page or a record that is
    /// Seedbed's.
    fn refuse_foreign(&self, directory: &Path) -> Result<(), AnalysisError> {
        let taken = self.all().into_iter().find(|file| file.exists());
        let Some(taken) = taken.filter(|_| !is_page(&self.page) && !is_record(&self.json)) else { return Ok(()) };
        let file = taken.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Err(AnalysisError::Foreign { directory: directory.to_owned(), file })
    }
}

/// Whether it is a page that Seedbed wrote, as its head says.
fn is_page(path: &Path) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(4096).read_to_end(&mut head));
    read.is_ok() && String::from_utf8_lossy(&head).contains(r#"<meta name="generator" content="Seedbed">"#)
}

/// Whether it is the record of a report, of any version.
fn is_record(path: &Path) -> bool {
    #[derive(serde::Deserialize)]
    struct Record {
        #[serde(rename = "schema")]
        _schema: u32,
        #[serde(rename = "headline")]
        _headline: Vec<String>,
        #[serde(rename = "observations")]
        _observations: Vec<serde::de::IgnoredAny>,
    }
    File::open(path).is_ok_and(|file| serde_json::from_reader::<_, Record>(BufReader::new(file)).is_ok())
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
