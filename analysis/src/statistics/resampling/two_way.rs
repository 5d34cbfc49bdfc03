//! The bootstrap over seeds and items at once.

use rand_chacha::rand_core::Rng;

use super::bootstrap::Bootstrap;
use super::chance::below;

/// Resamples seeds and clusters of items, each within itself, and takes the mean of the differences in what is drawn.
///
/// `differences` holds a row a seed and a column an item: level minus baseline on that item under that seed, for right
/// or wrong answers -1, 0 or 1. `clusters` names the cluster of each item, from 0 up: its paradigm, or a number of its
/// own where items are independent. The interval speaks about new seeds and new items both; a test over seeds alone
/// speaks about these items, and McNemar's about these models. It is somewhat wide, as it counts the noise of single
/// answers in both directions, and it inherits the narrowness of the bootstrap for few seeds.
///
/// `None` for fewer than two seeds or clusters, rows of unequal length, clusters that do not match them, and no draws.
///
/// Source: Owen (2007), "The pigeonhole bootstrap", Annals of Applied Statistics 1.
pub fn two_way(differences: &[Vec<f64>], clusters: &[usize], draws: usize, random: &mut impl Rng) -> Option<Bootstrap> {
    let count = clusters.iter().max()? + 1;
    let seeds = differences.len();
    if seeds < 2 || count < 2 || draws == 0 || differences.iter().any(|row| row.len() != clusters.len()) {
        return None;
    }
    let mut sizes = vec![0.0; count];
    for cluster in clusters {
        sizes[*cluster] += 1.0;
    }
    if sizes.iter().any(|size| *size <= 0.0) {
        return None;
    }
    let sums: Vec<Vec<f64>> = differences.iter().map(|row| by_cluster(row, clusters, count)).collect();
    let observed = differences.iter().flatten().sum::<f64>() / (seeds * clusters.len()) as f64;
    let mut replicates = Vec::with_capacity(draws);
    for _ in 0..draws {
        let times = weights(seeds, random);
        let cluster_times = weights(count, random);
        let items: f64 = cluster_times.iter().zip(&sizes).map(|(times, size)| times * size).sum();
        let row = |sums: &Vec<f64>| cluster_times.iter().zip(sums).map(|(times, sum)| times * sum).sum::<f64>();
        let total: f64 =
            times.iter().zip(&sums).filter(|(times, _)| **times > 0.0).map(|(times, sums)| times * row(sums)).sum();
        replicates.push(total / (seeds as f64 * items));
    }
    Some(Bootstrap::of(observed, replicates))
}

fn by_cluster(row: &[f64], clusters: &[usize], count: usize) -> Vec<f64> {
    let mut sums = vec![0.0; count];
    for (value, cluster) in row.iter().zip(clusters) {
        sums[*cluster] += value;
    }
    sums
}

/// How often each of `count` things is drawn in `count` draws.
fn weights(count: usize, random: &mut impl Rng) -> Vec<f64> {
    let mut weights = vec![0.0; count];
    for _ in 0..count {
        weights[below(random, count as u32) as usize] += 1.0;
    }
    weights
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn seeds_that_agree_leave_the_spread_of_items() {
        // Every row is the same, so that only items matter: the standard error of a mean of items is known.
        let row = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 1.0, 1.0];
        let clusters: Vec<usize> = (0..row.len()).collect();
        let found = two_way(&vec![row.to_vec(); 3], &clusters, 20_000, &mut ChaCha8Rng::seed_from_u64(2)).unwrap();
        let mean = 3.0 / 8.0;
        let exact = (row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 64.0).sqrt();
        assert!((found.observed() - mean).abs() < 1e-15);
        assert!((found.standard_error() / exact - 1.0).abs() < 0.03, "{} {exact}", found.standard_error());
        // One cluster for each half: far fewer things to draw, far more spread.
        let halves = [0, 0, 0, 0, 1, 1, 1, 1];
        assert!(two_way(&vec![row.to_vec(); 3], &halves, 1000, &mut ChaCha8Rng::seed_from_u64(2)).is_some());
    }

    #[test]
    fn what_cannot_be_drawn() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        assert_eq!(two_way(&[vec![1.0, 0.0]], &[0, 1], 10, &mut random), None);
        assert_eq!(two_way(&[vec![1.0, 0.0], vec![1.0]], &[0, 1], 10, &mut random), None);
        assert_eq!(two_way(&[vec![1.0, 0.0], vec![1.0, 1.0]], &[0, 2], 10, &mut random), None);
        assert_eq!(two_way(&[], &[], 10, &mut random), None);
    }
}
