//! A number of nodes.

use std::fmt;
use std::str::FromStr;

use crate::value::{ValueError, serde_as_text};

/// Nodes of one job: 1 to 4096. What else the job asks for is for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nodes(u16);

impl Nodes {
    /// What a person may write.
    pub const EXPECTED: &str = "a number of nodes from 1 to 4096";

    /// One.
    pub const ONE: Self = Self(1);

    const MOST: u16 = 4096;

    /// Checks a number.
    ///
    /// # Errors
    /// The number is 0 or too large.
    pub fn new(count: u32) -> Result<Self, ValueError> {
        match u16::try_from(count) {
            Ok(nodes) if (1..=Self::MOST).contains(&nodes) => Ok(Self(nodes)),
            _ => Err(ValueError::new(&count.to_string(), Self::EXPECTED)),
        }
    }

    /// The number.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }

    /// Whether it is one, as of most jobs.
    pub fn is_one(&self) -> bool {
        *self == Self::ONE
    }
}

impl Default for Nodes {
    fn default() -> Self {
        Self::ONE
    }
}

impl FromStr for Nodes {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let count = text.trim().parse().map_err(|_| ValueError::new(text, Self::EXPECTED))?;
        Self::new(count)
    }
}

impl fmt::Display for Nodes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

serde_as_text!(Nodes);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_that_a_cluster_may_have() {
        assert_eq!("4096".parse::<Nodes>().unwrap().get(), 4096);
        for wrong in ["0", "4097", "-1", "1.5", ""] {
            assert!(wrong.parse::<Nodes>().is_err(), "{wrong:?}");
        }
    }
}
