//! The pattern that gives every task a log file of its own.

use super::AbsolutePath;
use crate::value::ValueError;

/// The file that takes what a job writes: a directory, taken literally, and a file name in which
/// Slurm fills in the job and the task.
///
/// The directory must exist before submission. Slurm would not make it, and a job whose log cannot
/// be opened dies without a word.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OutputPattern {
    directory: AbsolutePath,
}

impl OutputPattern {
    /// What a directory may be.
    pub const EXPECTED: &str = "a directory for logs: an absolute path without control characters and without `\\`, \
         which would stop Slurm from filling in the job's number";

    /// Log files in a directory.
    ///
    /// # Errors
    /// The path holds a backslash: for Slurm one backslash anywhere switches all patterns off.
    pub fn in_directory(directory: AbsolutePath) -> Result<Self, ValueError> {
        if directory.as_str().contains('\\') {
            return Err(ValueError::new(directory.as_str(), Self::EXPECTED));
        }
        Ok(Self { directory })
    }

    /// The pattern as Slurm reads it: `<array>_<index>.log` of an array, `<job>.log` otherwise,
    /// where `%a` would be filled in with a meaningless number.
    pub fn pattern(&self, is_array: bool) -> String {
        let directory = self.directory.as_str().trim_end_matches('/').replace('%', "%%");
        let file = if is_array { "%A_%a" } else { "%j" };
        format!("{directory}/{file}.log")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logs(directory: &str) -> Result<OutputPattern, ValueError> {
        OutputPattern::in_directory(directory.parse()?)
    }

    #[test]
    fn the_directory_is_literal_and_the_file_is_a_pattern() {
        let pattern = logs("/scratch/100%/%j/").unwrap();
        assert_eq!(pattern.pattern(true), "/scratch/100%%/%%j/%A_%a.log");
        assert_eq!(pattern.pattern(false), "/scratch/100%%/%%j/%j.log");
        assert_eq!(logs("/").unwrap().pattern(false), "/%j.log");
    }

    #[test]
    fn what_slurm_would_misread_is_refused() {
        for wrong in ["", "logs", "/a\nb", "/a\\b"] {
            assert!(logs(wrong).is_err(), "{wrong:?}");
        }
    }
}
