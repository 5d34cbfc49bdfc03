//! The comparison of all pairs of groups that differ in spread, after Games and Howell.

use std::f64::consts::SQRT_2;

use super::contrast::{Contrast, Error};
use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::{is_rounding, satterthwaite};
use crate::statistics::ranks::dunn::every_pair;
use crate::statistics::refusal::Refusal;
use crate::statistics::studentized_range::StudentizedRange;

/// Compares every pair of independent groups, in the order (0, 1), (0, 2) …, each with the variances of its own two
/// groups.
///
/// t and its degrees of freedom are those of Welch's test; p is the tail of the studentized range of all k groups at √2 |t|.
///
/// Assumes independent, roughly normal values. The family-wise error is approximate, somewhat above alpha for groups of
/// fewer than five. Not for runs that share their seeds.
///
/// Source: Games and Howell (1976), Journal of Educational Statistics 1.
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), fewer than two groups, one with fewer than two values or one that is not
/// finite, and two groups that both do not vary.
pub fn games_howell<Group: AsRef<[f64]>>(groups: &[Group], alpha: f64) -> Result<Vec<Contrast>, Refusal> {
    Refusal::unless_level(alpha)?;
    Refusal::unless_groups(groups, 2)?;
    let found = groups.len();
    let range = StudentizedRange::of(found).ok_or(Refusal::TooFewGroups { needed: 2, found })?;
    let parts: Vec<Part> = groups.iter().map(|group| Part::of(group.as_ref())).collect();
    let error = |arms: [usize; 2]| {
        let [one, other] = arms.map(|arm| &parts[arm]);
        let variance = one.variance + other.variance;
        if variance <= 0.0 {
            return Err(Refusal::NoSpread);
        }
        let df = satterthwaite(&[one, other].map(|part| (part.variance, part.df)));
        // Rounding may leave it a little below the smaller of the two.
        Ok(Error { size: variance.sqrt(), df: df.max(1.0) })
    };
    let errors: Vec<Error> = every_pair(found).map(error).collect::<Result<_, Refusal>>()?;
    let lowest = errors.iter().map(|error| error.df).fold(f64::INFINITY, f64::min);
    let highest = errors.iter().map(|error| error.df).fold(1.0, f64::max);
    let critical = range.upper_quantiles(alpha, lowest, highest);
    every_pair(found)
        .zip(errors)
        .map(|(arms, error)| {
            let difference = parts[arms[0]].mean - parts[arms[1]].mean;
            let p = range.upper_tail(SQRT_2 * (difference / error.size).abs(), error.df).ok_or(Refusal::NoFreedom)?;
            Ok(Contrast::of(arms, difference, error, p, critical.at(error.df) / SQRT_2))
        })
        .collect()
}

/// The mean of a group, the variance of that mean, and its degrees of freedom.
struct Part {
    mean: f64,
    variance: f64,
    df: f64,
}

impl Part {
    fn of(values: &[f64]) -> Self {
        let (n, spread) = (values.len() as f64, standard_deviation(values).unwrap_or_default());
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let variance = if is_rounding(spread, largest) { 0.0 } else { spread * spread / n };
        Self { mean: mean(values).unwrap_or_default(), variance, df: n - 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::welch::welch_t;

    #[test]
    fn two_groups_are_welchs_test() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let found = games_howell(&[&x[..], &y[..]], 0.05).unwrap()[0];
        let test = *welch_t(&x, &y, 0.05).unwrap().test().unwrap();
        assert!((found.p / test.p - 1.0).abs() < 1e-10, "{found:?} {test:?}");
        assert!((found.interval.low - test.interval.low).abs() < 1e-9, "{found:?} {test:?}");
    }

    #[test]
    fn one_group_may_be_constant_and_two_may_not() {
        assert!(games_howell(&[[1.0, 1.0], [2.0, 3.0]], 0.05).is_ok());
        assert_eq!(games_howell(&[[0.1 + 0.2, 0.3], [2.0, 2.0]], 0.05), Err(Refusal::NoSpread));
        let few = Refusal::TooFewValues { group: 1, needed: 2, found: 1 };
        assert_eq!(games_howell(&[vec![1.0, 2.0], vec![1.0]], 0.05), Err(few));
    }
}
