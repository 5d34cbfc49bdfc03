use std::io;
use std::path::PathBuf;

/// Why a cluster cannot be started or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// A program is missing.
    #[error("{0} is not installed: `cargo verify` installs slurm-wlm, slurmdbd, mariadb-server and munge")]
    NotInstalled(&'static str),
    /// There are no ports for its daemons.
    #[error("no ports for the daemons")]
    NoPorts(#[source] io::Error),
    /// A process could not be started.
    #[error("cannot start {program}")]
    Start {
        /// The program.
        program: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A command ended badly.
    #[error("{command} failed: {said}")]
    Command {
        /// The command.
        command: String,
        /// What it said.
        said: String,
    },
    /// A daemon ended that should have stayed.
    #[error("{program} ended as it started; the logs said:\n{logs}")]
    Ended {
        /// The daemon.
        program: &'static str,
        /// The ends of the logs.
        logs: String,
    },
    /// Something did not come about in time.
    #[error("{what} did not come about in time; the logs said:\n{logs}")]
    Timeout {
        /// What.
        what: String,
        /// The ends of the logs.
        logs: String,
    },
    /// A file could not be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}
