//! Amounts of memory, and to what they belong.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// An amount of memory in whole mebibytes, at least one: `4096M`, `16G`, `1T`; a bare number is
/// mebibytes, as in Slurm. Kibibytes are rounded up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory(u64);

impl Memory {
    /// What a person may write.
    pub const EXPECTED: &str = "an amount of memory such as \"4096M\" or \"16G\"";

    /// The largest amount: 2^40 mebibytes (an exbibyte), far inside what Slurm stores.
    const MOST: u64 = 1 << 40;

    /// Checks a number of mebibytes.
    ///
    /// # Errors
    /// The number is 0, which Slurm takes as the whole node, or beyond an exbibyte.
    pub fn from_mebibytes(mebibytes: u64) -> Result<Self, ValueError> {
        if (1..=Self::MOST).contains(&mebibytes) {
            Ok(Self(mebibytes))
        } else {
            Err(ValueError::new(&format!("{mebibytes}M"), Self::EXPECTED))
        }
    }

    /// The number of mebibytes.
    pub fn mebibytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Memory {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = || ValueError::new(text, Self::EXPECTED);
        let trimmed = text.trim();
        let end = trimmed.find(|character: char| !character.is_ascii_digit());
        let (digits, unit) = trimmed.split_at(end.unwrap_or(trimmed.len()));
        let count: u64 = digits.parse().map_err(|_| failure())?;
        let mebibytes = match unit.to_ascii_uppercase().as_str() {
            "K" | "KB" | "KIB" => Some(count.div_ceil(1 << 10)),
            "" | "M" | "MB" | "MIB" => Some(count),
            "G" | "GB" | "GIB" => count.checked_mul(1 << 10),
            "T" | "TB" | "TIB" => count.checked_mul(1 << 20),
            _ => None,
        };
        mebibytes.and_then(|mebibytes| Self::from_mebibytes(mebibytes).ok()).ok_or_else(failure)
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1 << 10) {
            write!(formatter, "{}G", self.0 >> 10)
        } else {
            write!(formatter, "{}M", self.0)
        }
    }
}

serde_as_text!(Memory);

/// Memory and what it is counted for: `16G` (the node), `4G/cpu`, `40G/gpu`, or `node` for all
/// that the node has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemoryRequest {
    /// For the whole job on its node.
    PerNode(Memory),
    /// For every processor of the job.
    PerCpu(Memory),
    /// For every GPU of the job.
    PerGpu(Memory),
    /// All memory of the node.
    WholeNode,
}

impl MemoryRequest {
    /// What a person may write.
    pub const EXPECTED: &str = "memory such as \"16G\", \"4G/cpu\", \"40G/gpu\", or \"node\" for all of the node";

    /// The option of sbatch and its value.
    pub fn option(self) -> (&'static str, String) {
        match self {
            Self::PerNode(memory) => ("mem", memory.to_string()),
            Self::PerCpu(memory) => ("mem-per-cpu", memory.to_string()),
            Self::PerGpu(memory) => ("mem-per-gpu", memory.to_string()),
            Self::WholeNode => ("mem", "0".to_owned()),
        }
    }
}

impl FromStr for MemoryRequest {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let failure = |_| ValueError::new(text, Self::EXPECTED);
        match text.trim().split_once('/') {
            None if text.trim() == "node" => Ok(Self::WholeNode),
            None => text.parse().map(Self::PerNode).map_err(failure),
            Some((amount, "node")) => amount.parse().map(Self::PerNode).map_err(failure),
            Some((amount, "cpu")) => amount.parse().map(Self::PerCpu).map_err(failure),
            Some((amount, "gpu")) => amount.parse().map(Self::PerGpu).map_err(failure),
            Some(_) => Err(ValueError::new(text, Self::EXPECTED)),
        }
    }
}

impl fmt::Display for MemoryRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerNode(memory) => write!(formatter, "{memory}"),
            Self::PerCpu(memory) => write!(formatter, "{memory}/cpu"),
            Self::PerGpu(memory) => write!(formatter, "{memory}/gpu"),
            Self::WholeNode => formatter.write_str("node"),
        }
    }
}

serde_as_text!(MemoryRequest);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_binary_and_bare_numbers_are_mebibytes() {
        for (text, mebibytes) in [
            ("4096", 4096),
            ("4096M", 4096),
            ("16G", 16_384),
            ("1T", 1 << 20),
            ("1500K", 2),
            ("2GiB", 2048),
            ("2gb", 2048),
        ] {
            assert_eq!(text.parse::<Memory>().unwrap().mebibytes(), mebibytes, "{text}");
        }
        for wrong in ["", "G", "0", "0G", "1.5G", "-1G", "16X", "16B", "99999999999999T", "16 G x"] {
            assert!(wrong.parse::<Memory>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_request_says_what_it_is_counted_for() {
        let options = ["16G", "4G/cpu", "40G/gpu", "node", "2000M/node"]
            .map(|text| text.parse::<MemoryRequest>().unwrap().option());
        assert_eq!(options[0], ("mem", "16G".to_owned()));
        assert_eq!(options[1], ("mem-per-cpu", "4G".to_owned()));
        assert_eq!(options[2], ("mem-per-gpu", "40G".to_owned()));
        assert_eq!(options[3], ("mem", "0".to_owned()));
        assert_eq!(options[4], ("mem", "2000M".to_owned()));
        assert!("4G/core".parse::<MemoryRequest>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(mebibytes in 1_u64..=1 << 40) {
            let memory = Memory::from_mebibytes(mebibytes).unwrap();
            prop_assert_eq!(memory.to_string().parse(), Ok(memory));
            let request = MemoryRequest::PerGpu(memory);
            prop_assert_eq!(request.to_string().parse(), Ok(request));
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = text.parse::<MemoryRequest>();
        }
    }
}
