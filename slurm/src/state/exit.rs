//! Exit codes as Slurm writes them.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// An exit code and the signal that ended the process, written `code:signal`: `0:0`, `1:0`, `0:9`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ExitStatus {
    /// What the process returned.
    pub code: u8,
    /// The signal that ended it, or 0.
    pub signal: u8,
}

impl ExitStatus {
    /// What is read.
    pub const EXPECTED: &str = "an exit code and a signal such as \"0:9\"";

    /// True if the process returned 0 and no signal ended it.
    pub fn is_success(self) -> bool {
        self == Self { code: 0, signal: 0 }
    }

    /// The signal that ended the process, also where a shell in between turned it into a code
    /// above 128.
    pub fn signal(self) -> Option<u8> {
        match self {
            Self { signal: 0, code } if (129..=128 + 64).contains(&code) => Some(code - 128),
            Self { signal: 0, .. } => None,
            Self { signal, .. } => Some(signal),
        }
    }
}

impl FromStr for ExitStatus {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse().map_err(|_| ());
        let read = || {
            let (code, signal) = text.split_once(':').ok_or(())?;
            Ok(Self { code: number(code)?, signal: number(signal)? })
        };
        read().map_err(|()| ValueError::new(text, Self::EXPECTED))
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.code, self.signal)
    }
}

serde_as_text!(ExitStatus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signals() {
        let exit: ExitStatus = "1:9".parse().unwrap();
        assert_eq!((exit.code, exit.signal(), exit.to_string().as_str()), (1, Some(9), "1:9"));
        assert_eq!("137:0".parse::<ExitStatus>().unwrap().signal(), Some(9));
        assert_eq!("75:0".parse::<ExitStatus>().unwrap().signal(), None);
        assert!("0:0".parse::<ExitStatus>().unwrap().is_success());
        for wrong in ["", "1", "1:", ":1", "256:0", "a:b", "1:2:3"] {
            assert!(wrong.parse::<ExitStatus>().is_err(), "{wrong:?}");
        }
    }
}
