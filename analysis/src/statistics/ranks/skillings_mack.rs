//! Skillings and Mack's test: Friedman's where some blocks lack some arms.

use serde::Serialize;

use super::midranks;
use crate::statistics::distributions::chi_squared;
use crate::statistics::linear::cholesky::{Cholesky, dot};
use crate::statistics::refusal::Refusal;

/// What the ranks within incomplete blocks say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SkillingsMack {
    /// Weighted, centred sums of the ranks of each arm; rank 1 is the lowest value of its block.
    pub sums: Vec<f64>,
    /// The statistic.
    pub statistic: f64,
    /// Its degrees of freedom, one less than there are arms.
    pub df: f64,
    /// p of χ².
    pub p: f64,
    /// Blocks that held two arms or more, and so said something.
    pub blocks: usize,
}

/// Compares k arms over blocks of which each may lack some, `None` for an arm that is missing.
///
/// In a block with s arms their ranks r weigh √(12 / (s + 1)) (r - (s + 1)/2), and a missing arm nothing. With the sums
/// A of the first k - 1 arms and their covariances (minus the number of blocks that hold both arms; on the diagonal the
/// number of pairs that hold the arm), the statistic is Aᵀ Σ⁻¹ A, which is Friedman's χ² where nothing is missing and
/// nothing ties.
///
/// Assumes that runs are missing for no reason that has to do with their value: a run that diverged is no missing run
/// but the worst of its block, and may be given as ±∞. p is approximate and conservative with ties, which are not
/// corrected for.
///
/// Source: Skillings and Mack (1981), Technometrics 23.
///
/// # Errors
/// A [`Refusal`] for fewer than two arms, blocks of unequal length, NaN, no block with two arms, and arms that no chain
/// of blocks connects.
pub fn skillings_mack(blocks: &[Vec<Option<f64>>]) -> Result<SkillingsMack, Refusal> {
    let arms = blocks.first().map_or(0, Vec::len);
    if arms < 2 {
        return Err(Refusal::TooFewGroups { needed: 2, found: arms });
    }
    let (mut sums, mut used) = (vec![0.0; arms], 0);
    let mut covariance = vec![vec![0.0; arms]; arms];
    for (row, block) in blocks.iter().enumerate() {
        if block.len() != arms {
            return Err(Refusal::Ragged { block: row, expected: arms, found: block.len() });
        }
        let here: Vec<usize> = (0..arms).filter(|arm| block[*arm].is_some()).collect();
        let values: Vec<f64> = block.iter().copied().flatten().collect();
        if let Some(place) = values.iter().position(|value| value.is_nan()) {
            return Err(Refusal::NotFinite { row, place: here[place] });
        }
        if here.len() < 2 {
            continue;
        }
        used += 1;
        let size = here.len() as f64;
        for (arm, rank) in here.iter().zip(midranks::doubled(&values)) {
            sums[*arm] += (12.0 / (size + 1.0)).sqrt() * (rank as f64 - (size + 1.0)) / 2.0;
            for other in here.iter().filter(|other| *other != arm) {
                covariance[*arm][*other] -= 1.0;
                covariance[*arm][*arm] += 1.0;
            }
        }
    }
    if used == 0 {
        return Err(Refusal::TooFewBlocks { needed: 1, found: 0 });
    }
    let kept: Vec<Vec<f64>> = covariance[..arms - 1].iter().map(|row| row[..arms - 1].to_vec()).collect();
    let factor = Cholesky::of(&kept).ok_or(Refusal::Aliased)?;
    let half = factor.half_solve(&sums[..arms - 1]);
    let (statistic, df) = (dot(&half, &half), (arms - 1) as f64);
    let p = chi_squared::upper_tail(statistic, df).ok_or(Refusal::NoFreedom)?;
    Ok(SkillingsMack { sums, statistic, df, p, blocks: used })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::friedman::friedman;

    fn complete(blocks: &[Vec<f64>]) -> Vec<Vec<Option<f64>>> {
        blocks.iter().map(|block| block.iter().copied().map(Some).collect()).collect()
    }

    #[test]
    fn complete_blocks_are_friedmans_test() {
        let blocks =
            [[0.5, 0.1, 0.3, 0.2], [0.4, 0.2, 0.3, 0.1], [0.9, 0.7, 0.8, 0.3], [0.1, 0.2, 0.3, 0.0]].map(Vec::from);
        let (found, known) = (skillings_mack(&complete(&blocks)).unwrap(), friedman(&blocks).unwrap());
        assert!((found.statistic - known.chi_squared).abs() < 1e-12 && (found.p - known.p).abs() < 1e-13);
        // A block with one arm says nothing.
        let mut more = complete(&blocks);
        more.push(vec![None, Some(3.0), None, None]);
        assert_eq!(skillings_mack(&more).unwrap(), found);
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(skillings_mack(&[]), Err(Refusal::TooFewGroups { needed: 2, found: 0 }));
        let apart = [vec![Some(1.0), Some(2.0), None, None], vec![None, None, Some(1.0), Some(2.0)]];
        assert_eq!(skillings_mack(&apart), Err(Refusal::Aliased));
        let lone = [vec![Some(1.0), None], vec![None, Some(2.0)]];
        assert_eq!(skillings_mack(&lone), Err(Refusal::TooFewBlocks { needed: 1, found: 0 }));
        let nan = [vec![None, Some(f64::NAN), Some(1.0)]];
        assert_eq!(skillings_mack(&nan), Err(Refusal::NotFinite { row: 0, place: 1 }));
        let ragged = Refusal::Ragged { block: 1, expected: 2, found: 1 };
        assert_eq!(skillings_mack(&[vec![Some(1.0), Some(2.0)], vec![Some(1.0)]]), Err(ragged));
    }
}
