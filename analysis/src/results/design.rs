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
    /// The seed that `text` means: `1`, `01`, `1.0` and `1e0` mean the same one.
    pub fn from_text(text: &str) -> Self {
        // A float holds whole numbers below this one exactly.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let digits = text.strip_prefix('+').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return digits.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Number);
        }
        let whole = text.parse().ok().filter(|number: &f64| number.fract().abs() <= 0.0 && number.abs() < EXACT);
        match whole {
            Some(number) if number >= 0.0 => Self::Number(number as u64),
            Some(number) => Self::Name(format!("{number:.0}")),
            None => Self::Name(text.to_owned()),
        }
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
        for text in ["7", "07", "7.0", "+7", "7.000", "7.", "7e0", "0.7E1"] {
            assert_eq!(Seed::from_text(text), Seed::Number(7), "{text}");
        }
        assert_eq!(Seed::from_text("-7.0"), Seed::Name("-7".to_owned()));
        assert_eq!(Seed::from_text("18446744073709551615"), Seed::Number(u64::MAX));
        for text in ["7.5", "-7", "fold-3", "1e16", "inf", "NaN", "", "+", "18446744073709551616"] {
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
