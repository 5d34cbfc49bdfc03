//! Dunn's comparison of all pairs of groups after the test of Kruskal and Wallis.

use serde::Serialize;

use super::kruskal_wallis::Pooled;
use crate::statistics::distributions::normal;
use crate::statistics::refusal::Refusal;
use crate::statistics::student;

/// The comparison of two arms by ranks that all arms share.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankPair {
    /// The two arms, counted from 0, the first before the second.
    pub arms: [usize; 2],
    /// The statistic (z, t or q), positive where the first has the larger values, whichever end of the ranks is called
    /// 1.
    pub statistic: f64,
    /// Two-sided p value of this pair alone.
    pub p: f64,
}

impl RankPair {
    /// The comparison whose statistic is a t with `df` degrees of freedom.
    ///
    /// # Errors
    /// [`Refusal::NoFreedom`] where that has no p value.
    pub(super) fn by_t(arms: [usize; 2], statistic: f64, df: f64) -> Result<Self, Refusal> {
        let p = student::two_sided(statistic, df).ok_or(Refusal::NoFreedom)?;
        Ok(Self { arms, statistic, p })
    }
}

/// Compares every pair of groups, in the order (0, 1), (0, 2) … by their mean ranks among all N values.
///
/// z = (R̄ᵢ - R̄ⱼ) / √((N (N + 1) / 12 - Σ (t³ - t) / (12 (N - 1))) (1/nᵢ + 1/nⱼ)). The p values are of one pair each:
/// correct them, by [`crate::statistics::holm`] for instance.
///
/// Assumes what [`super::kruskal_wallis`] does. The answer for a pair depends on which other groups were measured, so
/// that Mann and Whitney's test with a correction is often to be preferred.
///
/// Source: Dunn (1964), Technometrics 6.
///
/// # Errors
/// A [`Refusal`] for what [`super::kruskal_wallis`] refuses.
pub fn dunn<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<Vec<RankPair>, Refusal> {
    let Pooled { mean_ranks, sizes, tied } = Pooled::of(groups)?;
    let all: f64 = sizes.iter().sum();
    let variance = all * (all + 1.0) / 12.0 - tied / (12.0 * (all - 1.0));
    Ok(every_pair(sizes.len())
        .map(|[first, second]| {
            let error = (variance * (sizes[first].recip() + sizes[second].recip())).sqrt();
            let statistic = (mean_ranks[first] - mean_ranks[second]) / error;
            RankPair { arms: [first, second], statistic, p: normal::two_sided(statistic) }
        })
        .collect())
}

/// All pairs of `arms` arms, the first index below the second.
pub(in crate::statistics) fn every_pair(arms: usize) -> impl Iterator<Item = [usize; 2]> {
    (0..arms).flat_map(move |first| (first + 1..arms).map(move |second| [first, second]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_groups_are_mann_and_whitneys_test_without_continuity() {
        let (x, y) = (vec![1.0, 2.0, 2.0, 3.0, 5.0, 5.0], vec![2.0, 3.0, 3.0, 4.0, 6.0, 6.0, 7.0]);
        let found = dunn(&[x.clone(), y.clone()]).unwrap()[0];
        let (z, p) = super::super::mann_whitney::asymptotic(&x, &y, false).unwrap();
        assert!((found.statistic - z).abs() < 1e-13 && (found.p - p).abs() < 1e-14, "{found:?} {z} {p}");
    }

    #[test]
    fn what_cannot_be_compared() {
        assert_eq!(dunn(&[vec![1.0, 1.0], vec![1.0]]), Err(Refusal::Identical));
        assert_eq!(every_pair(3).collect::<Vec<_>>(), [[0, 1], [0, 2], [1, 2]]);
    }
}
