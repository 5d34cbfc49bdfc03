//! Welch's analysis of variance, for groups that differ in spread.

use serde::Serialize;

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::distributions::f;
use crate::statistics::estimate::is_rounding;
use crate::statistics::refusal::Refusal;

/// What the means of several groups of unequal spread say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Welch {
    /// The statistic.
    pub f: f64,
    /// Its degrees of freedom; the second is a fraction.
    pub df: [f64; 2],
    /// p value against equal means.
    pub p: f64,
}

/// Tests whether several independent groups have one mean, whatever their variances.
///
/// With weights wᵢ = nᵢ/sᵢ², their sum w, x̃ = Σ wᵢ x̄ᵢ / w and Λ = 3 Σ (1 - wᵢ/w)² / (nᵢ - 1) / (k² - 1): F = Σ wᵢ
/// (x̄ᵢ - x̃)² / (k - 1) / (1 + 2 (k - 2) Λ / 3), with k - 1 and 1/Λ degrees of freedom.
///
/// Assumes independent, roughly normal values; the degrees of freedom are approximate, and five values a group are few.
/// Not for runs that share their seeds.
///
/// Source: Welch (1951), Biometrika 38.
///
/// # Errors
/// A [`Refusal`] for fewer than two groups, one with fewer than two values or one that is not finite, and a group
/// without spread, whose weight would be infinite.
pub fn welch<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<Welch, Refusal> {
    Refusal::unless_groups(groups, 2)?;
    let mut parts = Vec::with_capacity(groups.len());
    for group in groups {
        let values = group.as_ref();
        let (centre, spread) = (mean(values).unwrap_or_default(), standard_deviation(values).unwrap_or_default());
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        if is_rounding(spread, largest) {
            return Err(Refusal::NoSpread);
        }
        parts.push((values.len() as f64, centre, values.len() as f64 / (spread * spread)));
    }
    let k = groups.len() as f64;
    let total: f64 = parts.iter().map(|(_, _, weight)| weight).sum();
    let centre = parts.iter().map(|(_, mean, weight)| weight * mean).sum::<f64>() / total;
    let between: f64 = parts.iter().map(|(_, mean, weight)| weight * (mean - centre).powi(2)).sum();
    let uneven: f64 = parts.iter().map(|(n, _, weight)| (1.0 - weight / total).powi(2) / (n - 1.0)).sum();
    let lambda = 3.0 * uneven / (k * k - 1.0);
    let df = [k - 1.0, lambda.recip()];
    let statistic = between / (k - 1.0) / (1.0 + 2.0 * (k - 2.0) * lambda / 3.0);
    Ok(Welch { f: statistic, df, p: f::upper_tail(statistic, df[0], df[1]).ok_or(Refusal::NoFreedom)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::welch::welch_t;

    #[test]
    fn two_groups_are_welchs_t_test() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let found = welch(&[&x[..], &y[..]]).unwrap();
        let test = *welch_t(&x, &y, 0.05).unwrap().test().unwrap();
        assert!((found.f / (test.t * test.t) - 1.0).abs() < 1e-12);
        assert!((found.df[1] / test.df - 1.0).abs() < 1e-12 && (found.p / test.p - 1.0).abs() < 1e-10);
    }

    #[test]
    fn a_group_without_spread_has_no_weight() {
        assert_eq!(welch(&[[1.0, 1.0], [2.0, 3.0]]), Err(Refusal::NoSpread));
        assert_eq!(welch(&[vec![1.0], vec![2.0, 3.0]]), Err(Refusal::TooFewValues { group: 0, needed: 2, found: 1 }));
    }
}
