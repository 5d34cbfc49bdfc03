//! `results.csv` of one run, read whole: what its trainer found, and the digest by which the run's record knows it.

use std::path::Path;

use analysis::results::{FinalValuesError, final_values};
use spec::Digest;

use crate::files::read_small;

/// A `results.csv` that was read whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Digest of the file.
    pub digest: Digest,
    /// Metrics and their values, in the order of the file.
    pub values: Vec<(String, f64)>,
}

impl Results {
    /// The metrics whose values are not finite, as the record of a run that is done tells it; `None` where all are.
    pub fn not_finite(&self) -> Option<String> {
        let names = self.values.iter().filter(|(_, value)| !value.is_finite()).map(|(name, _)| name.as_str());
        let names: Vec<&str> = names.collect();
        (!names.is_empty()).then(|| format!("not finite: {}", names.join(", ")))
    }
}

/// Why a run has no complete results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResultsError {
    /// The file cannot be read; above all, it is not there.
    #[error("results.csv cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// The file is not a table of results.
    #[error(transparent)]
    Content(#[from] FinalValuesError),
}

/// Reads and checks the results at `path`.
///
/// # Errors
/// [`ResultsError`].
pub fn read(path: &Path) -> Result<Results, ResultsError> {
    let content = read_small(path).map_err(ResultsError::Unreadable)?;
    let values = final_values(&content)?;
    Ok(Results { digest: Digest::of(&content), values })
}
