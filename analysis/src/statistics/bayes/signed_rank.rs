//! The Bayesian signed-rank test.

use rand_chacha::rand_core::Rng;
use serde::Serialize;

use super::shares::Shares;
use crate::statistics::ranks::decimal;
use crate::statistics::refusal::{Refusal, usable};
use crate::statistics::resampling::chance;

/// What the draws from the posterior say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SignedRank {
    /// How probable each of the three is to be the largest.
    pub shares: Shares,
    /// The largest standard error of the three that comes from drawing.
    pub error: f64,
}

/// How probable it is that the centre of `differences`, level minus baseline, lies below, within and above `margin`.
///
/// The prior is a Dirichlet process of strength 1/2 with all its mass at 0. A draw from the posterior gives weights to
/// the differences and to one more of 0, from a Dirichlet distribution with parameters 1, …, 1 and 1/2; it is counted
/// for the region that holds most of the weight of the means of two, (dᵢ + dⱼ)/2, a mean on the margin for one half to
/// either side.
///
/// Assumes independent seeds or tasks; the centre is that of the pairwise means, as for the signed-rank test. With few
/// values the posterior is as wide as theirs and the prior at 0 counts. Sums are taken in decimals.
///
/// Source: Benavoli, Mangili, Corani, Zaffalon and Ruggeri (2014), ICML; Benavoli, Corani, Demšar and Zaffalon (2017),
/// JMLR 18.
///
/// # Errors
/// A [`Refusal`] for no differences or one that is not finite, a margin below 0, and no draws.
pub fn signed_rank(
    differences: &[f64],
    margin: f64,
    draws: usize,
    random: &mut impl Rng,
) -> Result<SignedRank, Refusal> {
    if differences.is_empty() {
        return Err(Refusal::TooFewValues { group: 0, needed: 1, found: 0 });
    }
    if draws == 0 {
        return Err(Refusal::Range { name: "draws", value: 0.0, expected: "a number above 0" });
    }
    Refusal::unless_all(&[differences], usable)?;
    Refusal::unless_margin(margin)?;
    let sums = Sums::of(differences, margin);
    let mut counts = [0.0; 3];
    let mut weights = vec![0.0; sums.values.len()];
    for _ in 0..draws {
        for (index, weight) in weights.iter_mut().enumerate() {
            // A gamma variable of shape 1 is exponential, and one of shape 1/2 half the square of a normal one.
            *weight =
                if index == sums.prior { chance::normal(random).powi(2) / 2.0 } else { chance::exponential(random) };
        }
        let total: f64 = weights.iter().sum();
        let [below, above] = sums.outside(&weights).map(|weight| weight / (total * total));
        let within = if margin > 0.0 { 1.0 - below - above } else { 0.0 };
        let regions = [below, within, above];
        let most = regions.iter().copied().fold(0.0, f64::max);
        let winners = regions.iter().filter(|share| **share >= most).count() as f64;
        for (count, share) in counts.iter_mut().zip(regions) {
            *count += if share >= most { winners.recip() } else { 0.0 };
        }
    }
    let [below, within, above] = counts.map(|count| count / draws as f64);
    let error = |share: f64| (share * (1.0 - share) / draws as f64).sqrt();
    let shares = Shares { below, within, above };
    Ok(SignedRank { shares, error: error(below).max(error(within)).max(error(above)) })
}

/// The differences with the prior's 0 among them, rising, and for each where its sum with others passes a bound.
struct Sums {
    values: Vec<f64>,
    /// The place of the prior's 0.
    prior: usize,
    /// For each value, how many have a sum with it below -2 margin, and how many at most that.
    below: Vec<[usize; 2]>,
    /// For each value, how many have a sum with it below 2 margin, and how many at most that.
    above: Vec<[usize; 2]>,
}

impl Sums {
    fn of(differences: &[f64], margin: f64) -> Self {
        let mut values = differences.to_vec();
        values.sort_by(f64::total_cmp);
        let prior = values.partition_point(|value| *value < 0.0);
        values.insert(prior, 0.0);
        let ends = |bound: f64| -> Vec<[usize; 2]> {
            let end = |value: &f64| {
                let room = decimal::difference(bound, *value);
                [values.partition_point(|other| *other < room), values.partition_point(|other| *other <= room)]
            };
            values.iter().map(end).collect()
        };
        Self { below: ends(-2.0 * margin), above: ends(2.0 * margin), prior, values }
    }

    /// The weight of all pairs whose mean lies below minus the margin, and of those above it, by sums of weights from
    /// the lowest up.
    fn outside(&self, weights: &[f64]) -> [f64; 2] {
        let mut up_to = Vec::with_capacity(weights.len() + 1);
        up_to.push(0.0);
        for (index, weight) in weights.iter().enumerate() {
            up_to.push(up_to[index] + weight);
        }
        let total = up_to[weights.len()];
        let (mut below, mut above) = (0.0, 0.0);
        for ((weight, low), high) in weights.iter().zip(&self.below).zip(&self.above) {
            below += weight * f64::midpoint(up_to[low[0]], up_to[low[1]]);
            above += weight * (total - f64::midpoint(up_to[high[0]], up_to[high[1]]));
        }
        [below, above]
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn found(differences: &[f64], margin: f64) -> Shares {
        signed_rank(differences, margin, 2000, &mut ChaCha8Rng::seed_from_u64(1)).unwrap().shares
    }

    #[test]
    fn plain_cases() {
        assert!(found(&[0.0; 6], 0.01).within > 0.999);
        assert!(found(&[0.5; 6], 0.01).above > 0.99);
        assert!(found(&[-0.5; 6], 0.01).below > 0.99);
        // Without a margin nothing lies within it, and nothing speaks for either side here.
        assert_eq!(found(&[0.0; 6], 0.0), Shares { below: 0.5, within: 0.0, above: 0.5 });
    }

    #[test]
    fn a_mean_on_the_margin_counts_half_for_either_side() {
        // 0.1 + 0.2 is 0.30000000000000004, and twice 0.15 is 0.3.
        let sums = Sums::of(&[0.1, 0.2], 0.15);
        let [below, above] = sums.outside(&[0.0, 1.0, 1.0]);
        assert!(below.abs() < 1e-15);
        // 0.2 + 0.2 lies above, the two orders of 0.1 + 0.2 on the margin.
        assert!((above - 2.0).abs() < 1e-15, "{above}");
    }

    #[test]
    fn what_has_no_answer() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        assert!(signed_rank(&[], 0.1, 10, &mut random).is_err());
        assert!(signed_rank(&[0.1], 0.1, 0, &mut random).is_err());
        assert!(signed_rank(&[0.1], f64::NAN, 10, &mut random).is_err());
        assert!(signed_rank(&[f64::INFINITY], 0.1, 10, &mut random).is_err());
    }
}
