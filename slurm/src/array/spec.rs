//! The value of `--array`: indices and how many of their tasks may run at once.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use super::{ArrayIndices, IndicesError};
use crate::value::serde_as_text;

/// Indices and a throttle: `0-3,7,9-15:2%16`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ArraySpec {
    /// Which tasks.
    pub indices: ArrayIndices,
    /// How many of them may run at once; all, if there is no throttle.
    pub throttle: Option<NonZeroU32>,
}

impl FromStr for ArraySpec {
    type Err = IndicesError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (indices, throttle) = match text.split_once('%') {
            Some((indices, limit)) => {
                let failure = |_| IndicesError::Throttle { text: limit.to_owned() };
                (indices, Some(limit.parse().map_err(failure)?))
            }
            None => (text, None),
        };
        Ok(Self { indices: indices.parse()?, throttle })
    }
}

impl fmt::Display for ArraySpec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.indices)?;
        match self.throttle {
            Some(throttle) => write!(formatter, "%{throttle}"),
            None => Ok(()),
        }
    }
}

serde_as_text!(ArraySpec);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_follows_the_indices() {
        let spec: ArraySpec = "0-3,7%16".parse().unwrap();
        assert_eq!(spec.throttle, NonZeroU32::new(16));
        assert_eq!(spec.to_string(), "0-3,7%16");
        assert_eq!("4".parse::<ArraySpec>().unwrap().throttle, None);
        for wrong in ["0-3%", "0-3%0", "0-3%x", "%2", "0%1%1"] {
            assert!(wrong.parse::<ArraySpec>().is_err(), "{wrong:?}");
        }
    }
}
