//! What can be wrong with a model at rest.

use std::io;
use std::path::{Path, PathBuf};

use spec::model::Architecture;

use super::tensors::Misfit;
use crate::checkpoint::CheckpointError;
use crate::data::DataError;
use crate::parameters::ParameterError;

/// Why a model could not be read, or not be used for what was asked.
#[derive(Debug, thiserror::Error)]
pub enum TrainedError {
    /// A directory without a model.
    #[error(
        "{} is no model: it holds neither run.json (a run's directory) nor seedbed.json (a folder that `export` or `import` \
         wrote)",
        path.display()
    )]
    NotAModel {
        /// The directory.
        path: PathBuf,
    },
    /// A run of another program.
    #[error("{} belongs to another program: only runs of the built-in trainer hold a model", path.display())]
    Foreign {
        /// The run's `run.json`.
        path: PathBuf,
    },
    /// A run that has written no checkpoint yet.
    #[error("{} holds no checkpoint yet: the run must train first", path.display())]
    Untrained {
        /// The folder of checkpoints.
        path: PathBuf,
    },
    /// A file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what its name says.
    #[error("cannot use {}: {reason}", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// The tokenizer of another model.
    #[error("{} {reason}: it belongs to another model; put back the one that was written with this", path.display())]
    ForeignTokenizer {
        /// The `tokenizer.json`.
        path: PathBuf,
        /// What it has, and what the record says.
        reason: String,
    },
    /// Tensors do not fit the network.
    #[error("the tensors of {} do not fit the model:\n{misfit}", path.display())]
    Misfit {
        /// The file or folder.
        path: PathBuf,
        /// Everything that is wrong.
        misfit: Misfit,
    },
    /// The architecture cannot do what was asked.
    #[error("{what} needs a decoder (gpt-neo), but this model is an encoder ({})", found.name())]
    NotADecoder {
        /// What was asked.
        what: &'static str,
        /// What the model is.
        found: Architecture,
    },
    /// The checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The tokenizer.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The parameters.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// libtorch refused.
    #[error("cannot move the model's tensors")]
    Torch(#[from] tch::TchError),
}

impl TrainedError {
    /// A file that cannot be used.
    pub(crate) fn unusable(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unusable { path: path.to_owned(), reason: reason.into() }
    }

    /// A file that cannot be read.
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }
}
