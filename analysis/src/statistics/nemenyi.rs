//! Nemenyi's comparison of all pairs of arms after Friedman's test.

use std::f64::consts::SQRT_2;

use super::ranks::dunn::{RankPair, every_pair};
use super::refusal::{Refusal, usable};
use super::studentized_range::StudentizedRange;

/// Every pair of arms, in the order (0, 1), (0, 2) …, with p values adjusted for all pairs.
///
/// With mean ranks R̄ over n blocks of k arms, rank 1 the largest value as in [`super::friedman`], q = √2 (R̄ⱼ - R̄ᵢ) /
/// √(k (k + 1) / (6 n)), and p is the upper tail of the range of k normal values at |q|. Ties are not corrected for,
/// which makes it conservative where there are many.
///
/// Approximate, and of little power with few blocks; the p of a pair depends on which other arms are compared, so that
/// the signed-rank test of each pair with Holm's correction is to be preferred (Benavoli, Corani and Mangili, 2016,
/// JMLR 17).
///
/// Source: Nemenyi (1963), thesis, Princeton; Demšar (2006), JMLR 7.
///
/// # Errors
/// A [`Refusal`] for no blocks, fewer than two arms, and ranks that are not finite.
pub fn nemenyi(mean_ranks: &[f64], blocks: usize) -> Result<Vec<RankPair>, Refusal> {
    let arms = mean_ranks.len();
    let range = range(arms, blocks)?;
    Refusal::unless_all(&[mean_ranks], usable)?;
    let error = standard_error(arms, blocks);
    every_pair(arms)
        .map(|[first, second]| {
            let statistic = SQRT_2 * (mean_ranks[second] - mean_ranks[first]) / error;
            let p = range.upper_tail(statistic.abs(), f64::INFINITY).ok_or(Refusal::NoFreedom)?;
            Ok(RankPair { arms: [first, second], statistic, p })
        })
        .collect()
}

/// How far apart two mean ranks must lie for Nemenyi's comparison to tell them apart at `alpha`: the length of the bar
/// in a diagram of critical differences, q(1 - alpha) / √2 · √(k (k + 1) / (6 n)). Right for any number of arms, where
/// printed tables end at 20.
///
/// # Errors
/// A [`Refusal`] for no blocks, fewer than two arms, and an alpha outside (0, 1).
pub fn critical_difference(arms: usize, blocks: usize, alpha: f64) -> Result<f64, Refusal> {
    Refusal::unless_level(alpha)?;
    let quantile = range(arms, blocks)?.upper_quantile(alpha, f64::INFINITY).ok_or(Refusal::NoFreedom)?;
    Ok(quantile / SQRT_2 * standard_error(arms, blocks))
}

fn range(arms: usize, blocks: usize) -> Result<StudentizedRange, Refusal> {
    if blocks == 0 {
        return Err(Refusal::TooFewBlocks { needed: 1, found: 0 });
    }
    StudentizedRange::of(arms).ok_or(Refusal::TooFewGroups { needed: 2, found: arms })
}

/// Of the difference of two mean ranks, √(k (k + 1) / (6 n)).
pub(super) fn standard_error(arms: usize, blocks: usize) -> f64 {
    let k = arms as f64;
    (k * (k + 1.0) / (6.0 * blocks as f64)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_told_apart_where_its_ranks_differ_by_more_than_the_critical_difference() {
        let critical = critical_difference(3, 12, 0.05).unwrap();
        for (gap, below) in [(critical * 1.001, true), (critical * 0.999, false)] {
            assert_eq!(nemenyi(&[1.5, 1.5 + gap, 2.0], 12).unwrap()[0].p < 0.05, below);
        }
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(nemenyi(&[1.0], 8), Err(Refusal::TooFewGroups { needed: 2, found: 1 }));
        assert_eq!(nemenyi(&[1.0, 2.0], 0), Err(Refusal::TooFewBlocks { needed: 1, found: 0 }));
        assert_eq!(nemenyi(&[1.0, f64::NAN], 3), Err(Refusal::NotFinite { row: 0, place: 1 }));
        assert!(critical_difference(3, 12, 1.0).is_err());
    }
}
