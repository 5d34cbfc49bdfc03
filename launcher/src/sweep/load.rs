//! From a sweep file to a sweep.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use spec::analysis::AnalysisSpec;
use spec::plan::Factor;
use spec::{Digest, RunId, RunSpec};

use super::document::Document;
use super::factors::FactorSource;
use super::header::read_name;
use super::preset::PresetUse;
use super::problem::{Problems, SweepError};
use super::retry::RetryPolicy;
use super::source::Source;
use super::tables::{Expansion, Tables};

/// A sweep file, validated and expanded to its runs.
#[derive(Debug, Clone)]
pub struct Sweep {
    /// The sweep's name: also that of its directory.
    pub name: String,
    /// What the sweep is about, in the words of its author.
    pub description: Option<String>,
    /// The sweep file as it was named.
    pub file: PathBuf,
    /// Absolute path of the folder against which relative paths are read.
    pub base: PathBuf,
    /// The text to keep as the frozen copy: the file, and before it one comment line for every `--set`.
    pub text: String,
    /// Digest of [`Self::text`].
    pub digest: Digest,
    /// The factors in the order of the file, their levels too, those of `[[include]]` last.
    pub factors: Vec<Factor>,
    /// The seeds in the order of the file, those of `[[include]]` last.
    pub seeds: Vec<u64>,
    /// The runs, seed by seed, so that a budget that ends early leaves a balanced design.
    pub runs: Vec<RunSpec>,
    /// The runs whose feed-forward layer misses the budget to which it is matched by more than a person would expect,
    /// and by which part of it.
    pub missed_budgets: BTreeMap<RunId, f64>,
    /// The preset that it names, if that changes anything.
    pub preset: Option<PresetUse>,
    /// What will be compared.
    pub analysis: AnalysisSpec,
    /// How often runs are started again.
    pub retry: RetryPolicy,
    /// What is allowed but looks like a mistake, one message each.
    pub warnings: Vec<String>,
}

impl Sweep {
    /// Reads, validates and expands the sweep `file`, with `overrides` of the form `key=value` over it.
    ///
    /// # Errors
    /// [`SweepError::Read`] when the file cannot be read, else [`SweepError::Invalid`] with everything that is wrong.
    pub fn load(file: &Path, overrides: &[String]) -> Result<Self, SweepError> {
        let unreadable = |source| SweepError::Read { file: file.to_owned(), source };
        let text = fs::read_to_string(file).map_err(unreadable)?;
        let absolute = std::path::absolute(file).map_err(unreadable)?;
        let base = absolute.parent().unwrap_or(Path::new("/"));
        Self::parse(text, file, base, overrides)
    }

    /// Like [`Self::load`] for a text that is at hand: `file` is its name in messages, `base` its folder.
    ///
    /// # Errors
    /// [`SweepError::Invalid`] with everything that is wrong.
    pub fn parse(text: String, file: &Path, base: &Path, overrides: &[String]) -> Result<Self, SweepError> {
        let source = Source::new(text);
        let mut problems = Problems::new(file, &source, overrides);
        let sweep = read(&source, overrides, base, &mut problems);
        let warnings = problems.finish()?;
        let mut sweep = sweep.expect("invariant: a file without problems gives a sweep");
        file.clone_into(&mut sweep.file);
        sweep.warnings = warnings;
        Ok(sweep)
    }
}

/// The name of the sweep in `file`. Nothing else of the file is judged: a sweep that was frozen must be found although
/// a file that it names has gone since.
///
/// # Errors
/// [`SweepError::Read`] when the file cannot be read, else [`SweepError::Invalid`] when it is not TOML or names no
/// sweep.
pub fn sweep_name(file: &Path) -> Result<String, SweepError> {
    let text = fs::read_to_string(file).map_err(|source| SweepError::Read { file: file.to_owned(), source })?;
    let source = Source::new(text);
    let mut problems = Problems::new(file, &source, &[]);
    let document = Document::parse(&source, &mut problems);
    let name = document.map(|mut document| read_name(&mut document.take("sweep"), &mut problems));
    problems.finish()?;
    Ok(name.expect("invariant: a file without problems has a document"))
}

/// The sweep of a text; `None` only if there are problems.
fn read(source: &Source, overrides: &[String], base: &Path, problems: &mut Problems) -> Option<Sweep> {
    let mut document = Document::parse(source, problems)?;
    for (index, text) in overrides.iter().enumerate() {
        document.apply(index, text, problems);
    }
    let tables = Tables::read(document, base, problems);
    let contents = tables.contents(base, problems);
    // With everything but the named files in order, the design can be judged as well.
    let Expansion { runs, seeds, missed_budgets } =
        if problems.any_but_data() { None } else { tables.expand(&contents, problems) }?;
    let text = frozen(source.text(), overrides);
    Some(Sweep {
        digest: Digest::of(text.as_bytes()),
        text,
        name: tables.header.name,
        description: tables.header.description,
        file: PathBuf::new(),
        base: base.to_owned(),
        factors: tables.factors.list.into_iter().map(FactorSource::into_factor).collect(),
        seeds,
        runs,
        missed_budgets,
        preset: tables.preset,
        analysis: tables.analysis,
        retry: tables.retry,
        warnings: Vec::new(),
    })
}

/// The text of the file, and before it what the command line laid over it.
fn frozen(text: &str, overrides: &[String]) -> String {
    let mut frozen = String::with_capacity(text.len());
    for text in overrides {
        frozen.extend(["# --set ", &text.replace('\n', " "), "\n"]);
    }
    frozen + text
}
