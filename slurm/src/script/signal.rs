//! The signal that warns a job before its time is up.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// A signal that a program can catch and take as a request to checkpoint.
///
/// USR1 is left out on purpose: NCCL takes it for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// SIGHUP.
    Hup,
    /// SIGINT.
    Int,
    /// SIGTERM.
    Term,
    /// SIGUSR2.
    Usr2,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Hup => "HUP",
            Self::Int => "INT",
            Self::Term => "TERM",
            Self::Usr2 => "USR2",
        }
    }
}

/// A signal to the batch shell so many seconds before the end: `USR2@120`.
///
/// Slurm sends it up to 60 s early, and only to the batch shell (`B:`), which by then is the
/// program itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WarningSignal {
    /// The signal.
    pub signal: Signal,
    /// How many seconds before the time limit: 0 to 65,535.
    pub seconds: u16,
}

impl WarningSignal {
    /// What a person may write.
    pub const EXPECTED: &str = "a signal (HUP, INT, TERM or USR2) and seconds before the end (0 to 65535), \
         such as \"USR2@120\"";

    /// The value of `--signal`.
    pub(crate) fn option_value(self) -> String {
        format!("B:{self}")
    }
}

impl FromStr for WarningSignal {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || ValueError::new(text, Self::EXPECTED);
        let bare = text.strip_prefix("B:").unwrap_or(text);
        let (name, seconds) = bare.split_once('@').ok_or_else(failure)?;
        let signal = [Signal::Hup, Signal::Int, Signal::Term, Signal::Usr2]
            .into_iter()
            .find(|signal| name.trim_start_matches("SIG") == signal.name())
            .ok_or_else(failure)?;
        Ok(Self { signal, seconds: seconds.parse().map_err(|_| failure())? })
    }
}

impl fmt::Display for WarningSignal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.signal.name(), self.seconds)
    }
}

serde_as_text!(WarningSignal);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_read_and_sent_to_the_batch_shell() {
        let warning: WarningSignal = "B:SIGUSR2@120".parse().unwrap();
        assert_eq!(warning.to_string(), "USR2@120");
        assert_eq!(warning.option_value(), "B:USR2@120");
        for wrong in ["USR1@60", "USR2", "USR2@", "USR2@70000", "@60", "KILL@60"] {
            assert!(wrong.parse::<WarningSignal>().is_err(), "{wrong}");
        }
    }
}
