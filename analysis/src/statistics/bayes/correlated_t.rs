//! The Bayesian t test, for seeds or for folds that share data.

use super::shares::Shares;
use crate::statistics::describe::mean;
use crate::statistics::location::corrected::corrected_t;
use crate::statistics::refusal::{Refusal, usable};
use crate::statistics::student;

/// How probable it is that the mean difference lies below, within and above `margin`; `pairs` holds (level, baseline)
/// of the same seed or fold.
///
/// With a flat prior on the mean and on ln of the spread, the mean is d̄ + √(s² (1/n + ρ/(1 - ρ))) · t with t of n - 1
/// degrees of freedom; ρ is the `correlation` of two differences: 0 for independent seeds, 1/k for the k folds of a
/// cross-validation.
///
/// Assumes roughly normal differences. The flat prior makes it the [`corrected_t`] in other words, and with few values
/// no calmer than that.
///
/// Source: Corani and Benavoli (2015), Machine Learning 100.
///
/// # Errors
/// A [`Refusal`] for fewer than two differences or one that is not finite, a margin below 0 or a correlation outside
/// [0, 1), and differences without spread.
pub fn correlated_t(pairs: &[(f64, f64)], correlation: f64, margin: f64) -> Result<Shares, Refusal> {
    let differences: Vec<f64> = pairs.iter().map(|(level, baseline)| level - baseline).collect();
    let found = differences.len();
    if found < 2 {
        return Err(Refusal::TooFewValues { group: 0, needed: 2, found });
    }
    Refusal::unless_all(&[&differences], usable)?;
    if !(0.0..1.0).contains(&correlation) {
        return Err(Refusal::Range { name: "correlation", value: correlation, expected: "a number from 0 to below 1" });
    }
    Refusal::unless_margin(margin)?;
    let centre = mean(&differences).unwrap_or_default();
    let estimate = corrected_t(pairs, correlation / (1.0 - correlation), 0.05).ok_or(Refusal::NoFreedom)?;
    let test = estimate.test().ok_or(Refusal::NoSpread)?;
    let above = |bound: f64| student::upper_tail((bound - centre) / test.standard_error, test.df);
    let above_margin = above(margin).ok_or(Refusal::NoFreedom)?;
    // By symmetry, so that a small share is no difference of large ones.
    let below = student::upper_tail((centre + margin) / test.standard_error, test.df).ok_or(Refusal::NoFreedom)?;
    Ok(Shares { below, within: (1.0 - above_margin - below).max(0.0), above: above_margin })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn against_nothing(values: &[f64]) -> Vec<(f64, f64)> {
        values.iter().map(|value| (*value, 0.0)).collect()
    }

    #[test]
    fn swapping_the_arms_swaps_the_shares() {
        let differences = [0.01, 0.02, 0.005, 0.018];
        let found = correlated_t(&against_nothing(&differences), 0.0, 0.01).unwrap();
        let back = correlated_t(&against_nothing(&differences.map(|d| -d)), 0.0, 0.01).unwrap();
        assert_eq!((found.below.to_bits(), found.above.to_bits()), (back.above.to_bits(), back.below.to_bits()));
    }

    #[test]
    fn what_has_no_answer() {
        let of = |values: &[f64], correlation, margin| correlated_t(&against_nothing(values), correlation, margin);
        assert_eq!(of(&[0.1, 0.1], 0.0, 0.01), Err(Refusal::NoSpread));
        assert_eq!(correlated_t(&[(10.1, 10.0), (20.1, 20.0)], 0.0, 0.01), Err(Refusal::NoSpread));
        assert_eq!(of(&[0.1], 0.0, 0.01), Err(Refusal::TooFewValues { group: 0, needed: 2, found: 1 }));
        assert!(of(&[0.1, 0.2], 1.0, 0.01).is_err() && of(&[0.1, 0.2], 0.0, -0.01).is_err());
        assert_eq!(of(&[0.1, f64::NAN], 0.0, 0.1), Err(Refusal::NotFinite { row: 0, place: 1 }));
    }
}
