//! Why a model could not be exported.

use std::io;
use std::path::{Path, PathBuf};

use crate::files::WriteError;
use crate::trained::TrainedError;

/// Why a model could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The model could not be read.
    #[error(transparent)]
    Model(#[from] TrainedError),
    /// Something is in the way that is not ours to replace.
    #[error(
        "{} is there and is not an earlier export: it holds {found}, which no export writes; name another folder",
        path.display()
    )]
    InTheWay {
        /// The folder.
        path: PathBuf,
        /// An entry that is not ours.
        found: String,
    },
    /// No Python stands for a layer.
    #[error(
        "the {what} `{name}` cannot be exported: transformers has none of that name, and the Python beside the weights neither"
    )]
    Unwritten {
        /// `layer` or `activation`.
        what: &'static str,
        /// Its name in a spec.
        name: String,
    },
    /// The tokenizer is of a form that cannot be changed.
    #[error("the model's tokenizer cannot be rewritten: {0}")]
    Tokenizer(String),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl ExportError {
    /// A file or folder that could not be written.
    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write(WriteError::new(path, source))
    }
}
