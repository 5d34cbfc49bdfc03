//! Friedman's test: do several arms differ, when each block (a seed, a task) has run them all?

use serde::Serialize;

use super::distributions::{chi_squared, f};
use super::ranks::midranks;
use super::refusal::Refusal;

/// What the ranks within the blocks say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Friedman {
    /// Mean rank of each arm; rank 1 is the largest value of its block, and ties share their middle rank.
    pub mean_ranks: Vec<f64>,
    /// Friedman's χ², corrected for ties.
    pub chi_squared: f64,
    /// p of χ² with k - 1 degrees of freedom.
    pub p: f64,
    /// Kendall's coefficient of concordance, from 0 (no agreement between the blocks) to 1.
    pub concordance: f64,
    /// The F of Iman and Davenport; `None` where all blocks agree wholly, and F has no bound, or where there is one
    /// block.
    pub iman_davenport: Option<ImanDavenport>,
}

/// The F form of the test, which is less conservative than χ² with few blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ImanDavenport {
    /// (n - 1) W / (1 - W), with W the concordance.
    pub f: f64,
    /// p of F with k - 1 and (k - 1)(n - 1) degrees of freedom.
    pub p: f64,
    /// p with Kendall's degrees of freedom, k - 1 - 2/n and (n - 1) times that, which fit the first two moments of W;
    /// `None` where there are none, as for two blocks of two arms.
    pub adjusted_p: Option<f64>,
}

/// Compares k arms over n blocks by the ranks within each block.
///
/// With rank sums Rⱼ and ties of sizes t, χ² = (12 Σ Rⱼ² / (n k (k + 1)) - 3 n (k + 1)) / (1 - Σ (t³ - t) / (n k (k² -
/// 1))), and W = χ² / (n (k - 1)).
///
/// Assumes that the blocks are independent: seeds on one task speak about seeds on that task alone. The p values are
/// approximate, and with fewer than about ten blocks F is the better of the two. Values may be ±∞, as a run that
/// diverged is the worst of its block.
///
/// Source: Friedman (1937), JASA 32; Iman and Davenport (1980), Communications in Statistics A 9; Kendall and Babington
/// Smith (1939), Annals of Mathematical Statistics 10.
///
/// # Errors
/// A [`Refusal`] for no block; fewer than three arms, as two are compared by the signed-rank or the paired test, which
/// are stronger; blocks of unequal length (leave incomplete blocks out and say so); NaN; and blocks that are all one
/// tie.
pub fn friedman(blocks: &[Vec<f64>]) -> Result<Friedman, Refusal> {
    Refusal::unless_ranked_blocks(blocks, 1, 3)?;
    let arms = blocks[0].len();
    let (n, k) = (blocks.len() as f64, arms as f64);
    let mut sums = vec![0_u64; arms];
    let mut ties = 0.0;
    for block in blocks {
        let ranks = midranks::doubled(block);
        for (sum, rank) in sums.iter_mut().zip(&ranks) {
            // From the other end: the largest value has rank 1.
            *sum += 2 * (arms as u64 + 1) - rank;
        }
        ties += midranks::ties(&ranks).into_iter().map(|t| (t as f64).powi(3) - t as f64).sum::<f64>();
    }
    let correction = 1.0 - ties / (n * k * (k * k - 1.0));
    if correction <= f64::EPSILON {
        return Err(Refusal::Identical);
    }
    let middle = n * (k + 1.0) / 2.0;
    let spread: f64 = sums.iter().map(|sum| (*sum as f64 / 2.0 - middle).powi(2)).sum();
    let chi_squared = 12.0 * spread / (n * k * (k + 1.0)) / correction;
    let concordance = (chi_squared / (n * (k - 1.0))).min(1.0);
    Ok(Friedman {
        mean_ranks: sums.iter().map(|sum| *sum as f64 / (2.0 * n)).collect(),
        chi_squared,
        p: chi_squared::upper_tail(chi_squared, k - 1.0).ok_or(Refusal::Identical)?,
        concordance,
        iman_davenport: iman_davenport(concordance, n, k),
    })
}

/// The F of a concordance; a single block leaves it no degrees of freedom.
fn iman_davenport(concordance: f64, n: f64, k: f64) -> Option<ImanDavenport> {
    let rest = 1.0 - concordance;
    if n < 2.0 || rest <= 4.0 * f64::EPSILON {
        return None;
    }
    let f = (n - 1.0) * concordance / rest;
    let tail = |df: f64| f::upper_tail(f, df, df * (n - 1.0));
    Some(ImanDavenport { f, p: tail(k - 1.0)?, adjusted_p: tail(k - 1.0 - 2.0 / n) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<Vec<f64>> {
        [[0.5, 0.1, 0.3, 0.2], [0.4, 0.2, 0.2, 0.1], [0.9, 0.7, 0.8, 0.3], [0.1, 0.2, 0.3, 0.0]].map(Vec::from).to_vec()
    }

    #[test]
    fn the_order_of_blocks_changes_nothing_and_that_of_arms_only_the_ranks() {
        let mut turned = blocks();
        turned.reverse();
        assert_eq!(friedman(&turned), friedman(&blocks()));
        for block in &mut turned {
            block.reverse();
        }
        let (found, plain) = (friedman(&turned).unwrap(), friedman(&blocks()).unwrap());
        assert!(found.mean_ranks.iter().eq(plain.mean_ranks.iter().rev()));
        assert!((found.chi_squared / plain.chi_squared - 1.0).abs() < 1e-14);
    }

    #[test]
    fn a_diverged_run_is_the_worst_of_its_block() {
        let (mut infinite, mut low) = (blocks(), blocks());
        (infinite[2][1], low[2][1]) = (f64::NEG_INFINITY, -5.0);
        assert_eq!(friedman(&infinite), friedman(&low));
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(friedman(&[]), Err(Refusal::TooFewBlocks { needed: 1, found: 0 }));
        // Edge case one_group_friedman: two arms are for the signed-rank test.
        assert_eq!(friedman(&[vec![1.0, 2.0]]), Err(Refusal::TooFewGroups { needed: 3, found: 2 }));
        let ragged = Refusal::Ragged { block: 1, expected: 3, found: 1 };
        assert_eq!(friedman(&[vec![1.0, 2.0, 3.0], vec![2.0]]), Err(ragged));
        assert_eq!(friedman(&[vec![1.0, f64::NAN, 2.0]]), Err(Refusal::NotFinite { row: 0, place: 1 }));
        assert_eq!(friedman(&[vec![1.0; 3], vec![2.0; 3]]), Err(Refusal::Identical));
        let agreed = friedman(&[vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]).unwrap();
        assert_eq!((agreed.concordance, agreed.iman_davenport), (1.0, None));
    }
}
