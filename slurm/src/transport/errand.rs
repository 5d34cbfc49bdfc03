use std::fmt;
use std::io;
use std::time::Duration;

use crate::parse::Reply;

/// A command to be run where Slurm is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// The program, found on the `PATH` of that place.
    pub program: &'static str,
    /// Its arguments, each passed as it is.
    pub arguments: Vec<String>,
    /// What it reads on its standard input.
    pub input: String,
    /// How long it may take. Slurm's own clients give up after `MessageTimeout`, 10 s or more; less patience than that
    /// turns answers into riddles.
    pub patience: Duration,
}

/// What a command left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The exit code; `None` if it was killed, took too long, or its end was not seen.
    pub exit: Option<i32>,
    /// Standard output; what is not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error; what is not UTF-8 is replaced.
    pub stderr: String,
}

impl Output {
    /// The output as what `command` answered.
    pub fn reply(&self, command: &'static str) -> Reply<'_> {
        Reply { command, exit: self.exit, stdout: &self.stdout, stderr: &self.stderr }
    }
}

/// Why a command was not started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// There is no such program.
    #[error("{program} is not installed {place}")]
    NotInstalled {
        /// The program.
        program: &'static str,
        /// Where it was looked for.
        place: String,
    },
    /// The program is there and cannot be started.
    #[error("cannot start {program} {place}")]
    Start {
        /// The program.
        program: &'static str,
        /// Where.
        place: String,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A place where commands of Slurm can be run.
pub trait Transport: fmt::Debug {
    /// Carries out an errand.
    ///
    /// # Errors
    /// The command was not started. Anything else that goes wrong is an [`Output`] without an exit code.
    fn run(&self, errand: &Errand) -> Result<Output, TransportError>;

    /// The place in words that follow a verb: `on this machine`.
    fn place(&self) -> String;
}
