//! Conover's comparison of all pairs of arms after Friedman's test.

use super::dunn::{RankPair, every_pair};
use super::midranks;
use crate::statistics::refusal::Refusal;

/// Compares every pair of k arms over n blocks, in the order (0, 1), (0, 2) …, by their sums of ranks within the
/// blocks.
///
/// With the ranks r within blocks, their sums Rⱼ per arm and A = Σ r²: t = (Rᵢ - Rⱼ) / √(2 (n A - Σ Rⱼ²) / ((n - 1)(k -
/// 1))) with (n - 1)(k - 1) degrees of freedom, a positive t where the first arm has the higher values. The p values
/// are of one pair each: correct them.
///
/// It treats the ranks as if they were normal values and is bold: with few blocks it rejects too often, and the answer
/// for a pair depends on the other arms. The signed-rank test of each pair with Holm's correction has neither fault.
/// Values may be ±∞.
///
/// Source: Conover (1999), Practical Nonparametric Statistics, section 5.8.
///
/// # Errors
/// A [`Refusal`] for fewer than three arms or two blocks, blocks of unequal length, NaN, blocks that are all one tie,
/// and blocks that agree wholly, which leave nothing to estimate an error from.
pub fn conover(blocks: &[Vec<f64>]) -> Result<Vec<RankPair>, Refusal> {
    Refusal::unless_ranked_blocks(blocks, 2, 3)?;
    let (n, k) = (blocks.len() as u64, blocks[0].len());
    // Doubled ranks are whole numbers, and so is all that is made of them: agreement shows as exactly 0.
    let mut sums = vec![0_u64; k];
    let mut squares = 0;
    let mut varies = false;
    for block in blocks {
        let ranks = midranks::doubled(block);
        varies |= ranks.iter().any(|rank| *rank != ranks[0]);
        squares += ranks.iter().map(|rank| rank * rank).sum::<u64>();
        for (sum, rank) in sums.iter_mut().zip(ranks) {
            *sum += rank;
        }
    }
    let spread = n * squares - sums.iter().map(|sum| sum * sum).sum::<u64>();
    if spread == 0 {
        return Err(if varies { Refusal::NoSpread } else { Refusal::Identical });
    }
    let df = ((n - 1) * (k as u64 - 1)) as f64;
    let error = (2.0 * spread as f64 / df).sqrt();
    every_pair(k)
        .map(|[first, second]| RankPair::by_t([first, second], (sums[first] as f64 - sums[second] as f64) / error, df))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_answer() {
        let agreed = [vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]];
        assert_eq!(conover(&agreed), Err(Refusal::NoSpread));
        assert_eq!(conover(&[vec![1.0; 3], vec![2.0; 3]]), Err(Refusal::Identical));
        assert_eq!(conover(&agreed[..1]), Err(Refusal::TooFewBlocks { needed: 2, found: 1 }));
        let ragged = Refusal::Ragged { block: 1, expected: 3, found: 2 };
        assert_eq!(conover(&[vec![1.0, 2.0, 3.0], vec![1.0, 2.0]]), Err(ragged));
    }

    #[test]
    fn turning_the_arms_around_turns_the_sign() {
        let blocks = [vec![1.0, 2.0, 3.0], vec![2.0, 1.0, 3.0], vec![1.0, 3.0, 2.0]];
        let turned: Vec<Vec<f64>> = blocks.iter().map(|block| block.iter().rev().copied().collect()).collect();
        let (found, back) = (conover(&blocks).unwrap(), conover(&turned).unwrap());
        assert!((found[0].statistic + back[2].statistic).abs() < 1e-15);
        assert!((found[0].p - back[2].p).abs() < 1e-15);
    }
}
