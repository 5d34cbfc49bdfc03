//! How a rank ends, and which of several ends explains the others.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::str::FromStr;

use signal_hook::low_level;
use spec::ExitCode;

/// How a rank ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself.
    Exit(ExitCode),
    /// By this signal.
    Signal(i32),
}

impl End {
    /// The end of a process. A code that the trainer does not know is one of its bugs.
    pub fn of(status: ExitStatus) -> Self {
        match status.signal() {
            Some(signal) => Self::Signal(signal),
            None => Self::Exit(status.code().and_then(ExitCode::from_code).unwrap_or(ExitCode::Bug)),
        }
    }

    /// Whether the run cannot go on.
    pub fn is_failure(self) -> bool {
        self.weight() > 0
    }

    /// How much an end explains; 0 for a good one. A rank that was killed could not say anything, and one that only
    /// lost another says "not available".
    fn weight(self) -> u32 {
        match self {
            Self::Exit(ExitCode::Done | ExitCode::Resume | ExitCode::Diverged) => 0,
            Self::Exit(ExitCode::Unavailable) => 1,
            Self::Exit(_) => 2,
            Self::Signal(_) => 3,
        }
    }

    /// Ends this process in the same way, so that whoever watches it sees what happened to the rank.
    pub fn follow(self) -> ExitCode {
        match self {
            Self::Exit(code) => code,
            Self::Signal(signal) => {
                // Those that this process listens to must end it all the same; nobody can listen to SIGKILL.
                let _ = low_level::emulate_default_handler(signal);
                let _ = low_level::raise(signal);
                ExitCode::Bug
            }
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exit(code) => write!(formatter, "exit code {}", code.code()),
            Self::Signal(signal) => write!(formatter, "signal {signal}"),
        }
    }
}

impl FromStr for End {
    type Err = ();

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, ()> {
        let number = |what: &str| text.trim().strip_prefix(what)?.parse::<i32>().ok();
        let exit = || number("exit code ").and_then(ExitCode::from_code).map(Self::Exit);
        number("signal ").map(Self::Signal).or_else(exit).ok_or(())
    }
}

/// The failure that the others follow from, by rank.
pub fn first_failure(ends: &[Option<End>]) -> Option<(usize, End)> {
    let failures = ends.iter().enumerate().filter_map(|(rank, end)| Some((rank, (*end)?)));
    failures.filter(|(_, end)| end.is_failure()).max_by_key(|(rank, end)| (end.weight(), usize::MAX - rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failure_that_explains_the_others_is_the_runs() {
        let code = |code: i32| Some(End::of(ExitStatus::from_raw(code << 8)));
        let killed = Some(End::of(ExitStatus::from_raw(9)));
        let first = |ends: &[Option<End>]| first_failure(ends).map(|(rank, _)| rank);
        assert_eq!(first(&[code(0), code(75), code(76), None]), None);
        // Rank 2 was killed, the others noticed.
        assert_eq!(first(&[code(69), code(69), killed, None]), Some(2));
        assert_eq!(first(&[code(69), code(73)]), Some(1));
        assert_eq!(first(&[None, code(69), code(69)]), Some(1));
        for end in [End::Signal(6), End::Exit(ExitCode::Resume)] {
            assert_eq!(end.to_string().parse(), Ok(end));
        }
        // A code that is none of ours.
        assert_eq!(code(99), Some(End::Exit(ExitCode::Bug)));
    }
}
