use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use spec::ExitCode;

use crate::error::CliError;

/// What was tried when a file failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// Reading.
    Read,
    /// Making, writing, renaming or removing.
    Write,
}

impl fmt::Display for Verb {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
        })
    }
}

/// A file that could not be read or written, or whose content is not what it should be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system said no.
    #[error("cannot {verb} {}", path.display())]
    System {
        /// What was tried.
        verb: Verb,
        /// The file or directory.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A record of another version of Seedbed.
    #[error("{} has schema {found}, and this version of seedbed reads schema {}", path.display(), spec::SCHEMA)]
    Schema {
        /// The record.
        path: PathBuf,
        /// The version that it names.
        found: u64,
    },
    /// Content that does not fit its file.
    #[error("{} is damaged: {reason}", place(path, *line))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },
}

fn place(path: &Path, line: Option<usize>) -> String {
    match line {
        Some(line) => format!("{}:{line}", path.display()),
        None => path.display().to_string(),
    }
}

impl FileError {
    /// The system refused to let `path` be read.
    pub fn read(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::System { verb: Verb::Read, path: path.into(), source }
    }

    /// The system refused to let `path` be written.
    pub fn write(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::System { verb: Verb::Write, path: path.into(), source }
    }

    /// What `path` holds is not what it should, as `reason` says.
    pub fn damaged(path: impl Into<PathBuf>, reason: String) -> Self {
        Self::Damaged { path: path.into(), line: None, reason }
    }

    /// The error and what can be done about it, for where it is told but ends nothing.
    pub fn in_one_line(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}")).unwrap_or_default();
        let advice = self.advice().map(|advice| format!("; {advice}")).unwrap_or_default();
        format!("{self}{cause}{advice}")
    }

    /// The exit code of a command that ends with this error.
    pub fn exit(&self) -> ExitCode {
        match self {
            Self::System { verb: Verb::Write, .. } => ExitCode::CannotWrite,
            _ => ExitCode::BadData,
        }
    }

    /// Whether the file is there and can be read, but holds what it should not, today and tomorrow. That of another
    /// version is no such file: all of a sweep is another version's then.
    pub fn is_of_content(&self) -> bool {
        match self {
            Self::System { verb, source, .. } => *verb == Verb::Read && is_of_content(source.kind()),
            Self::Schema { .. } => false,
            Self::Damaged { .. } => true,
        }
    }

    /// What can be done about it.
    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::System { path, source, .. } => match source.kind() {
                kind if kind == ErrorKind::NotFound || is_of_content(kind) => of_sweep(path),
                ErrorKind::PermissionDenied => {
                    Some("ask for permission to the directory, or choose another with --root")
                }
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    Some("free some space; nothing that was complete is lost, and the same command goes on")
                }
                ErrorKind::ReadOnlyFilesystem => Some("choose a directory that can be written with --root"),
                _ => None,
            },
            Self::Schema { .. } => Some("use the version of seedbed that wrote it, or move the directory away"),
            Self::Damaged { path, .. } => of_sweep(path),
        }
    }
}

/// Whether the system says so of a file that is there and is not what it should be.
fn is_of_content(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::InvalidData | ErrorKind::IsADirectory | ErrorKind::NotADirectory)
}

/// What can be done about a file of a sweep that is gone or damaged.
fn of_sweep(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().and_then(Path::file_name);
    match name {
        "ledger.jsonl" | "plan.json" => {
            Some("move it away: `seedbed submit` or `seedbed run` makes it anew, and finds again what is with Slurm")
        }
        "status.json" => Some("move it away: the run then goes on from its last checkpoint, or is carried out again"),
        "claim.json" => {
            Some("once no process carries out the run, move it away: the run then goes on from its last checkpoint")
        }
        "facts.json" | "run.json" => Some("move it away: it is written again when the run is started again"),
        _ if folder.is_some_and(|folder| folder == "arrays") => {
            Some("`seedbed reconcile --abandon` ends the job and lets its runs be submitted again")
        }
        _ => None,
    }
}

impl From<FileError> for CliError {
    fn from(error: FileError) -> Self {
        let advice = error.advice();
        let cli = CliError::new(error.exit(), error);
        match advice {
            Some(advice) => cli.hint(advice),
            None => cli,
        }
    }
}
