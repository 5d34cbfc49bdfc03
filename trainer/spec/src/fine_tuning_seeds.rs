//! The seeds of fine-tunings, where a person names them one by one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Seeds of fine-tunings, at least one and no two alike: what was tuned twice with one seed would count twice in a
/// mean.
///
/// Written as `0,1,2` on a command line and as a list in records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>", into = "Vec<u64>")]
pub struct FineTuningSeeds(Vec<u64>);

/// Why some text or some numbers are no seeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FineTuningSeedsError {
    /// There is none.
    #[error("at least one seed is needed")]
    None,
    /// Something that stands between commas is no seed.
    #[error("'{0}' is no seed: expected a whole number from 0 to 18446744073709551615")]
    NoSeed(String),
    /// One is named twice.
    #[error("{0} is named twice")]
    Twice(u64),
}

impl FineTuningSeeds {
    /// The seeds 0, 1, 2 … of `number`; of 0, which no setting allows, the seed 0.
    pub fn first(number: u32) -> Self {
        Self((0..u64::from(number.max(1))).collect())
    }

    /// The seeds, in the order in which they were named.
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

impl TryFrom<Vec<u64>> for FineTuningSeeds {
    type Error = FineTuningSeedsError;

    fn try_from(seeds: Vec<u64>) -> Result<Self, Self::Error> {
        let twice = seeds.iter().enumerate().find(|(index, seed)| seeds[..*index].contains(seed));
        match (seeds.is_empty(), twice) {
            (true, _) => Err(FineTuningSeedsError::None),
            (false, Some((_, seed))) => Err(FineTuningSeedsError::Twice(*seed)),
            (false, None) => Ok(Self(seeds)),
        }
    }
}

impl FromStr for FineTuningSeeds {
    type Err = FineTuningSeedsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seed = |text: &str| text.trim().parse().map_err(|_| FineTuningSeedsError::NoSeed(text.to_owned()));
        text.split(',').map(seed).collect::<Result<Vec<u64>, _>>()?.try_into()
    }
}

impl From<FineTuningSeeds> for Vec<u64> {
    fn from(seeds: FineTuningSeeds) -> Self {
        seeds.0
    }
}

impl fmt::Display for FineTuningSeeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<String> = self.0.iter().map(u64::to_string).collect();
        formatter.write_str(&words.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_named_once_each() {
        let seeds: FineTuningSeeds = "3, 0,7".parse().unwrap();
        assert_eq!((seeds.as_slice(), seeds.to_string().as_str()), (&[3, 0, 7][..], "3,0,7"));
        assert_eq!(FineTuningSeeds::first(3).to_string(), "0,1,2");
        let refused = |text: &str| text.parse::<FineTuningSeeds>().unwrap_err().to_string();
        assert_eq!(refused("7,1,7"), "7 is named twice");
        for (text, what) in
            [("-1", "'-1'"), ("", "''"), ("1,,2", "''"), ("18446744073709551616", "'18446744073709551616'")]
        {
            assert!(refused(text).starts_with(&format!("{what} is no seed: expected a whole number")), "{text}");
        }
    }

    #[test]
    fn a_record_with_a_seed_twice_or_none_is_refused() {
        let read = |text: &str| serde_json::from_str::<FineTuningSeeds>(text);
        assert_eq!(serde_json::to_string(&read("[2,1]").unwrap()).unwrap(), "[2,1]");
        assert!(read("[1,1]").unwrap_err().to_string().contains("1 is named twice"));
        assert!(read("[]").unwrap_err().to_string().contains("at least one seed"));
    }
}
