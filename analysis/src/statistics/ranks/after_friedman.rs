//! Comparisons of pairs of arms by their mean ranks, after Friedman's test: Siegel and Castellan's, and Miller's.

use super::dunn::{RankPair, every_pair};
use crate::statistics::distributions::{chi_squared, normal};
use crate::statistics::nemenyi::standard_error;
use crate::statistics::refusal::{Refusal, usable};

/// Every pair of arms, in the order (0, 1), (0, 2) …, each by itself.
///
/// With mean ranks R̄ over n blocks of k arms, rank 1 the largest value as in [`crate::statistics::friedman`], z = (R̄ⱼ - R̄ᵢ) /
/// √(k (k + 1) / (6 n)). The p values are of one pair each: correct
/// them. Those against one arm, with Holm's correction, are Demšar's comparison with a control.
///
/// Approximate with few blocks, conservative with many ties; the p of a pair depends on which other arms are compared.
/// The signed-rank test of each pair has neither fault.
///
/// Source: Siegel and Castellan (1988), Nonparametric Statistics; Demšar (2006), JMLR 7.
///
/// # Errors
/// A [`Refusal`] for no blocks, fewer than two arms, and ranks that are not finite.
pub fn siegel(mean_ranks: &[f64], blocks: usize) -> Result<Vec<RankPair>, Refusal> {
    pairs(mean_ranks, blocks, |z, _| Some(normal::two_sided(z)))
}

/// Every pair of arms, with p values that hold for all pairs and all other contrasts of mean ranks at once.
///
/// z is that of [`siegel`], and p is the upper tail of χ² with k - 1 degrees of freedom at z². As Scheffé's comparison,
/// it pays for contrasts that nobody asked for: [`crate::statistics::nemenyi`] is stronger for pairs.
///
/// Source: Miller (1966), Simultaneous Statistical Inference.
///
/// # Errors
/// As [`siegel`].
pub fn miller(mean_ranks: &[f64], blocks: usize) -> Result<Vec<RankPair>, Refusal> {
    pairs(mean_ranks, blocks, |z, df| chi_squared::upper_tail(z * z, df))
}

fn pairs(mean_ranks: &[f64], blocks: usize, p: impl Fn(f64, f64) -> Option<f64>) -> Result<Vec<RankPair>, Refusal> {
    let arms = mean_ranks.len();
    if blocks == 0 {
        return Err(Refusal::TooFewBlocks { needed: 1, found: 0 });
    }
    if arms < 2 {
        return Err(Refusal::TooFewGroups { needed: 2, found: arms });
    }
    Refusal::unless_all(&[mean_ranks], usable)?;
    let error = standard_error(arms, blocks);
    every_pair(arms)
        .map(|[first, second]| {
            let statistic = (mean_ranks[second] - mean_ranks[first]) / error;
            let p = p(statistic, arms as f64 - 1.0).ok_or(Refusal::NoFreedom)?;
            Ok(RankPair { arms: [first, second], statistic, p: p.max(f64::MIN_POSITIVE) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_arms_are_the_same_by_either() {
        let (one, other) = (siegel(&[1.3, 1.7], 10).unwrap()[0], miller(&[1.3, 1.7], 10).unwrap()[0]);
        assert!((one.p / other.p - 1.0).abs() < 1e-12, "{one:?} {other:?}");
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(siegel(&[1.0], 8), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
        assert_eq!(miller(&[1.0, 2.0], 0), Err(Refusal::TooFewBlocks { needed: 1, found: 0 }));
        assert_eq!(miller(&[1.0, f64::NAN], 3), Err(Refusal::NotFinite { row: 0, place: 1 }));
        assert!(siegel(&[1.0, 2.0], usize::MAX).unwrap()[0].p > 0.0);
    }
}
