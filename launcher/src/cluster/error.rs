use std::path::PathBuf;

use slurm::array::SliceError;
use slurm::client::ClientError;
use slurm::script::ScriptError;
use slurm::transport::TransportError;
use slurm::transport::files::CarryError;
use slurm::transport::ssh::SshError;
use spec::ExitCode;

use super::fence::FenceError;
use super::site::SiteError;
use crate::error::CliError;
use crate::files::FileError;
use crate::writer::WriterError;

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
    /// Nobody can tell whether a submission was given up.
    #[error(transparent)]
    Fence(#[from] FenceError),
    /// Another process acts on the sweep.
    #[error(transparent)]
    Writer(#[from] WriterError),
    /// A file could not be carried there or here.
    #[error(transparent)]
    Carry(#[from] CarryError),
    /// Another process is at it.
    #[error("another process is fetching the files of this sweep: {} is locked", lock.display())]
    Fetching {
        /// What it holds.
        lock: PathBuf,
    },
    /// What was carried is damaged.
    #[error("what came from {place} cannot be read: {said}")]
    Archive {
        /// Where it came from.
        place: String,
        /// What is wrong.
        said: String,
    },
    /// Something that the runs need is not at the site.
    #[error("{path} cannot be read {place}{}", here.as_ref().map(|here| format!(": there {} is looked for", here.display())).unwrap_or_default())]
    NotThere {
        /// The path there.
        path: String,
        /// The path here that it stands for.
        here: Option<PathBuf>,
        /// Where.
        place: String,
    },
    /// A report cannot be written where the sweep's own files are not.
    #[error("--then-report cannot be had at `{site}`, which has a file system of its own")]
    NoReportThere {
        /// The site.
        site: String,
    },
    /// A value cannot stand in a batch script.
    #[error("the batch script cannot be written")]
    Script(#[from] ScriptError),
    /// A path cannot stand in a batch script.
    #[error("{what} cannot stand in a batch script")]
    Path {
        /// Which.
        what: String,
        /// Why not.
        #[source]
        source: slurm::ValueError,
    },
    /// A quantity cannot stand in a batch script.
    #[error("{what} cannot stand in a batch script")]
    Value {
        /// What it is.
        what: String,
        /// Why not.
        #[source]
        source: slurm::ValueError,
    },
    /// What a person wants in place of what the sweep asks for cannot be asked for.
    #[error("{option} x{factor}: {reason}; {instead} can be asked for")]
    Change {
        /// The option.
        option: &'static str,
        /// The factor.
        factor: f64,
        /// Why not.
        reason: String,
        /// What could be named instead.
        instead: &'static str,
    },
    /// `srun`, which spreads a run over nodes, is outside of the site's container.
    #[error("run {run} asks for several nodes (resources.nodes), which a site with a container cannot give it")]
    NodesInContainer {
        /// The run.
        run: spec::RunId,
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
            ClusterError::Fence(error) => error.into(),
            ClusterError::Client(ClientError::Transport(TransportError::NotInstalled { .. })) => {
                Self::new(ExitCode::Unavailable, error)
                    .hint("run it on a login node of the cluster, or use `seedbed run` for this machine alone")
            }
            ClusterError::Client(ClientError::Transport(TransportError::Unreachable { ref source, .. }))
            | ClusterError::Carry(CarryError::Transport(TransportError::Unreachable { ref source, .. })) => {
                let hint = ssh_hint(source);
                Self::new(ExitCode::Unavailable, error).hint(hint)
            }
            ClusterError::Client(_) => {
                Self::new(ExitCode::Unavailable, error).hint("the same command goes on once Slurm answers")
            }
            ClusterError::Carry(_) | ClusterError::Archive { .. } => {
                Self::new(ExitCode::Unavailable, error).hint("the same command goes on where this one stopped")
            }
            ClusterError::Fetching { .. } => {
                Self::new(ExitCode::Busy, error).hint("wait until it has ended, or stop it; what it has fetched stays")
            }
            ClusterError::NotThere { .. } => Self::new(ExitCode::BadData, error).hint(
                "copy it there, or say under [place] in the site's profile where it lies: paths, seedbed, trainer",
            ),
            ClusterError::Site(SiteError::Unknown { .. }) => Self::new(ExitCode::Usage, error)
                .hint("`seedbed site list` shows those that are there, `seedbed site add NAME` makes one"),
            ClusterError::Site(SiteError::Exists { ref file, .. }) => {
                let hint = format!("change {0} by hand, or remove it first", file.display());
                Self::new(ExitCode::CannotWrite, error).hint(hint)
            }
            ClusterError::Site(SiteError::NoDefault { .. }) => {
                Self::new(ExitCode::Usage, error).hint("--partition NAME chooses one")
            }
            ClusterError::Writer(error) => error.into(),
            ClusterError::NodesInContainer { .. } => Self::new(ExitCode::Usage, error)
                .hint("--set resources.nodes=1 keeps a run on one node; a site without a container has several"),
            ClusterError::NoReportThere { .. } => Self::new(ExitCode::Usage, error)
                .hint("`seedbed watch` brings the results here when all is done; `seedbed report` follows"),
            ClusterError::Site(_) | ClusterError::Change { .. } => Self::new(ExitCode::Usage, error),
            ClusterError::Path { .. } => Self::new(ExitCode::BadSpec, error)
                .hint("rename the folder, or name another one for the directories of sweeps with --root"),
            ClusterError::Script(_) | ClusterError::Value { .. } | ClusterError::Slices { .. } => {
                Self::new(ExitCode::BadSpec, error)
            }
        }
    }
}

/// What to do about a connection that does not come about.
pub(super) fn ssh_hint(error: &SshError) -> &'static str {
    match error {
        SshError::UnknownKey { .. } => {
            "compare the fingerprint with the one that the site publishes; `ssh HOST` once in a terminal writes it down"
        }
        SshError::ChangedKey { .. } | SshError::RevokedKey { .. } => {
            "ask the site whether its key was changed; only then remove the old one with `ssh-keygen -R HOST`"
        }
        SshError::Denied { .. } => {
            "`ssh-add` gives the agent a key; for Kerberos, hardware keys and one-time codes set client = \"openssh\" under \
             [ssh] in the site's profile"
        }
        SshError::NoTicket { .. } => {
            "the site takes Kerberos tickets: `klist` shows yours, `kinit` gets one; where you have none, `ssh HOST` in a \
             terminal shows what it wants, and opens a connection that this program uses"
        }
        SshError::Program { .. } => {
            "`ssh HOST` in a terminal shows the same, and opens a connection that this program uses"
        }
        _ => "`seedbed doctor --site NAME` looks at each step; the same command goes on once the connection stands",
    }
}
