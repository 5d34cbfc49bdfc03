//! Why a checkpoint could not be taken over.

use std::path::PathBuf;

use crate::export::ExportError;
use crate::trained::TrainedError;

/// Why a checkpoint could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A part could not be read, or does not fit the rest.
    #[error(transparent)]
    Model(#[from] TrainedError),
    /// A part could not be written.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A folder of ours.
    #[error("{} is a model folder already: `score`, `generate` and `export` read it as it is", path.display())]
    Already {
        /// The folder.
        path: PathBuf,
    },
    /// A network that the trainer does not have.
    #[error("{} asks for what this trainer does not have: {reason}", path.display())]
    Unsupported {
        /// The `config.json`.
        path: PathBuf,
        /// What it is, and what would be right.
        reason: String,
    },
    /// A tokenizer and a model that are not of one another.
    #[error("tokenizer and model do not match: {0}")]
    Mismatch(String),
    /// A tensor that is there twice, with two values.
    #[error("`{copy}` differs from `{kept}`: {reason}")]
    Differ {
        /// The copy.
        copy: &'static str,
        /// What it should be a copy of.
        kept: &'static str,
        /// Why that cannot be.
        reason: &'static str,
    },
    /// Tensors with values that are no numbers.
    #[error("{count} values of `{name}` are nan or infinite{}: the training diverged, or the file is damaged", beside(*others))]
    NoNumbers {
        /// The first of the tensors.
        name: String,
        /// How many of its values.
        count: i64,
        /// How many other tensors.
        others: usize,
    },
    /// A constant with another value.
    #[error("this trainer's activation is another: {0}")]
    Constant(String),
}

fn beside(others: usize) -> String {
    if others == 0 { String::new() } else { format!(" (other such tensors: {others})") }
}
