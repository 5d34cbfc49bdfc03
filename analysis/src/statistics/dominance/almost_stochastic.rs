//! Almost stochastic order: an upper bound for the violation of dominance.

use rand_chacha::rand_core::Rng;
use serde::Serialize;

use super::violation_ratio::{ratio, violation_ratio};
use crate::statistics::distributions::normal;
use crate::statistics::refusal::Refusal;
use crate::statistics::resampling::chance::below;

/// How far an arm may be from dominating another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct AlmostStochastic {
    /// The violation ratio of the samples.
    pub ratio: f64,
    /// Its standard error from the bootstrap.
    pub error: f64,
    /// The upper bound of level 1 - alpha, from 0 to 1.
    pub epsilon: f64,
}

/// Bounds the violation ratio of two arms from above: ε = ratio + z(1 - alpha) · error, with the error from `draws`
/// resamples of both samples.
///
/// The exact ratio is taken of each resample, not a sum over a grid; one whose samples are equal counts 1/2. For m
/// comparisons give alpha/m: the bound must grow with their number.
///
/// ε below 1/2 is often read as "better". That is no test: of two equal arms with 3 to 20 seeds it says so for about
/// one in five, and below 0.2, as is advised, for one in eleven with three seeds, one in eighteen with five, and one in
/// thirty with twenty. With fewer than twenty seeds take a test of means.
///
/// Source: del Barrio, Cuesta-Albertos and Matrán (2018); Dror, Shlomov and Reichart (2019), ACL.
///
/// # Errors
/// A [`Refusal`] for what [`violation_ratio`] refuses, fewer than two values in a sample (a single one resamples to
/// itself and would look certain), an alpha outside (0, 1/2], and no draws.
pub fn almost_stochastic(
    level: &[f64],
    baseline: &[f64],
    alpha: f64,
    draws: usize,
    random: &mut impl Rng,
) -> Result<AlmostStochastic, Refusal> {
    Refusal::unless_groups(&[level, baseline], 2)?;
    if !(alpha > 0.0 && alpha <= 0.5) {
        return Err(Refusal::Range { name: "alpha", value: alpha, expected: "a number above 0 and at most 1/2" });
    }
    if draws == 0 {
        return Err(Refusal::Range { name: "draws", value: 0.0, expected: "a number above 0" });
    }
    let observed = violation_ratio(level, baseline)?;
    let sorted = [level, baseline].map(|values| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    });
    let mut chosen = [vec![0_usize; level.len()], vec![0_usize; baseline.len()]];
    let mut replicates = Vec::with_capacity(draws);
    for _ in 0..draws {
        // Sorted places of sorted values are sorted values.
        for places in &mut chosen {
            let bound = places.len() as u32;
            for place in places.iter_mut() {
                *place = below(random, bound) as usize;
            }
            places.sort_unstable();
        }
        let gap = |i: usize, j: usize| sorted[0][chosen[0][i]] - sorted[1][chosen[1][j]];
        replicates.push(ratio(level.len(), baseline.len(), gap).unwrap_or(0.5));
    }
    let centre = replicates.iter().sum::<f64>() / draws as f64;
    let error = (replicates.iter().map(|value| (value - centre).powi(2)).sum::<f64>() / draws as f64).sqrt();
    let quantile = normal::upper_quantile(alpha).ok_or(Refusal::NoFreedom)?;
    Ok(AlmostStochastic { ratio: observed, error, epsilon: (observed + quantile * error).clamp(0.0, 1.0) })
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn more_comparisons_are_stricter() {
        let (x, y) = ([0.3, 0.9, 0.5, 0.7, 0.6], [0.4, 0.6, 0.35, 0.5, 0.55]);
        let bound = |alpha| almost_stochastic(&x, &y, alpha, 500, &mut ChaCha8Rng::seed_from_u64(3)).unwrap().epsilon;
        assert!(bound(0.05) < bound(0.05 / 3.0) && bound(0.05 / 3.0) < bound(0.05 / 100.0));
    }

    #[test]
    fn one_value_is_not_certain() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let few = Refusal::TooFewValues { group: 0, needed: 2, found: 1 };
        assert_eq!(almost_stochastic(&[8.0], &[5.0, 5.0, 8.0, 7.0, 8.0], 0.05, 100, &mut random), Err(few));
        assert_eq!(almost_stochastic(&[1.0, 2.0], &[1.0, 2.0], 0.05, 100, &mut random), Err(Refusal::Identical));
        assert!(almost_stochastic(&[1.0, 2.0], &[1.0, 3.0], 0.05, 0, &mut random).is_err());
    }
}
