//! Repeated measures: every block, such as a seed, has run every arm.

use serde::Serialize;

use super::sphericity::{Sphericity, sphericity};
use crate::statistics::distributions::f;
use crate::statistics::linear::cholesky::dot;
use crate::statistics::refusal::Refusal;

/// One effect within the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Within {
    /// Sum of squares of the effect, and of its interaction with the blocks, which is its error.
    pub sums: [f64; 2],
    /// Their degrees of freedom, d and d (n - 1).
    pub df: [f64; 2],
    /// The ratio of their mean squares.
    pub f: f64,
    /// p value if all differences between arms vary alike over the blocks.
    pub p: f64,
    /// How far that holds, and the p values without it.
    pub sphericity: Sphericity,
    /// Generalised η²: the effect's sum over itself and all that has to do with the blocks.
    pub generalised_eta_squared: f64,
}

/// Compares k arms that each of n blocks has run once.
///
/// The blocks' scores on k - 1 orthogonal contrasts between arms have a mean and a covariance; F compares the mean's
/// length, times n, with the trace of the covariance. Unlike for the blocked analysis in [`super::factorial`], whose F
/// is the same, the p values with ε do not assume that all pairs of arms correlate alike.
/// [`crate::statistics::friedman`] needs no normal values.
///
/// Assumes that blocks are independent and roughly normal; with few of them ε is badly known, and the paired test of
/// each contrast by itself is safer.
///
/// Source: Greenhouse and Geisser (1959), Psychometrika 24; Olejnik and Algina (2003), Psychological Methods 8
/// (generalised η²).
///
/// # Errors
/// A [`Refusal`] for fewer than two arms or blocks, blocks of unequal length, a value that is not finite, and arms
/// without any error.
pub fn one_factor(blocks: &[Vec<f64>]) -> Result<Within, Refusal> {
    Refusal::unless_blocks(blocks, 2, 2)?;
    let scores = scores(blocks, &contrasts(blocks[0].len()));
    let rest = total(blocks) - scores.sums()[0];
    scores.effect(rest, blocks)
}

/// Compares a × b arms that each of n blocks has run once: the main effects of both factors and their interaction, each
/// with its own error. A block holds the b levels of the second factor for the first level of the first, then for the
/// second …
///
/// Source: as of [`one_factor`].
///
/// # Errors
/// A [`Refusal`] for what [`one_factor`] refuses, a factor of fewer than two levels, and blocks that do not hold a · b
/// values.
pub fn two_factors(blocks: &[Vec<f64>], levels: [usize; 2]) -> Result<[Within; 3], Refusal> {
    Refusal::unless_blocks(blocks, 2, 2)?;
    if let Some(found) = levels.into_iter().find(|count| *count < 2) {
        return Err(Refusal::TooFewGroups { needed: 2, found });
    }
    let expected = levels[0] * levels[1];
    if blocks[0].len() != expected {
        return Err(Refusal::Ragged { block: 0, expected, found: blocks[0].len() });
    }
    let [first, second] = levels.map(contrasts);
    let [mean, other_mean] = levels.map(|count| vec![vec![(count as f64).sqrt().recip(); count]]);
    let parts = [crossed(&first, &other_mean), crossed(&mean, &second), crossed(&first, &second)]
        .map(|contrasts| scores(blocks, &contrasts));
    let rest = total(blocks) - parts.iter().map(|scores| scores.sums()[0]).sum::<f64>();
    let [first, second, both] = parts.map(|scores| scores.effect(rest, blocks));
    Ok([first?, second?, both?])
}

/// The blocks' scores on some contrasts: their mean, and what is left of each block's.
struct Scores {
    mean: Vec<f64>,
    rest: Vec<Vec<f64>>,
}

impl Scores {
    /// Sum of squares of the effect and of its error.
    fn sums(&self) -> [f64; 2] {
        let error: f64 = self.rest.iter().map(|row| dot(row, row)).sum();
        [self.rest.len() as f64 * dot(&self.mean, &self.mean), error]
    }

