//! The test of Fligner and Killeen for equal spread.

use super::bartlett::EqualSpread;
use crate::statistics::describe::{mean, median};
use crate::statistics::distributions::{chi_squared, normal};
use crate::statistics::ranks::{decimal, midranks};
use crate::statistics::refusal::Refusal;

/// Tests whether groups vary as much as each other by the ranks of |x - median|, with x - median taken in decimals so
/// that distances that are equal on paper tie: [`by_distances`] of those.
///
/// Of the usual tests of spread it is the least disturbed by values that are not normal. Approximate, with little power
/// for a handful of values.
///
/// Source: Fligner and Killeen (1976), JASA 71; Conover, Johnson and Johnson (1981), Technometrics 23 (from the
/// median).
///
/// # Errors
/// A [`Refusal`] for fewer than two groups, one with fewer than two values or one that is not finite, and groups whose
/// distances are all equal.
pub fn fligner_killeen<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<EqualSpread, Refusal> {
    Refusal::unless_groups(groups, 2)?;
    let distances = |group: &Group| -> Vec<f64> {
        let values = group.as_ref();
        let middle = median(values).unwrap_or_default();
        values.iter().map(|value| decimal::difference(*value, middle).abs()).collect()
    };
    by_distances(&groups.iter().map(distances).collect::<Vec<_>>())
}

/// The same from distances that are there already.
///
/// Their ranks rᵢ among all N become scores Φ⁻¹(1/2 + rᵢ / (2 (N + 1))); with the mean score of each group āⱼ, that of
/// all ā and their variance V (divisor N - 1), χ² = Σ nⱼ (āⱼ - ā)² / V.
///
/// # Errors
/// A [`Refusal`] for fewer than two groups, an empty one, a distance that is not finite, and distances that are all
/// equal.
pub fn by_distances<Group: AsRef<[f64]>>(distances: &[Group]) -> Result<EqualSpread, Refusal> {
    Refusal::unless_groups(distances, 1)?;
    let all: Vec<f64> = distances.iter().flat_map(AsRef::as_ref).copied().collect();
    let ranks = midranks::doubled(&all);
    if ranks.iter().all(|rank| *rank == ranks[0]) {
        return Err(Refusal::Identical);
    }
    let room = 4.0 * (all.len() + 1) as f64;
    let score = |rank: &u64| normal::upper_quantile(0.5 - *rank as f64 / room).unwrap_or_default();
    let scores: Vec<f64> = ranks.iter().map(score).collect();
    let centre = mean(&scores).unwrap_or_default();
    let variance = scores.iter().map(|score| (score - centre).powi(2)).sum::<f64>() / (all.len() - 1) as f64;
    let mut rest = scores.as_slice();
    let mut between = 0.0;
    for group in distances {
        let (own, others) = rest.split_at(group.as_ref().len());
        between += own.len() as f64 * (mean(own).unwrap_or_default() - centre).powi(2);
        rest = others;
    }
    let (statistic, df) = (between / variance, (distances.len() - 1) as f64);
    let p = chi_squared::upper_tail(statistic, df).ok_or(Refusal::NoFreedom)?;
    Ok(EqualSpread { chi_squared: statistic, df, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_that_are_equal_on_paper_tie() {
        let groups = [vec![24.1, 25.3, 23.8, 26.0, 24.9], vec![27.2, 26.1, 28.4, 27.7]];
        let whole: Vec<Vec<f64>> =
            groups.iter().map(|group| group.iter().map(|value| (value * 10.0_f64).round()).collect()).collect();
        assert_eq!(fligner_killeen(&groups), fligner_killeen(&whole));
        assert_eq!(fligner_killeen(&[[1.0, 2.0], [3.0, 4.0]]), Err(Refusal::Identical));
    }
}
