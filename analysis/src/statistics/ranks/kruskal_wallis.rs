//! The test of Kruskal and Wallis: do several independent groups differ?

use serde::Serialize;

use super::midranks;
use crate::statistics::distributions::chi_squared;
use crate::statistics::refusal::Refusal;

/// What the ranks among all values say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KruskalWallis {
    /// Mean rank of each group among all values; rank 1 is the lowest value, and ties share their middle rank.
    pub mean_ranks: Vec<f64>,
    /// H, corrected for ties.
    pub h: f64,
    /// Degrees of freedom of H, one less than there are groups.
    pub df: f64,
    /// p of χ².
    pub p: f64,
    /// ε² = H / (N - 1), the share of the spread of the ranks that lies between the groups, from 0 to 1.
    pub epsilon_squared: f64,
}

/// Tests whether several independent groups come from one distribution, by the ranks of all N values together.
///
/// With mean ranks R̄ᵢ of groups of nᵢ and ties of sizes t, H = 12 / (N (N + 1)) · Σ nᵢ (R̄ᵢ - (N + 1)/2)² / (1 - Σ (t³ - t) /
/// (N³ - N)).
///
/// Assumes independent values; it is a test of medians only where groups differ by shifts alone. p is approximate, and
/// wants some five values a group. Not for runs that share their seeds: there [`crate::statistics::friedman`] is right.
/// Values may be ±∞.
///
/// Source: Kruskal and Wallis (1952), Journal of the American Statistical Association 47; Tomczak and Tomczak (2014)
/// (ε²).
///
/// # Errors
/// A [`Refusal`] for fewer than two groups, an empty one, NaN, and groups that are all one tie.
pub fn kruskal_wallis<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<KruskalWallis, Refusal> {
    let Pooled { mean_ranks, sizes, tied } = Pooled::of(groups)?;
    let all: f64 = sizes.iter().sum();
    let middle = f64::midpoint(all, 1.0);
    let between: f64 = mean_ranks.iter().zip(&sizes).map(|(rank, n)| n * (rank - middle).powi(2)).sum();
    let h = 12.0 * between / (all * (all + 1.0)) / (1.0 - tied / (all.powi(3) - all));
    let df = (sizes.len() - 1) as f64;
    let p = chi_squared::upper_tail(h, df).ok_or(Refusal::Identical)?;
    Ok(KruskalWallis { mean_ranks, h, df, p, epsilon_squared: h / (all - 1.0) })
}

/// Mean ranks among all values, the sizes of the groups, and Σ (t³ - t) over the ties.
pub(super) struct Pooled {
    pub(super) mean_ranks: Vec<f64>,
    pub(super) sizes: Vec<f64>,
    pub(super) tied: f64,
}

impl Pooled {
    /// The ranks, of which not all are equal.
    pub(super) fn of<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<Self, Refusal> {
        Refusal::unless_ranked_groups(groups, 1)?;
        let values: Vec<f64> = groups.iter().flat_map(AsRef::as_ref).copied().collect();
        let ranks = midranks::doubled(&values);
        let ties = midranks::ties(&ranks);
        if ties.len() < 2 {
            return Err(Refusal::Identical);
        }
        let mut rest = ranks.as_slice();
        let mut mean_ranks = Vec::with_capacity(groups.len());
        for group in groups {
            let (own, others) = rest.split_at(group.as_ref().len());
            mean_ranks.push(own.iter().sum::<u64>() as f64 / (2 * own.len()) as f64);
            rest = others;
        }
        let sizes = groups.iter().map(|group| group.as_ref().len() as f64).collect();
        let tied = ties.into_iter().map(|t| (t as f64).powi(3) - t as f64).sum();
        Ok(Self { mean_ranks, sizes, tied })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_cases() {
        // kruskal_const
        assert_eq!(kruskal_wallis(&[vec![1.0, 1.0], vec![1.0, 1.0]]), Err(Refusal::Identical));
        assert_eq!(kruskal_wallis(&[vec![1.0]]), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
        let empty = Refusal::TooFewValues { group: 1, needed: 1, found: 0 };
        assert_eq!(kruskal_wallis(&[vec![1.0], vec![]]), Err(empty));
        let nan = Refusal::NotFinite { row: 1, place: 1 };
        assert_eq!(kruskal_wallis(&[vec![1.0], vec![2.0, f64::NAN]]), Err(nan));
        // A diverged run is the worst rank, whatever its number.
        let diverged = kruskal_wallis(&[[1.0, f64::NEG_INFINITY], [2.0, 3.0]]).unwrap();
        assert_eq!(diverged, kruskal_wallis(&[[1.0, -9.0], [2.0, 3.0]]).unwrap());
    }

    #[test]
    fn groups_that_do_not_overlap_have_the_largest_effect_of_their_sizes() {
        let found = kruskal_wallis(&[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).unwrap();
        assert_eq!(found.mean_ranks, [1.5, 3.5, 5.5]);
        // 12 / 42 · (8 + 0 + 8)
        assert!((found.h - 32.0 / 7.0).abs() < 1e-14);
    }
}
