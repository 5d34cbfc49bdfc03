use slurm::array::SliceError;
use slurm::client::ClientError;
use slurm::script::ScriptError;
use slurm::transport::TransportError;
use spec::ExitCode;

use super::site::SiteError;
use crate::error::CliError;
use crate::files::FileError;

/// Why nothing could be done on a cluster.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// Slurm did not answer, or would not do as it was told.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The profile of the site is missing or wrong.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// A record could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// A value cannot stand in a batch script.
    #[error("the batch script cannot be written")]
    Script(#[from] ScriptError),
    /// A path of the sweep or a quantity cannot stand in a batch script.
    #[error("{what} cannot stand in a batch script")]
    Value {
        /// What it is.
        what: String,
        /// Why not.
        #[source]
        source: slurm::ValueError,
    },
    /// The runs cannot be cut into arrays.
    #[error("{count} runs cannot be submitted as arrays")]
    Slices {
        /// How many runs.
        count: usize,
        /// Why not.
        #[source]
        source: SliceError,
    },
}

impl From<TransportError> for ClusterError {
    fn from(error: TransportError) -> Self {
        Self::Client(error.into())
    }
}

impl From<ClusterError> for CliError {
    fn from(error: ClusterError) -> Self {
        match error {
            ClusterError::File(error) => error.into(),
            ClusterError::Client(ClientError::Transport(TransportError::NotInstalled { .. })) => {
                Self::new(ExitCode::Unavailable, error)
                    .hint("run it on a login node of the cluster, or use `seedbed run` for this machine alone")
            }
            ClusterError::Client(_) => {
                Self::new(ExitCode::Unavailable, error).hint("the same command goes on once Slurm answers")
            }
            ClusterError::Site(_) => Self::new(ExitCode::Usage, error),
            ClusterError::Script(_) | ClusterError::Value { .. } | ClusterError::Slices { .. } => {
                Self::new(ExitCode::BadSpec, error)
            }
        }
    }
}
