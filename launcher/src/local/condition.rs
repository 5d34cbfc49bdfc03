//! A condition of the command line on runs: which levels, or which seeds.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;

use spec::Value;
use spec::plan::Factor;
use spec::setting::{self, closest};

/// A condition of the command line: `activation=gelu` or `activation=gelu,relu`, also `seed=0,1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    factor: String,
    levels: Vec<String>,
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((factor, levels)) if !factor.is_empty() => Ok(Self {
                factor: factor.trim().to_owned(),
                levels: levels.split(',').map(|level| level.trim().to_owned()).collect(),
            }),
            _ => Err("expected FACTOR=LEVEL or FACTOR=LEVEL,LEVEL".to_owned()),
        }
    }
}

/// A condition that the sweep cannot answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelectError {
    /// There is no such factor.
    #[error("the sweep has no factor `{name}`; it has {known}{}", suggestion(nearest.as_deref()))]
    Factor {
        /// The name as written.
        name: String,
        /// The factors that there are.
        known: String,
        /// The one that may be meant.
        nearest: Option<String>,
    },
    /// Every level is there, but no run has all of them.
    #[error("no run of the sweep has all of these levels")]
    Nothing,
    /// The factor has no such level.
    #[error("`{factor}` has no level `{level}`; it has {known}{}{}", suggestion(nearest.as_deref()), several(level))]
    Level {
        /// The factor.
        factor: String,
        /// The level as written.
        level: String,
        /// The levels that there are.
        known: String,
        /// The one that may be meant.
        nearest: Option<String>,
    },
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default()
}

fn several(level: &str) -> String {
    if level.contains('=') {
        format!("; another condition is given by another --where: --where {level}")
    } else {
        String::new()
    }
}

impl Condition {
    /// Whether the run with this seed and these levels is meant.
    pub fn holds(&self, seed: u64, levels: &BTreeMap<String, Value>) -> bool {
        let level = if self.factor == "seed" {
            Some(seed.to_string())
        } else {
            levels.iter().find(|(name, _)| means(&self.factor, name)).map(|(_, level)| level.to_string())
        };
        level.is_some_and(|level| !self.places_of(&level).is_empty())
    }

    /// Where among what was written a level stands: once as itself, or, with commas of its own, as several in a row.
    fn places_of(&self, level: &str) -> Vec<Range<usize>> {
        let pieces: Vec<&str> = level.split(',').map(str::trim).collect();
        let is_level = |wanted: &[String]| wanted == pieces || matches!(wanted, [wanted] if same(wanted, level));
        let starts = 0..(self.levels.len() + 1).saturating_sub(pieces.len());
        starts.map(|start| start..start + pieces.len()).filter(|place| is_level(&self.levels[place.clone()])).collect()
    }

    /// Checks that the sweep can answer: the factor and its levels are there.
    ///
    /// # Errors
    /// [`SelectError`].
    pub fn check(&self, factors: &[Factor], seeds: &[u64]) -> Result<(), SelectError> {
        let known: Vec<String> = if self.factor == "seed" {
            // A plan has a seed for every run.
            seeds.iter().collect::<BTreeSet<_>>().into_iter().map(u64::to_string).collect()
        } else {
            factor(&self.factor, factors)?.levels.iter().map(Value::to_string).collect()
        };
        let mut is_known = vec![false; self.levels.len()];
        for place in known.iter().flat_map(|level| self.places_of(level)) {
            is_known[place].fill(true);
        }
        match self.levels.iter().zip(is_known).find(|(_, is_known)| !is_known) {
            None => Ok(()),
            Some((level, _)) => Err(SelectError::Level {
                factor: self.factor.clone(),
                level: level.clone(),
                nearest: closest(level, known.iter().map(String::as_str)).map(str::to_owned),
                known: known.join(", "),
            }),
        }
    }
}

