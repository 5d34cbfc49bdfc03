//! A number of processors.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// Processors for the one task of a job: 1 to 65,533, the most that Slurm counts on a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpus(u16);

impl Cpus {
    /// What a person may write.
    pub const EXPECTED: &str = "a number of CPUs from 1 to 65533";

    /// The largest number: Slurm gives the two beyond it another meaning.
    const MOST: u32 = 65_533;

    /// Checks a number.
    ///
    /// # Errors
    /// The number is 0 or too large.
    pub fn new(count: u32) -> Result<Self, ValueError> {
        match u16::try_from(count) {
            Ok(cpus) if (1..=Self::MOST).contains(&count) => Ok(Self(cpus)),
            _ => Err(ValueError::new(&count.to_string(), Self::EXPECTED)),
        }
    }

    /// The number.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }
}

impl FromStr for Cpus {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let count = text.trim().parse().map_err(|_| ValueError::new(text, Self::EXPECTED))?;
        Self::new(count)
    }
}

impl fmt::Display for Cpus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

serde_as_text!(Cpus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_slurm_can_count() {
        assert_eq!("8".parse::<Cpus>().unwrap().get(), 8);
        for wrong in ["0", "65534", "-1", "8.5", "", "eight"] {
            assert!(wrong.parse::<Cpus>().is_err(), "{wrong:?}");
        }
    }
}
