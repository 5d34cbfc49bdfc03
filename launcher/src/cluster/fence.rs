//! The fence of a submission that was given up: a file beside its array file.
//!
//! Whatever of it starts after that sees the file and does nothing.

use std::io;
use std::path::{Path, PathBuf};

use slurm::name::JobName;
use spec::ExitCode;
use spec::layout::SweepLayout;

use crate::error::CliError;

/// Nobody can tell whether a submission was given up: the file system does not answer. Nothing of it may start then.
#[derive(Debug, thiserror::Error)]
#[error("cannot tell whether {} is there", path.display())]
pub struct FenceError {
    path: PathBuf,
    source: io::Error,
}

impl From<FenceError> for CliError {
    fn from(error: FenceError) -> Self {
        Self::new(ExitCode::Unavailable, error).hint("the same command goes on once the file system answers")
    }
}

/// The file whose presence says that the submission called `name` was given up.
pub(super) fn fence(layout: &SweepLayout, name: &JobName) -> PathBuf {
    fence_of(&layout.array(name.as_str()))
}

fn fence_of(array: &Path) -> PathBuf {
    array.with_extension("given-up")
}

/// Whether the submission with this array file was given up.
///
/// # Errors
/// [`FenceError`].
pub fn is_given_up(array: &Path) -> Result<bool, FenceError> {
    let path = fence_of(array);
    path.try_exists().map_err(|source| FenceError { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fence_stands_beside_the_array_file() {
        let layout = SweepLayout::new("/s");
        assert_eq!(fence(&layout, &"a.b-1".parse().unwrap()), Path::new("/s/arrays/a.b-1.given-up"));
    }

    #[test]
    fn a_fence_that_cannot_be_seen_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let array = folder.path().join("a.jsonl");
        assert!(!is_given_up(&array).unwrap());
        std::fs::write(fence_of(&array), "").unwrap();
        assert!(is_given_up(&array).unwrap());
        // Below a file nothing can be looked up: so for every person, root included.
        std::fs::write(&array, "").unwrap();
        let error = CliError::from(is_given_up(&array.join("b.jsonl")).unwrap_err()).render();
        assert!(error.contains("cannot tell whether") && error.contains("b.given-up is there"), "{error}");
    }
}
