//! Durations and amounts of memory as people write them, and the numbers that they stand for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not a quantity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct QuantityError {
    text: String,
    expected: &'static str,
}

/// A length of time in whole seconds, at least one; written `90s`, `45m`, `2h`, `1d12h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Seconds(u64);

impl Seconds {
    /// What a person may write.
    pub const EXPECTED: &str = "a duration such as \"90s\", \"45m\", \"2h\" or \"1d12h\"";

    /// The number of seconds.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Seconds {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || QuantityError { text: text.to_owned(), expected: Self::EXPECTED };
        let mut total = 0_u64;
        let mut number = String::new();
        for character in text.trim().chars() {
            let scale = match character {
                '0'..='9' => {
                    number.push(character);
                    continue;
                }
                's' => 1,
                'm' => 60,
                'h' => 3_600,
                'd' => 86_400,
                _ => return Err(failure()),
            };
            let count: u64 = number.parse().map_err(|_| failure())?;
            number.clear();
            total = count.checked_mul(scale).and_then(|seconds| seconds.checked_add(total)).ok_or_else(failure)?;
        }
        if number.is_empty() && total > 0 { Ok(Self(total)) } else { Err(failure()) }
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        for (scale, unit) in [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")] {
            if rest >= scale {
                write!(formatter, "{}{unit}", rest / scale)?;
                rest %= scale;
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for Seconds {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Seconds> for String {
    fn from(seconds: Seconds) -> Self {
        seconds.to_string()
    }
}

/// An amount of memory in whole mebibytes, at least one; written `512M` or `16G`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mebibytes(u64);

impl Mebibytes {
    /// What a person may write.
    pub const EXPECTED: &str = "an amount of memory such as \"512M\" or \"16G\"";

    /// The number of mebibytes.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for Mebibytes {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || QuantityError { text: text.to_owned(), expected: Self::EXPECTED };
        let text_trimmed = text.trim().trim_end_matches("iB").trim_end_matches('B');
        let scale: u64 = match text_trimmed.chars().last() {
            Some('M') => 1,
            Some('G') => 1024,
            Some('T') => 1024 * 1024,
            _ => return Err(failure()),
        };
        let digits = &text_trimmed[..text_trimmed.len() - 1];
        let count: u64 = digits.trim_end().parse().map_err(|_| failure())?;
        match count.checked_mul(scale) {
            Some(mebibytes) if mebibytes > 0 => Ok(Self(mebibytes)),
            _ => Err(failure()),
        }
    }
}

impl fmt::Display for Mebibytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1024) {
            write!(formatter, "{}G", self.0 / 1024)
        } else {
            write!(formatter, "{}M", self.0)
        }
    }
}

impl TryFrom<String> for Mebibytes {
    type Error = QuantityError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Mebibytes> for String {
    fn from(memory: Mebibytes) -> Self {
        memory.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, seconds, printed) in
            [("90s", 90, "1m30s"), ("45m", 2_700, "45m"), ("1d12h", 129_600, "1d12h"), ("2h", 7_200, "2h")]
        {
            let parsed: Seconds = text.parse().unwrap();
            assert_eq!((parsed.get(), parsed.to_string().as_str()), (seconds, printed));
        }
        for wrong in ["", "0s", "12", "2 hours", "-1h", "h", "99999999999999999999h"] {
            assert!(wrong.parse::<Seconds>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn memory_reads_and_prints() {
        for (text, mebibytes, printed) in [("16G", 16_384, "16G"), ("512M", 512, "512M"), ("2GiB", 2_048, "2G")] {
            let parsed: Mebibytes = text.parse().unwrap();
            assert_eq!((parsed.get(), parsed.to_string().as_str()), (mebibytes, printed));
        }
        for wrong in ["", "16", "G", "0M", "1.5G", "é"] {
            assert!(wrong.parse::<Mebibytes>().is_err(), "{wrong}");
        }
    }
}
