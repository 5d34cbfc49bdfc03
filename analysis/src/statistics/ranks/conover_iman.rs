//! Conover and Iman's comparison of all pairs of groups after the test of Kruskal and Wallis.

use super::dunn::{RankPair, every_pair};
use super::kruskal_wallis::Pooled;
use crate::statistics::refusal::Refusal;

/// Compares every pair of k groups, in the order (0, 1), (0, 2) …, by their mean ranks among all N values.
///
/// With S² = (N (N + 1) - Σ (t³ - t) / (N - 1)) / 12, the variance of the ranks, and H of [`super::kruskal_wallis`]: t
/// = (R̄ᵢ - R̄ⱼ) / √(S² (N - 1 - H) / (N - k) · (1/nᵢ + 1/nⱼ)) with N - k degrees of freedom. The p values are of one
/// pair each: correct them.
///
/// It takes the error from what the groups leave unexplained, as an analysis of variance does, and is bolder than
/// [`super::dunn`]: to be looked at only where the test of Kruskal and Wallis rejects. The answer for a pair depends on
/// the other groups.
///
/// Source: Conover and Iman (1979), Los Alamos report LA-7677-MS; Conover (1999), section 5.2.
///
/// # Errors
/// A [`Refusal`] for what [`super::kruskal_wallis`] refuses, as many groups as values, and groups that do not overlap
/// at all, which leave nothing to estimate an error from.
pub fn conover_iman<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<Vec<RankPair>, Refusal> {
    let Pooled { mean_ranks, sizes, tied } = Pooled::of(groups)?;
    let all: f64 = sizes.iter().sum();
    let df = all - sizes.len() as f64;
    if df < 1.0 {
        return Err(Refusal::NoFreedom);
    }
    let variance = (all * (all + 1.0) - tied / (all - 1.0)) / 12.0;
    let middle = f64::midpoint(all, 1.0);
    let between: f64 = mean_ranks.iter().zip(&sizes).map(|(rank, n)| n * (rank - middle).powi(2)).sum();
    // (N - 1 - H) S², without the division: what the groups leave of the squares of the ranks.
    let rest = (all - 1.0) * variance - between;
    if rest <= 4.0 * f64::EPSILON * all * variance {
        return Err(Refusal::NoSpread);
    }
    every_pair(sizes.len())
        .map(|[first, second]| {
            let error = (rest / df * (sizes[first].recip() + sizes[second].recip())).sqrt();
            RankPair::by_t([first, second], (mean_ranks[first] - mean_ranks[second]) / error, df)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::location::pooled::pooled_t;

    #[test]
    fn two_groups_are_the_t_test_of_the_ranks() {
        let found = conover_iman(&[[0.3, 0.1, 0.7], [0.4, 0.9, 1.7]]).unwrap()[0];
        let known = *pooled_t(&[2.0, 1.0, 4.0], &[3.0, 5.0, 6.0], 0.05).unwrap().test().unwrap();
        assert!((found.statistic - known.t).abs() < 1e-13 && (found.p - known.p).abs() < 1e-13);
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(conover_iman(&[[1.0, 1.0], [1.0, 1.0]]), Err(Refusal::Identical));
        assert_eq!(conover_iman(&[[1.0, 1.0], [2.0, 2.0]]), Err(Refusal::NoSpread));
        assert_eq!(conover_iman(&[[1.0], [2.0]]), Err(Refusal::NoFreedom));
    }
}