    /// The effect; `rest` is the sum of squares of all values less those of all effects.
    fn effect(&self, rest: f64, blocks: &[Vec<f64>]) -> Result<Within, Refusal> {
        let (n, d) = (self.rest.len() as f64, self.mean.len() as f64);
        let sums = self.sums();
        let largest = blocks.iter().flatten().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let rounding = |sum: f64| (sum / (n * d)).sqrt() <= 16.0 * f64::EPSILON * largest;
        if rounding(sums[1]) {
            return Err(if rounding(sums[0]) { Refusal::Identical } else { Refusal::NoSpread });
        }
        let df = [d, d * (n - 1.0)];
        let statistic = sums[0] / df[0] / (sums[1] / df[1]);
        Ok(Within {
            sums,
            df,
            f: statistic,
            p: f::upper_tail(statistic, df[0], df[1]).ok_or(Refusal::NoFreedom)?,
            sphericity: sphericity(&self.rest, blocks[0].len(), statistic).ok_or(Refusal::NoFreedom)?,
            generalised_eta_squared: sums[0] / (sums[0] + rest.max(0.0)),
        })
    }
}

fn scores(blocks: &[Vec<f64>], contrasts: &[Vec<f64>]) -> Scores {
    let score = |block: &Vec<f64>| -> Vec<f64> {
        // From the block's first value, so that what all arms share does not take digits.
        let block: Vec<f64> = block.iter().map(|value| value - block[0]).collect();
        contrasts.iter().map(|contrast| dot(contrast, &block)).collect()
    };
    let mut rest: Vec<Vec<f64>> = blocks.iter().map(score).collect();
    let mut mean = vec![0.0; contrasts.len()];
    // A second pass takes out what rounding has left in.
    for _ in 0..2 {
        for index in 0..mean.len() {
            let left = rest.iter().map(|row| row[index]).sum::<f64>() / rest.len() as f64;
            mean[index] += left;
            for row in &mut rest {
                row[index] -= left;
            }
        }
    }
    Scores { mean, rest }
}

/// Helmert's contrasts between `count` levels: orthogonal rows of length 1 that sum to 0.
fn contrasts(count: usize) -> Vec<Vec<f64>> {
    let row = |index: usize| {
        let scale = ((index * (index + 1)) as f64).sqrt().recip();
        let element = |column: usize| match column {
            column if column < index => scale,
            column if column == index => -(index as f64) * scale,
            _ => 0.0,
        };
        (0..count).map(element).collect()
    };
    (1..count).map(row).collect()
}

/// All products of a row of one with a row of the other.
fn crossed(one: &[Vec<f64>], other: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let product = |first: &Vec<f64>, second: &Vec<f64>| -> Vec<f64> {
        first.iter().flat_map(|x| second.iter().map(move |y| x * y)).collect()
    };
    one.iter().flat_map(|first| other.iter().map(move |second| product(first, second))).collect()
}

/// The sum of squares of all values around their mean.
fn total(blocks: &[Vec<f64>]) -> f64 {
    let count = blocks.len() * blocks[0].len();
    let start = blocks[0][0];
    let mean = blocks.iter().flatten().map(|value| value - start).sum::<f64>() / count as f64;
    blocks.iter().flatten().map(|value| (value - start - mean).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::paired::paired_t;

    #[test]
    fn two_arms_are_the_paired_test() {
        let blocks = [vec![0.61, 0.58], vec![0.64, 0.6], vec![0.63, 0.62], vec![0.66, 0.59]];
        let pairs: Vec<(f64, f64)> = blocks.iter().map(|block| (block[0], block[1])).collect();
        let (found, test) = (one_factor(&blocks).unwrap(), *paired_t(&pairs, 0.05).unwrap().test().unwrap());
        assert!((found.f / (test.t * test.t) - 1.0).abs() < 1e-11 && (found.p / test.p - 1.0).abs() < 1e-11);
        assert!((found.sphericity.greenhouse_geisser - 1.0).abs() < 1e-15);
        assert_eq!(found.sphericity.mauchly, None);
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(one_factor(&[vec![0.5, 0.6], vec![0.6, 0.7], vec![0.7, 0.8]]), Err(Refusal::NoSpread));
        assert_eq!(one_factor(&[vec![0.5, 0.5], vec![0.6, 0.6]]), Err(Refusal::Identical));
        assert_eq!(one_factor(&[vec![0.5, 0.5]]), Err(Refusal::TooFewBlocks { needed: 2, found: 1 }));
        let ragged = Refusal::Ragged { block: 0, expected: 6, found: 4 };
        assert_eq!(two_factors(&[vec![0.0; 4], vec![1.0; 4]], [2, 3]), Err(ragged));
        assert_eq!(
            one_factor(&[vec![0.5, f64::INFINITY], vec![1.0, 2.0]]),
            Err(Refusal::NotFinite { row: 0, place: 1 })
        );
    }
}
