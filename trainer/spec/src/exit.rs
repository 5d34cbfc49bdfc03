//! How a program of Seedbed ends: one table for launcher, trainer and supervisor.

/// An exit code with a meaning. Scripts may rely on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything asked for was done.
    Done = 0,
    /// The command ran, but some runs failed or are still missing.
    Incomplete = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A sweep file or run spec is wrong.
    BadSpec = 64,
    /// A corpus, tokenizer, table or record is missing, damaged or too small.
    BadData = 65,
    /// Something that the machine should have is missing: libtorch, a device, the trainer, a Slurm that answers.
    Unavailable = 69,
    /// A bug in Seedbed.
    Bug = 70,
    /// A file cannot be written: no permission, no space.
    CannotWrite = 73,
    /// The run wrote a checkpoint and left because it was asked to: start it again and it goes on.
    Resume = 75,
    /// Training diverged. A scientific result, never retried.
    Diverged = 76,
    /// Somebody else is at work on the same run or sweep.
    Busy = 77,
}

impl ExitCode {
    /// Every code, in order.
    pub const ALL: [Self; 11] = [
        Self::Done,
        Self::Incomplete,
        Self::Usage,
        Self::BadSpec,
        Self::BadData,
        Self::Unavailable,
        Self::Bug,
        Self::CannotWrite,
        Self::Resume,
        Self::Diverged,
        Self::Busy,
    ];

    /// The number that the process returns.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The meaning of a number that a process returned.
    pub fn from_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| i32::from(exit.code()) == code)
    }

    /// One line for help pages and reports.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Incomplete => "some runs failed or are missing",
            Self::Usage => "wrong command line",
            Self::BadSpec => "wrong sweep file or run spec",
            Self::BadData => "missing, damaged or too small data",
            Self::Unavailable => "libtorch, device, trainer or Slurm not available",
            Self::Bug => "a bug in Seedbed",
            Self::CannotWrite => "a file cannot be written",
            Self::Resume => "checkpointed, start again to go on",
            Self::Diverged => "training diverged (a result, not an error)",
            Self::Busy => "the run or sweep is in use by another process",
        }
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(exit: ExitCode) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back() {
        for exit in ExitCode::ALL {
            assert_eq!(ExitCode::from_code(i32::from(exit.code())), Some(exit));
        }
        assert_eq!(ExitCode::from_code(255), None);
    }
}
