//! From a sweep file to a sweep.

use std::path::{Path, PathBuf};

use spec::analysis::AnalysisSpec;
use spec::plan::Factor;
use spec::{Digest, RunSpec};

use super::problem::{Problems, SweepError};
use super::retry::RetryPolicy;
use super::source::{Origin, Source};

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
        let text =
            std::fs::read_to_string(file).map_err(|source| SweepError::Read { file: file.to_owned(), source })?;
        let source = Source::new(text);
        let mut problems = Problems::new(file, &source, overrides);
        problems.error(&Origin::File(0..0), "reading sweep files is not supported by this build");
        Err(problems.finish().expect_err("invariant: an error was just recorded"))
    }
}
