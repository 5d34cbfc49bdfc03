//! Time limits.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How long a job may run: a whole number of seconds, at least one, or no limit.
///
/// Read from what Slurm reads (`90` minutes, `90:00`, `1:30:00`, `1-12`, `1-12:00:00`,
/// `UNLIMITED`) and from what people write (`90m`, `2h`, `1d12h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeLimit {
    /// So many seconds. Slurm itself rounds up to minutes.
    Seconds(u32),
    /// As long as the partition allows, without end.
    Unlimited,
}

impl TimeLimit {
    /// What a person may write.
    pub const EXPECTED: &str = "a time limit such as \"90m\", \"2h\", \"1d12h\", \"1-12:00:00\" or \"UNLIMITED\"";

    /// Checks a number of seconds.
    ///
    /// # Errors
    /// The number is 0, which Slurm takes as no limit, or beyond 136 years.
    pub fn from_seconds(seconds: u64) -> Result<Self, ValueError> {
        match u32::try_from(seconds) {
            Ok(seconds) if seconds > 0 => Ok(Self::Seconds(seconds)),
            _ => Err(ValueError::new(&format!("{seconds}s"), Self::EXPECTED)),
        }
    }

    /// The number of seconds, if there is a limit.
    pub fn seconds(self) -> Option<u64> {
        match self {
            Self::Seconds(seconds) => Some(u64::from(seconds)),
            Self::Unlimited => None,
        }
    }
}

impl FromStr for TimeLimit {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("unlimited") || trimmed.eq_ignore_ascii_case("infinite") {
            return Ok(Self::Unlimited);
        }
        parse_clock(trimmed)
            .or_else(|| parse_units(trimmed))
            .and_then(|seconds| Self::from_seconds(seconds).ok())
            .ok_or_else(|| ValueError::new(text, Self::EXPECTED))
    }
}

impl fmt::Display for TimeLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(seconds) = self.seconds() else {
            return formatter.write_str("UNLIMITED");
        };
        if seconds >= DAY {
            write!(formatter, "{}-", seconds / DAY)?;
        }
        let (hours, minutes) = (seconds % DAY / HOUR, seconds % HOUR / MINUTE);
        write!(formatter, "{hours:02}:{minutes:02}:{:02}", seconds % MINUTE)
    }
}

serde_as_text!(TimeLimit);

/// Reads a length of time as Slurm writes and reads it, in seconds; it may be 0.
///
/// Without days the rightmost of two numbers is seconds and a single number is minutes; after
/// `days-` the leftmost is hours: `M`, `M:S`, `H:M:S`, `D-H`, `D-H:M`, `D-H:M:S`. Fractions of a
/// second, which sacct prints for processor time, are dropped.
pub fn parse_clock(text: &str) -> Option<u64> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) && whole.contains(':') => whole,
        Some(_) => return None,
        None => text,
    };
    let (days, clock) = match whole.split_once('-') {
        Some((days, clock)) => (Some(number(days)?), clock),
        None => (None, whole),
    };
    let parts = clock.split(':').map(number).collect::<Option<Vec<u64>>>()?;
    let scales: &[u64] = match (days.is_some(), parts.len()) {
        (false, 1) => &[MINUTE],
        (false, 2) => &[MINUTE, 1],
        (_, 3) => &[HOUR, MINUTE, 1],
        (true, 1) => &[HOUR],
        (true, 2) => &[HOUR, MINUTE],
        _ => return None,
    };
    let start = days.unwrap_or(0).checked_mul(DAY)?;
    parts.iter().zip(scales).try_fold(start, |total, (part, scale)| total.checked_add(part.checked_mul(*scale)?))
}

/// Reads `1d12h`, `90m`, `45s`: numbers with units, the larger unit first.
fn parse_units(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0_u64;
    let mut previous = u64::MAX;
    while !rest.is_empty() {
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let count = number(&rest[..end])?;
        let unit = rest[end..].chars().next()?;
        let scale = match unit {
            'd' => DAY,
            'h' => HOUR,
            'm' => MINUTE,
            's' => 1,
            _ => return None,
        };
        if scale >= previous {
            return None;
        }
        previous = scale;
        total = total.checked_add(count.checked_mul(scale)?)?;
        rest = &rest[end + unit.len_utf8()..];
    }
    Some(total)
}

fn number(text: &str) -> Option<u64> {
    if is_digits(text) { text.parse().ok() } else { None }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_slurm_and_of_people() {
        let cases = [
            ("90", 5_400),
            ("90:30", 5_430),
            ("1:30:00", 5_400),
            ("2-0", 172_800),
            ("1-12", 129_600),
            ("1-12:30", 131_400),
            ("1-12:00:00", 129_600),
            ("2h", 7_200),
            ("90m", 5_400),
            ("1d12h", 129_600),
            ("45s", 45),
        ];
        for (text, seconds) in cases {
            assert_eq!(text.parse(), Ok(TimeLimit::Seconds(seconds)), "{text}");
        }
        assert_eq!("UNLIMITED".parse(), Ok(TimeLimit::Unlimited));
        assert_eq!("infinite".parse(), Ok(TimeLimit::Unlimited));
    }

    #[test]
    fn what_is_no_limit_is_refused() {
        for wrong in ["", "0", "0s", "-1", "2x", "1h1d", "1:2:3:4", "1--2", "h", "+5", "1.5h", "99999999999d", "2é"] {
            assert!(wrong.parse::<TimeLimit>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn fractions_come_only_after_a_clock() {
        assert_eq!(parse_clock("01:02.345"), Some(62));
        assert_eq!(parse_clock("1.5"), None);
        assert_eq!(parse_clock("00:00:00"), Some(0));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(seconds in 1_u32..) {
            let limit = TimeLimit::Seconds(seconds);
            prop_assert_eq!(limit.to_string().parse(), Ok(limit));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = text.parse::<TimeLimit>();
        }
    }
}
