//! The order of the stories in an epoch.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use crate::streams;

/// A whole number below `bound`, each equally likely (Lemire 2019, arXiv:1805.10941: multiply, and draw again where the
/// low half would favour some results).
///
/// # Panics
/// When `bound` is 0.
pub fn below(generator: &mut ChaCha8Rng, bound: u64) -> u64 {
    assert!(bound > 0, "nothing is below 0");
    loop {
        let product = u128::from(generator.next_u64()) * u128::from(bound);
        let low = product as u64;
        if low >= bound || low >= bound.wrapping_neg() % bound {
            return (product >> 64) as u64;
        }
    }
}

/// The order of `count` stories in `epoch` of the run with `seed`: every order equally likely (Fisher and Yates).
pub fn permutation(seed: u64, epoch: u64, count: u32) -> Vec<u32> {
    let mut generator = streams::generator(seed, "order", &[epoch]);
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..order.len()).rev() {
        let other = below(&mut generator, last as u64 + 1) as usize;
        order.swap(last, other);
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_permutation_keyed_by_seed_and_epoch() {
        let order = permutation(3, 0, 1000);
        assert_eq!(order, permutation(3, 0, 1000));
        assert_ne!(order, permutation(3, 1, 1000));
        assert_ne!(order, permutation(4, 0, 1000));
        let mut sorted = order;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<u32>>());
        assert!(permutation(0, 0, 0).is_empty());
        assert_eq!(permutation(0, 0, 1), [0]);
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let mut counts = std::collections::BTreeMap::new();
        for epoch in 0..6000 {
            *counts.entry(permutation(0, epoch, 3)).or_insert(0_i64) += 1;
        }
        assert_eq!(counts.len(), 6);
        // A count is binomial(6000, 1/6): sd 28.9. Five of them is far beyond chance and far below any bias of the
        // method.
        assert!(counts.values().all(|count| (count - 1000).abs() < 145), "{counts:?}");
    }

    #[test]
    fn below_reaches_both_ends_and_survives_the_largest_bound() {
        let mut generator = streams::generator(0, "test", &[]);
        let draws: Vec<u64> = (0..200).map(|_| below(&mut generator, 3)).collect();
        assert!((0..3).all(|value| draws.contains(&value)));
        assert!(draws.iter().all(|&draw| draw < 3));
        assert_eq!(below(&mut generator, 1), 0);
        // Two thirds of the range: a plain remainder would hit the lower half twice as often.
        let bound = (1 << 63) + (1 << 62);
        let low = (0..4000).filter(|_| below(&mut generator, bound) < bound / 2).count();
        assert!((1850..2150).contains(&low), "{low}");
    }
}
