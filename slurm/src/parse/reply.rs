//! What a command left behind, and why it may be no answer.

/// The end of a command: its exit code and everything that it printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    /// The command's name, for messages.
    pub command: &'static str,
    /// The exit code; `None` if it was killed, timed out or its connection broke.
    pub exit: Option<i32>,
    /// Standard output.
    pub stdout: &'a str,
    /// Standard error.
    pub stderr: &'a str,
}

/// Marks, in lower case, of a cluster without accounts: as sacct says it, and as sacctmgr does.
const ACCOUNTING_OFF: [&str; 2] =
    ["accounting storage is disabled", "not running a supported accounting_storage plugin"];

/// A query without an answer. None of these says anything about any job, except
/// [`QueryError::UnknownJob`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The command did not end well: the controller is away, the connection broke.
    #[error("{command} failed ({}): {}", exit_in_words(*exit), last_line(stderr))]
    Failed {
        /// The command.
        command: &'static str,
        /// Its exit code, if it ended by itself.
        exit: Option<i32>,
        /// What it said on standard error.
        stderr: String,
    },
    /// The controller has no job of that number, or has forgotten it.
    #[error("{command} knows no such job")]
    UnknownJob {
        /// The command.
        command: &'static str,
    },
    /// The cluster keeps no accounts.
    #[error("{command} cannot answer: the cluster has no accounting database")]
    AccountingOff {
        /// The command.
        command: &'static str,
    },
    /// The command ended well, but the mark that proves an answer is not there.
    #[error("{command} printed no answer: {expected:?} is missing")]
    NoAnswer {
        /// The command.
        command: &'static str,
        /// What an answer has.
        expected: &'static str,
    },
    /// The answer ends in the middle.
    #[error("the answer of {command} was cut off after {last:?}")]
    Truncated {
        /// The command.
        command: &'static str,
        /// The last line as far as it came.
        last: String,
    },
    /// A line of the answer has another form.
    #[error("{command} printed {text:?} in line {line}, which is not {expected}")]
    Malformed {
        /// The command.
        command: &'static str,
        /// The line's number in standard output, counted from 1.
        line: usize,
        /// The field or the whole line.
        text: String,
        /// What should have stood there.
        expected: &'static str,
    },
}

fn exit_in_words(exit: Option<i32>) -> String {
    exit.map_or_else(|| "no exit code".to_owned(), |code| format!("exit code {code}"))
}

fn last_line(text: &str) -> &str {
    let mut lines = text.lines().rev().map(str::trim);
    lines.find(|line| !line.is_empty()).unwrap_or("it said nothing")
}

impl<'a> Reply<'a> {
    /// Standard output, if the command ended well.
    pub(super) fn answer(&self) -> Result<&'a str, QueryError> {
        let command = self.command;
        if self.exit == Some(0) {
            return Ok(self.stdout);
        }
        let stderr = self.stderr.to_ascii_lowercase();
        if self.exit.is_some() && stderr.contains("invalid job id specified") {
            return Err(QueryError::UnknownJob { command });
        }
        if self.exit.is_some() && ACCOUNTING_OFF.iter().any(|mark| stderr.contains(mark)) {
            return Err(QueryError::AccountingOff { command });
        }
        Err(self.failed())
    }

    /// The error for a command that did not come to an answer.
    pub(super) fn failed(&self) -> QueryError {
        QueryError::Failed { command: self.command, exit: self.exit, stderr: self.stderr.trim().to_owned() }
    }

    /// The error for an answer that ends in the middle.
    pub(super) fn truncated(&self) -> QueryError {
        let last = self.stdout.lines().next_back().unwrap_or_default().to_owned();
        QueryError::Truncated { command: self.command, last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(exit: Option<i32>, stderr: &str) -> QueryError {
        Reply { command: "squeue", exit, stdout: "", stderr }.answer().unwrap_err()
    }

    #[test]
    fn failures_are_told_apart() {
        let unknown = error(Some(1), "slurm_load_jobs error: Invalid job id specified\n");
        assert_eq!(unknown, QueryError::UnknownJob { command: "squeue" });
        let off = error(Some(1), "Slurm accounting storage is disabled\n");
        assert_eq!(off, QueryError::AccountingOff { command: "squeue" });
        let none = error(
            Some(1),
            "You are not running a supported accounting_storage plugin\n\
             Only 'accounting_storage/slurmdbd' is supported.\n",
        );
        assert_eq!(none, off);
        let timeout = error(Some(1), "slurm_load_jobs error: Socket timed out on send/recv operation\n\n");
        assert_eq!(
            timeout.to_string(),
            "squeue failed (exit code 1): \
             slurm_load_jobs error: Socket timed out on send/recv operation"
        );
        let killed = error(None, "");
        assert_eq!(killed.to_string(), "squeue failed (no exit code): it said nothing");
    }

    #[test]
    fn a_broken_connection_proves_nothing() {
        let error = error(None, "Invalid job id specified");
        assert!(matches!(error, QueryError::Failed { .. }));
    }
}
