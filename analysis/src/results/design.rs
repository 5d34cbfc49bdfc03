//! Factors, points of the design, seeds.

use std::fmt;

use serde::{Serialize, Serializer};

/// A factor and its levels as text, in the order in which they are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Factor {
    /// The name: `activation`.
    pub name: String,
    /// The levels, each once.
    pub levels: Vec<String>,
}

/// A point of the design: for every factor the index of its level.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point(Vec<usize>);

impl Point {
    /// The point with these levels, one index a factor.
    pub fn new(levels: Vec<usize>) -> Self {
        Self(levels)
    }

    /// The index of the level of `factor`.
    pub fn level(&self, factor: usize) -> usize {
        self.0[factor]
    }

    /// The levels of some factors only.
    pub fn project(&self, factors: &[usize]) -> Vec<usize> {
        factors.iter().map(|factor| self.0[*factor]).collect()
    }
}

/// The label by which runs are paired.
///
/// Whole numbers sort as numbers, before everything else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Seed {
    /// A whole number.
    Number(u64),
    /// Any other label: `fold-3`.
    Name(String),
}

impl Seed {
    /// The seed that `text` means: `1`, `01` and `1.0` mean the same one.
    pub fn from_text(text: &str) -> Self {
        let whole = text.split_once('.').map_or(text, |(whole, fraction)| {
            if !fraction.is_empty() && fraction.bytes().all(|digit| digit == b'0') { whole } else { text }
        });
        let digits = whole.strip_prefix('+').unwrap_or(whole);
        if digits.bytes().all(|digit| digit.is_ascii_digit())
            && let Ok(number) = digits.parse()
        {
            return Self::Number(number);
        }
        Self::Name(text.to_owned())
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Name(name) => name.fmt(formatter),
        }
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Sorts level names as a person would: numbers by value, then texts.
pub(crate) fn natural_order(a: &str, b: &str) -> std::cmp::Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => std::cmp::Ordering::Less,
        (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
        (Err(_), Err(_)) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_one_seed() {
        for text in ["7", "07", "7.0", "+7", "7.000"] {
            assert_eq!(Seed::from_text(text), Seed::Number(7), "{text}");
        }
        for text in ["7.5", "-7", "fold-3", "7.", "1e3", ""] {
            assert_eq!(Seed::from_text(text), Seed::Name(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn levels_sort_as_numbers_where_they_are_numbers() {
        let mut levels = ["10", "gelu", "9", "1e-3"];
        levels.sort_by(|a, b| natural_order(a, b));
        assert_eq!(levels, ["1e-3", "9", "10", "gelu"]);
    }
}
