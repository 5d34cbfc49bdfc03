use std::io;

use spec::ExitCode;

use crate::error::CliError;
use crate::files::FileError;
use crate::lease::{Holder, LeaseError};

/// Why a run could not be carried out. What went wrong inside the run is no such error: it is in the run's record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SuperviseError {
    /// Another supervisor is at work on the run.
    #[error("the run is held by {0}")]
    Held(Box<Holder>),
    /// Another supervisor took this one for dead. The trainer was killed and nothing was recorded.
    #[error("the claim was taken over while the run was going on")]
    Fenced,
    /// A record could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The built-in trainer is not on this machine.
    #[error("the trainer `seedbed-trainer` was not found")]
    NoTrainer,
    /// A process could not be started or watched.
    #[error("cannot {what}")]
    Process {
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

impl From<LeaseError> for SuperviseError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Held(holder) => Self::Held(holder),
            LeaseError::File(error) => Self::File(error),
        }
    }
}

impl From<SuperviseError> for CliError {
    fn from(error: SuperviseError) -> Self {
        match error {
            SuperviseError::File(error) => error.into(),
            SuperviseError::Held(_) | SuperviseError::Fenced => CliError::new(ExitCode::Busy, error),
            SuperviseError::NoTrainer => CliError::new(ExitCode::Unavailable, error).hint(
                "build it with `cargo build --release -p trainer`, put it beside `seedbed` or on PATH, or name it in \
                 SEEDBED_TRAINER",
            ),
            SuperviseError::Process { .. } => CliError::new(ExitCode::Unavailable, error),
        }
    }
}
