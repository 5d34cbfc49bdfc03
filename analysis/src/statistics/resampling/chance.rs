//! Fair draws from a seeded generator.

use rand_chacha::rand_core::Rng;

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
