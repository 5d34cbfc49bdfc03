//! Tukey's comparison of all pairs of arms, for groups of any size after Kramer.

use std::f64::consts::SQRT_2;

use super::contrast::{Contrast, Error};
use crate::statistics::anova::one_way::one_way;
use crate::statistics::describe::mean;
use crate::statistics::ranks::dunn::every_pair;
use crate::statistics::refusal::{Refusal, usable};
use crate::statistics::studentized_range::StudentizedRange;

/// Compares every pair of independent groups, in the order (0, 1), (0, 2) …
///
/// With the mean square s² within all k groups on N - k degrees of freedom, t = (x̄ᵢ - x̄ⱼ) / (s √(1/nᵢ + 1/nⱼ)); p is
/// the tail of the studentized range of k at √2 |t|, and the half width of an interval q(1 - alpha) / √2 standard
/// errors.
///
/// Assumes independent, roughly normal values of one variance; where that is in doubt see [`super::games_howell`]. Not
/// for runs that share their seeds: see [`all_pairs`] with the error of a blocked or mixed model. Exact for equal
/// sizes, slightly conservative for others.
///
/// Source: Tukey (1953), "The problem of multiple comparisons"; Kramer (1956), Biometrics 12; Hayter (1984), Annals of
/// Statistics 12.
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), and what [`one_way`] refuses.
pub fn tukey_kramer<Group: AsRef<[f64]>>(groups: &[Group], alpha: f64) -> Result<Vec<Contrast>, Refusal> {
    let analysis = one_way(groups)?;
    let means: Vec<f64> = groups.iter().filter_map(|group| mean(group.as_ref())).collect();
    let share: Vec<f64> = groups.iter().map(|group| (group.as_ref().len() as f64).recip()).collect();
    let spread = analysis.mean_square().sqrt();
    all_pairs(&means, |[first, second]| spread * (share[first] + share[second]).sqrt(), analysis.df[1], alpha)
}

/// Compares every pair of estimates whose differences have the given standard errors on `df` degrees of freedom,
/// infinitely many for errors that are known.
///
/// For means of arms from any linear model with independent, normal errors: those of seeds as blocks differ by √(2
/// s²/n), with s² the residual mean square of [`crate::statistics::anova::factorial`].
///
/// Source: as of [`tukey_kramer`].
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), fewer than two estimates, estimates that are not finite, fewer than one
/// degree of freedom, and a standard error that is not above 0.
pub fn all_pairs(
    estimates: &[f64],
    standard_error: impl Fn([usize; 2]) -> f64,
    df: f64,
    alpha: f64,
) -> Result<Vec<Contrast>, Refusal> {
    Refusal::unless_level(alpha)?;
    Refusal::unless_all(&[estimates], usable)?;
    let found = estimates.len();
    let range = StudentizedRange::of(found).ok_or(Refusal::TooFewGroups { needed: 2, found })?;
    let critical = range.upper_quantile(alpha, df).ok_or(Refusal::NoFreedom)? / SQRT_2;
    every_pair(found)
        .map(|arms| {
            let size = standard_error(arms);
            if !(size > 0.0 && size.is_finite()) {
                return Err(Refusal::NoSpread);
            }
            let difference = estimates[arms[0]] - estimates[arms[1]];
            let p = range.upper_tail(SQRT_2 * (difference / size).abs(), df).ok_or(Refusal::NoFreedom)?;
            Ok(Contrast::of(arms, difference, Error { size, df }, p, critical))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::location::pooled::pooled_t;

    #[test]
    fn two_groups_are_students_test() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let found = tukey_kramer(&[&x[..], &y[..]], 0.05).unwrap()[0];
        let test = *pooled_t(&x, &y, 0.05).unwrap().test().unwrap();
        assert!((found.p / test.p - 1.0).abs() < 1e-10, "{found:?} {test:?}");
        assert!((found.interval.low - test.interval.low).abs() < 1e-9, "{found:?} {test:?}");
    }

    #[test]
    fn intervals_agree_with_p_values() {
        let groups = [[1.0, 1.2, 0.9], [1.1, 1.6, 1.3], [1.7, 2.2, 2.0], [1.45, 1.75, 1.55]];
        for found in tukey_kramer(&groups, 0.05).unwrap() {
            let excludes = found.interval.low > 0.0 || found.interval.high < 0.0;
            assert_eq!(excludes, found.p < 0.05, "{found:?}");
        }
    }

    #[test]
    fn what_cannot_be_compared() {
        assert_eq!(tukey_kramer(&[[1.0, 1.0], [2.0, 2.0]], 0.05), Err(Refusal::NoSpread));
        assert!(matches!(tukey_kramer(&[[1.0, 2.0], [2.0, 3.0]], 0.0), Err(Refusal::Range { name: "alpha", .. })));
        assert_eq!(all_pairs(&[1.0, 2.0], |_| 0.0, 3.0, 0.05), Err(Refusal::NoSpread));
        assert_eq!(all_pairs(&[1.0, 2.0], |_| 1.0, 0.0, 0.05), Err(Refusal::NoFreedom));
        assert_eq!(all_pairs(&[1.0, f64::NAN], |_| 1.0, 3.0, 0.05), Err(Refusal::NotFinite { row: 0, place: 1 }));
    }
}
