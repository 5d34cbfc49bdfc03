use crate::parse::QueryError;
use crate::transport::TransportError;

/// Why Slurm could not be asked, or would not do as it was told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The command was not started.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The command gave no answer.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The command did not do what it was told, or it is not known whether it did.
    #[error("{command} did not do as told: {said}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What it said.
        said: String,
    },
}

impl ClientError {
    /// Whether the cluster keeps no accounts, so that asking again is of no use.
    pub fn is_accounting_off(&self) -> bool {
        matches!(self, Self::Query(QueryError::AccountingOff { .. }))
    }
}
