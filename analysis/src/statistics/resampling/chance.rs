//! Fair draws from a seeded generator.

use rand_chacha::rand_core::Rng;

use crate::statistics::distributions::normal;

/// A whole number below `bound`, each with the same probability; `bound` is above 0.
///
/// By multiplication, and with the few draws left out that would favour some numbers.
///
/// Source: Lemire (2019), ACM Transactions on Modeling and Computer Simulation 29.
pub fn below(random: &mut impl Rng, bound: u32) -> u32 {
    let mut product = u64::from(random.next_u32()) * u64::from(bound);
    if (product as u32) < bound {
        let unfair = bound.wrapping_neg() % bound;
        while (product as u32) < unfair {
            product = u64::from(random.next_u32()) * u64::from(bound);
        }
    }
    (product >> 32) as u32
}

/// A number between 0 and 1, neither of them, in steps of 2⁻⁵³.
pub fn unit(random: &mut impl Rng) -> f64 {
    ((random.next_u64() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

/// An exponential variable of mean 1.
pub fn exponential(random: &mut impl Rng) -> f64 {
    -unit(random).ln()
}

/// A standard normal variable, by its quantile.
pub fn normal(random: &mut impl Rng) -> f64 {
    normal::upper_quantile(unit(random)).unwrap_or_default()
}

/// What a number of random draws says about a p value.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Drawn {
    /// (b + 1) / (m + 1): the data themselves are one of the arrangements, so it is never 0.
    pub p: f64,
    /// The standard error of p that comes from drawing, √(p (1 - p) / m).
    pub error: f64,
}

impl Drawn {
    /// The p value from `extreme` of `draws` that were at least as extreme as the data.
    ///
    /// Source: Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9.
    pub fn of(extreme: u64, draws: u64) -> Self {
        let p = (extreme + 1) as f64 / (draws + 1) as f64;
        Self { p, error: (p * (1.0 - p) / draws.max(1) as f64).sqrt() }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn moments_of_what_is_drawn() {
        let mut random = ChaCha8Rng::seed_from_u64(8);
        let mut mean =
            |draw: &dyn Fn(&mut ChaCha8Rng) -> f64| (0..40_000).map(|_| draw(&mut random)).sum::<f64>() / 40_000.0;
        // Five standard deviations of each mean.
        assert!((mean(&|random| unit(random)) - 0.5).abs() < 0.0073);
        assert!((mean(&|random| exponential(random)) - 1.0).abs() < 0.025);
        assert!((mean(&|random| exponential(random).powi(2)) - 2.0).abs() < 0.112);
        assert!(mean(&|random| normal(random)).abs() < 0.025);
        assert!((mean(&|random| normal(random).powi(2)) - 1.0).abs() < 0.036);
    }

    #[test]
    fn every_number_comes_as_often() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[below(&mut random, 6) as usize] += 1;
        }
        // Five standard deviations are 456.
        assert!(counts.iter().all(|count| count.abs_diff(10_000) < 456), "{counts:?}");
    }
}
