//! Levels of one factor that are one function by two names: between them nothing can differ but rounding.

use spec::feed_forward::level::SYNONYMS;

use super::factors::Factors;
use super::problem::Problems;

/// Warns of them.
pub(super) fn warn(factors: &Factors, problems: &mut Problems) {
    for factor in factors.list.iter().filter(|factor| factor.target.key() == "model.activation") {
        let has = |name: &str| factor.levels.iter().any(|level| level.to_string() == name);
        for (one, other) in SYNONYMS.iter().filter(|(one, other)| has(one) && has(other)) {
            let message = format!("{one} and {other} are one function here: whatever differs between them is rounding");
            problems.warn(&factor.origin, message);
        }
    }
}
