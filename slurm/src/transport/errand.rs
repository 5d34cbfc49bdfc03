use std::fmt;
use std::io;
use std::time::Duration;

use super::ssh::SshError;
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

/// What a command left behind, as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    /// The exit code; `None` if it was killed, took too long, or its end was not seen.
    pub exit: Option<i32>,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

/// What a command left behind, as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The exit code; `None` if it was killed, took too long, or its end was not seen.
    pub exit: Option<i32>,
    /// Standard output; what is not UTF-8 is replaced.
    pub stdout: String,
    /// Standard error; what is not UTF-8 is replaced.
    pub stderr: String,
}

impl From<Remains> for Output {
    fn from(remains: Remains) -> Self {
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        };
        Self { exit: remains.exit, stdout: text(remains.stdout), stderr: text(remains.stderr) }
    }
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
    /// The machine where Slurm is cannot be reached, or the connection broke before the command could start.
    #[error("{host} cannot be reached over ssh")]
    Unreachable {
        /// The machine, as it was named.
        host: String,
        /// Why not.
        #[source]
        source: SshError,
    },
}

/// A place where commands of Slurm can be run.
pub trait Transport: fmt::Debug {
    /// Carries out an errand.
    ///
    /// # Errors
    /// The command was not started. Anything else that goes wrong leaves [`Remains`] without an exit code.
    fn carry_out(&self, errand: &Errand) -> Result<Remains, TransportError>;

    /// Carries out an errand whose output is text.
    ///
    /// # Errors
    /// As [`Transport::carry_out`].
    fn run(&self, errand: &Errand) -> Result<Output, TransportError> {
        self.carry_out(errand).map(Output::from)
    }

    /// The place in words that follow a verb: `on this machine`.
    fn place(&self) -> String;
}
