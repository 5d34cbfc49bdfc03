//! Why fine-tuning failed.

use std::path::PathBuf;

use crate::data::DataError;
use crate::files::WriteError;
use crate::parameters::ParameterError;

use super::tasks::TaskError;
use super::tuning::TuneError;

/// Why fine-tuning failed.
#[derive(Debug, thiserror::Error)]
pub enum FinetuneError {
    /// A task's data is not what it should be.
    #[error(transparent)]
    Task(#[from] TaskError),
    /// The protocol has no such task.
    #[error("{protocol} has no task `{name}`; its tasks are {known}")]
    UnknownTask {
        /// What was asked for.
        name: String,
        /// The protocol.
        protocol: String,
        /// Its tasks.
        known: String,
    },
    /// The context has no room for a pair of texts.
    #[error("a context of {0} tokens is too small for these tasks; at least 8 are needed")]
    ContextTooSmall(usize),
    /// The folder holds results of something else.
    #[error("{} holds results of {what}; name another folder, or remove it", path.display())]
    Foreign {
        /// The record in the way.
        path: PathBuf,
        /// `another model`, `other data or settings`.
        what: &'static str,
    },
    /// A record cannot be read.
    #[error("cannot use {}: {reason}; remove it to have it made again", path.display())]
    Record {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file does not hold what it is known by.
    #[error("{name} was changed since it was taken in: {} is not the content that its name says; take the set in again, or see \
             what else is damaged with `seedbed-trainer data check`", path.display())]
    Changed {
        /// Its name in a folder of tasks.
        name: String,
        /// Where it lies.
        path: PathBuf,
    },
    /// The tokenizer failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network could not be laid out.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// Training failed.
    #[error(transparent)]
    Tune(#[from] TuneError),
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}
