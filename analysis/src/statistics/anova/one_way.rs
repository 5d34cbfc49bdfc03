//! The one-way analysis of variance.

use serde::Serialize;

use crate::statistics::describe::mean;
use crate::statistics::distributions::f;
use crate::statistics::estimate::is_rounding;
use crate::statistics::refusal::Refusal;

/// What the means of several groups say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OneWay {
    /// Sum of squares between the groups and within them.
    pub sums: [f64; 2],
    /// Their degrees of freedom, k - 1 and N - k.
    pub df: [f64; 2],
    /// The ratio of their mean squares.
    pub f: f64,
    /// p value against equal means.
    pub p: f64,
    /// η² = between / (between + within), the share of the spread of these values that lies between the groups.
    pub eta_squared: f64,
    /// ω² = (between - (k - 1) MS) / (total + MS), with MS the mean square within: the share in the population,
    /// estimated with less bias; may be below 0.
    pub omega_squared: f64,
}

impl OneWay {
    /// The mean square within the groups, s².
    pub fn mean_square(&self) -> f64 {
        self.sums[1] / self.df[1]
    }
}

/// Tests whether several independent groups have one mean.
///
/// F = (Σ nᵢ (x̄ᵢ - x̄)² / (k - 1)) / (Σ Σ (x - x̄ᵢ)² / (N - k)).
///
/// Assumes independent, roughly normal values and one variance: where that is in doubt, see [`super::welch`]. Not for
/// runs that share their seeds, whose common part it counts as error.
///
/// Source: Fisher (1925), Statistical Methods for Research Workers; Hays (1963) (ω²).
///
/// # Errors
/// A [`Refusal`] for fewer than two groups, an empty one, a value that is not finite, one value a group, and groups
/// without any spread within, whether equal or not.
pub fn one_way<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<OneWay, Refusal> {
    Refusal::unless_groups(groups, 1)?;
    let all: Vec<f64> = groups.iter().flat_map(AsRef::as_ref).copied().collect();
    let df = [(groups.len() - 1) as f64, (all.len() - groups.len()) as f64];
    let centre = mean(&all).unwrap_or_default();
    let (mut between, mut within) = (0.0, 0.0);
    let mut widest = 0.0_f64;
    for group in groups {
        let values = group.as_ref();
        let own = mean(values).unwrap_or_default();
        between += values.len() as f64 * (own - centre).powi(2);
        within += values.iter().map(|value| (value - own).powi(2)).sum::<f64>();
        widest = values.iter().fold(widest, |widest, value| widest.max((value - own).abs()));
    }
    let largest = all.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if df[1] < 1.0 {
        return Err(Refusal::NoFreedom);
    }
    if is_rounding(widest, largest) {
        let identical = is_rounding((between / all.len() as f64).sqrt(), largest);
        return Err(if identical { Refusal::Identical } else { Refusal::NoSpread });
    }
    let square = within / df[1];
    let statistic = between / df[0] / square;
    Ok(OneWay {
        sums: [between, within],
        df,
        f: statistic,
        p: f::upper_tail(statistic, df[0], df[1]).ok_or(Refusal::NoFreedom)?,
        eta_squared: between / (between + within),
        omega_squared: (between - df[0] * square) / (between + within + square),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::location::pooled::pooled_t;

    #[test]
    fn two_groups_are_students_test() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let found = one_way(&[&x[..], &y[..]]).unwrap();
        let test = *pooled_t(&x, &y, 0.05).unwrap().test().unwrap();
        assert!((found.f / (test.t * test.t) - 1.0).abs() < 1e-12);
        assert!((found.p / test.p - 1.0).abs() < 1e-12);
    }

    #[test]
    fn edge_cases() {
        // one_group_anova, empty_group, anova_all_const, anova_const_within
        assert_eq!(one_way(&[[1.0, 2.0, 3.0]]), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
        let empty = Refusal::TooFewValues { group: 1, needed: 1, found: 0 };
        assert_eq!(one_way(&[vec![1.0, 2.0], vec![]]), Err(empty));
        assert_eq!(one_way(&[[1.0, 1.0], [1.0, 1.0]]), Err(Refusal::Identical));
        assert_eq!(one_way(&[[1.0, 1.0], [2.0, 2.0]]), Err(Refusal::NoSpread));
        // Constant but for the last digit, as means of decimals are.
        assert_eq!(one_way(&[[0.1 + 0.2, 0.3], [0.4, 0.4]]), Err(Refusal::NoSpread));
        assert_eq!(one_way(&[[1.0], [2.0]]), Err(Refusal::NoFreedom));
        assert_eq!(one_way(&[[1.0, f64::NAN], [2.0, 3.0]]), Err(Refusal::NotFinite { row: 0, place: 1 }));
    }
}
