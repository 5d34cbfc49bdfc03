//! What can be wrong with the data of a task.

use std::io;
use std::path::PathBuf;

/// Why the items of a task could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The data is not there; not an error of a study, but a score that is missing.
    #[error("{reason}")]
    Missing {
        /// What is missing, and where it was looked for.
        reason: String,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line is not an item.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A file holds no item.
    #[error("{} holds no item", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}
