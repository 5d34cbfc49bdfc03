//! Levels of one factor that are one function by two names: between them nothing can differ but rounding.

use std::collections::BTreeSet;

use spec::feed_forward::level::SYNONYMS;

use super::design::Point;
use super::factors::Factors;
use super::problem::Problems;

/// Warns of those that `points` have.
pub(super) fn warn(factors: &Factors, points: &[Point], problems: &mut Problems) {
    for (index, factor) in factors.list.iter().enumerate().filter(|(_, one)| one.target.key() == "model.activation") {
        let levels: BTreeSet<usize> = points.iter().map(|point| point.levels[index]).collect();
        let has = |name: &str| levels.iter().any(|level| factor.levels[*level].to_string() == name);
        for (one, other) in SYNONYMS.iter().filter(|(one, other)| has(one) && has(other)) {
            let message = format!("{one} and {other} are one function here: whatever differs between them is rounding");
            problems.warn(&factor.origin, message);
        }
    }
}
