//! The bootstrap of statistics that see how often each value was drawn, and not a copy of the draws.

use rand_chacha::rand_core::Rng;

use super::bootstrap::Bootstrap;
use super::chance::below;

/// `draws` resamples of each group within itself, told to `statistic` as the values of all groups together, rising, and
/// how often each was drawn.
///
/// The same distribution as [`Bootstrap::stratified`], for statistics of the ordered values of all groups such as
/// [`crate::statistics::aggregates::interquartile::counted_interquartile_mean`]: nothing is sorted or copied but once.
/// `None` when a group has fewer than two values, without groups, and without draws.
///
/// Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 6.2 (resampling as counts).
pub fn counted(
    groups: &[&[f64]],
    draws: usize,
    random: &mut impl Rng,
    statistic: impl Fn(&[f64], &[u32]) -> f64,
) -> Option<Bootstrap> {
    if draws == 0 || groups.is_empty() || groups.iter().any(|group| group.len() < 2) {
        return None;
    }
    let values = groups.concat();
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|one, other| values[*one].total_cmp(&values[*other]));
    let sorted: Vec<f64> = order.iter().map(|index| values[*index]).collect();
    // Of the values as given: where each stands in the rising order.
    let mut places = vec![0_u32; values.len()];
    (0_u32..).zip(&order).for_each(|(place, index)| places[*index] = place);
    let mut strata = Vec::with_capacity(groups.len());
    let mut rest = places.as_slice();
    for group in groups {
        let (own, others) = rest.split_at(group.len());
        strata.push(own);
        rest = others;
    }
    let mut counts = vec![1_u32; values.len()];
    let observed = statistic(&sorted, &counts);
    let mut replicates = Vec::with_capacity(draws);
    for _ in 0..draws {
        counts.fill(0);
        for stratum in &strata {
            let size = stratum.len() as u32;
            for _ in 0..size {
                counts[stratum[below(random, size) as usize] as usize] += 1;
            }
        }
        replicates.push(statistic(&sorted, &counts));
    }
    Some(Bootstrap::of(observed, replicates))
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::statistics::aggregates::interquartile::{counted_interquartile_mean, interquartile_mean};

    #[test]
    fn the_same_draws_give_what_copies_of_them_give() {
        let groups: [&[f64]; 3] = [&[0.3, 0.1, 0.9, 0.1], &[2.0, -1.0], &[0.4, 0.4, 0.7]];
        let copied = |groups: &[Vec<f64>]| interquartile_mean(&groups.concat()).unwrap();
        let one = counted(&groups, 500, &mut ChaCha8Rng::seed_from_u64(3), counted_interquartile_mean).unwrap();
        let other = Bootstrap::stratified(&groups, 500, &mut ChaCha8Rng::seed_from_u64(3), copied).unwrap();
        assert!((one.observed() - other.observed()).abs() < 1e-15);
        for share in [0.0, 0.1, 0.5, 0.975, 1.0] {
            assert!((one.quantile(share) - other.quantile(share)).abs() < 1e-14, "{share}");
        }
    }

    #[test]
    fn what_cannot_be_drawn() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        assert_eq!(counted(&[&[1.0]], 10, &mut random, counted_interquartile_mean), None);
        assert_eq!(counted(&[], 10, &mut random, counted_interquartile_mean), None);
        assert_eq!(counted(&[&[1.0, 2.0]], 0, &mut random, counted_interquartile_mean), None);
    }
}
