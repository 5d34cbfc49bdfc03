//! Ranks, with the mean rank for values that are equal.

/// The ranks of `values` from 1, the lowest first, doubled so that a mean of two ranks is a whole number.
///
/// O(n log n). Infinite values rank outermost; -0 and 0 are equal. NaN has no rank: procedures refuse it beforehand.
pub fn doubled(values: &[f64]) -> Vec<u64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| (values[*a] + 0.0).total_cmp(&(values[*b] + 0.0)));
    let mut ranks = vec![0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        let tied = order[start..].iter().take_while(|index| values[**index] <= value).count().max(1);
        for index in &order[start..start + tied] {
            ranks[*index] = (2 * start + tied + 1) as u64;
        }
        start += tied;
    }
    ranks
}

/// The sizes of the groups of equal ranks, as found by [`doubled`].
pub fn ties(ranks: &[u64]) -> Vec<u64> {
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    sorted.chunk_by(|a, b| a == b).map(|group| group.len() as u64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_their_mean_rank() {
        assert_eq!(doubled(&[3.0, 1.0, 3.0, f64::INFINITY, -0.0, 0.0]), [9, 6, 9, 12, 3, 3]);
        assert_eq!(ties(&[9, 6, 9, 12, 3, 3]), [2, 1, 2, 1]);
        assert!(doubled(&[]).is_empty());
    }

    #[test]
    fn two_hundred_thousand_equal_values() {
        // Edge case n200k_rank: rank 100000.5.
        assert!(doubled(&vec![0.0; 200_000]).iter().all(|rank| *rank == 200_001));
    }
}