/// The factor among `factors` that a person calls `name`.
///
/// # Errors
/// There is none; the nearest name is said.
pub fn factor<'a>(name: &str, factors: &'a [Factor]) -> Result<&'a Factor, SelectError> {
    factors.iter().find(|factor| means(name, &factor.name)).ok_or_else(|| {
        let names: Vec<&str> = factors.iter().map(|factor| factor.name.as_str()).chain(["seed"]).collect();
        SelectError::Factor {
            name: name.to_owned(),
            nearest: closest(name, names.iter().copied()).map(str::to_owned),
            known: names.join(", "),
        }
    })
}

/// Whether `wanted` means the factor called `name`: `architecture` and `model.architecture` are one.
fn means(wanted: &str, name: &str) -> bool {
    let setting = |name| setting::find(name).map(|setting| setting.key);
    name == wanted || setting(name).is_some_and(|key| setting(wanted) == Some(key))
}

/// Whether two spellings are one level: `1e-3` and `0.001` are.
fn same(wanted: &str, level: &str) -> bool {
    wanted == level
        || matches!((wanted.parse::<f64>(), level.parse::<f64>()), (Ok(one), Ok(other)) if one.total_cmp(&other).is_eq())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors() -> Vec<Factor> {
        vec![
            Factor { name: "activation".to_owned(), levels: vec![Value::from("relu"), Value::from("gelu")] },
            Factor { name: "train.learning-rate".to_owned(), levels: vec![Value::Float(1e-3)] },
        ]
    }

    fn check(text: &str) -> Result<(), String> {
        let condition: Condition = text.parse()?;
        condition.check(&factors(), &[0, 1]).map_err(|error| error.to_string())
    }

    #[test]
    fn conditions_are_checked_against_the_sweep() {
        assert_eq!(check("activation=gelu,relu"), Ok(()));
        assert_eq!(check("train.learning-rate=1e-3"), Ok(()));
        assert_eq!(check("seed=1"), Ok(()));
        assert_eq!(check("model.activation=relu"), Ok(()));
        let unknown = "the sweep has no factor `activaton`; it has activation, train.learning-rate, seed (did you mean `activation`?)";
        assert_eq!(check("activaton=gelu").unwrap_err(), unknown);
        let unknown = "`activation` has no level `geglu`; it has relu, gelu (did you mean `gelu`?)";
        assert_eq!(check("activation=geglu").unwrap_err(), unknown);
        let unknown = "`seed` has no level `7`; it has 0, 1";
        let condition: Condition = "seed=7".parse().unwrap();
        assert_eq!(condition.check(&factors(), &[0, 0, 1, 1]).unwrap_err().to_string(), unknown);
        assert!(check("activation").unwrap_err().starts_with("expected FACTOR=LEVEL"));
    }

    #[test]
    fn a_level_may_be_empty_and_have_commas_and_equals_signs() {
        let levels = ["", "a, b", "c", "d=1"].map(Value::from);
        let factors = [Factor { name: "act".to_owned(), levels: levels.to_vec() }];
        let chosen = |text: &str| {
            let condition: Condition = text.parse().unwrap();
            condition.check(&factors, &[0]).map_err(|error| error.to_string())?;
            let holds = |level: &&Value| condition.holds(0, &BTreeMap::from([("act".to_owned(), (*level).clone())]));
            Ok::<_, String>(levels.iter().filter(holds).map(ToString::to_string).collect::<Vec<_>>())
        };
        assert_eq!(chosen("act=").unwrap(), [""]);
        assert_eq!(chosen("act=a, b").unwrap(), ["a, b"]);
        assert_eq!(chosen("act=c,a,b,d=1").unwrap(), ["a, b", "c", "d=1"]);
        assert_eq!(chosen("act=c,").unwrap(), ["", "c"]);
        assert!(chosen("act=a").unwrap_err().starts_with("`act` has no level `a`"));
        assert!(chosen("act=b,a").unwrap_err().starts_with("`act` has no level `b`"));
    }
}
