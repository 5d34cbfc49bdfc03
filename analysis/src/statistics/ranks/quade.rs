//! Quade's test: Friedman's with more weight on the blocks in which the arms lie further apart.

use serde::Serialize;

use super::decimal;
use super::dunn::{RankPair, every_pair};
use super::midranks;
use crate::statistics::distributions::f;
use crate::statistics::refusal::Refusal;

/// What the weighted ranks say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quade {
    /// The statistic of the test that no arm differs.
    pub f: f64,
    /// Its degrees of freedom, (k - 1) and (k - 1)(n - 1).
    pub df: [f64; 2],
    /// Its p value.
    pub p: f64,
    /// Every pair of arms, in the order (0, 1), (0, 2) …: t with the second of the degrees of freedom, and p of this
    /// pair alone.
    pub pairs: Vec<RankPair>,
}

/// Compares k arms over n blocks by the ranks r within the blocks, each block weighted by the rank Q of its range.
///
/// With s = Q (r - (k + 1)/2), their sums Sⱼ per arm, A = Σ s² and B = Σ Sⱼ² / n: F = (n - 1) B / (A - B), and for a
/// pair t = (Sᵢ - Sⱼ) / √(2 n (A - B) / ((n - 1)(k - 1))).
///
/// Assumes that blocks are independent and that their ranges can be compared, as they can for seeds on one task but not
/// for tasks with scales of their own. Stronger than Friedman's with few arms. Ranges are taken in decimals, so that
/// equal ones tie; values are finite, as a range is a difference.
///
/// Source: Quade (1979), Journal of the American Statistical Association 74; Conover (1999), section 5.8 (the pairs).
///
/// # Errors
/// A [`Refusal`] for what Friedman's test refuses, a value that is not finite, fewer than two blocks, and A = B.
pub fn quade(blocks: &[Vec<f64>]) -> Result<Quade, Refusal> {
    Refusal::unless_blocks(blocks, 2, 3)?;
    let (n, k) = (blocks.len(), blocks[0].len());
    let highest = |block: &Vec<f64>| block.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let lowest = |block: &Vec<f64>| block.iter().copied().fold(f64::INFINITY, f64::min);
    let extremes: Vec<(f64, f64)> = blocks.iter().map(|block| (highest(block), lowest(block))).collect();
    let weights = midranks::doubled(&decimal::differences(&extremes));
    // Four times s, a whole number.
    let mut sums = vec![0_i64; k];
    let mut squares = 0.0;
    for (block, weight) in blocks.iter().zip(weights) {
        for (sum, rank) in sums.iter_mut().zip(midranks::doubled(block)) {
            let score = weight as i64 * (rank as i64 - (k + 1) as i64);
            *sum += score;
            squares += (score as f64).powi(2);
        }
    }
    if squares <= 0.0 {
        return Err(Refusal::Identical);
    }
    let (blocks, between) = (n as f64, sums.iter().map(|sum| (*sum as f64).powi(2)).sum::<f64>() / n as f64);
    let within = squares - between;
    if within <= 4.0 * f64::EPSILON * squares {
        return Err(Refusal::NoSpread);
    }
    let df = [(k - 1) as f64, ((k - 1) * (n - 1)) as f64];
    let statistic = (blocks - 1.0) * between / within;
    let p = f::upper_tail(statistic, df[0], df[1]).ok_or(Refusal::NoFreedom)?;
    let error = (2.0 * blocks * within / df[1]).sqrt();
    let pair = |[first, second]: [usize; 2]| {
        RankPair::by_t([first, second], (sums[first] - sums[second]) as f64 / error, df[1])
    };
    Ok(Quade { f: statistic, df, p, pairs: every_pair(k).map(pair).collect::<Result<_, Refusal>>()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_answer() {
        assert_eq!(quade(&[vec![1.0; 3], vec![2.0; 3]]), Err(Refusal::Identical));
        assert_eq!(quade(&[vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]), Err(Refusal::NoSpread));
        let infinite = Refusal::NotFinite { row: 0, place: 2 };
        assert_eq!(quade(&[vec![1.0, 2.0, f64::INFINITY], vec![4.0, 5.0, 6.0]]), Err(infinite));
    }

    #[test]
    fn equal_ranges_are_friedmans_test_by_its_f() {
        let blocks = [vec![0.1, 0.2, 0.3], vec![0.3, 0.1, 0.2], vec![0.1, 0.3, 0.2], vec![0.7, 0.8, 0.9]];
        let (found, friedman) = (quade(&blocks).unwrap(), crate::statistics::friedman::friedman(&blocks).unwrap());
        assert!((found.f - friedman.iman_davenport.unwrap().f).abs() < 1e-12, "{found:?} {friedman:?}");
    }
}
