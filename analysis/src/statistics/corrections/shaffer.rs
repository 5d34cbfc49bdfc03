//! Shaffer's correction for all pairs of arms.

use std::collections::BTreeSet;

use super::family::Family;

/// Shaffer's: Holm's procedure, with the number of pairs that can still be equal in place of m - i + 1.
///
/// With k arms not every number of equal pairs can occur: arms fall into sets of equal ones, a set of j arms makes j(j - 1)/2
/// equal pairs, so among three arms 3, 1 or 0 pairs are equal, never 2. Holds under any dependence and never adjusts more than
/// Holm's.
///
/// Only for the family of all pairs of `arms`; `None` when the number of p values is another. Not for comparisons with
/// a baseline.
///
/// Source: Shaffer (1986), "Modified sequentially rejective multiple test procedures", JASA 81 (its first procedure).
pub fn shaffer(p_values: &[Option<f64>], arms: usize) -> Option<Vec<Option<f64>>> {
    let pairs = arms * arms.saturating_sub(1) / 2;
    if p_values.len() != pairs {
        return None;
    }
    let family = Family::of(p_values);
    let possible = equal_pairs(arms);
    let (tested, whole) = (family.size(), p_values.len());
    let factor = |rank: usize| {
        let most = possible.range(..=whole - rank + 1).next_back().copied().unwrap_or(0);
        most.min(tested - rank + 1).max(1) as f64
    };
    Some(family.rising(|rank, p| factor(rank) * p))
}

/// Every number of equal pairs that `arms` arms can make.
fn equal_pairs(arms: usize) -> BTreeSet<usize> {
    let mut possible = vec![BTreeSet::from([0])];
    for count in 1..=arms {
        let next = (1..=count)
            .flat_map(|set| possible[count - set].iter().map(move |rest| rest + set * (set - 1) / 2))
            .collect();
        possible.push(next);
    }
    possible.pop().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::holm::holm;

    #[test]
    fn the_numbers_of_equal_pairs() {
        assert_eq!(equal_pairs(3).into_iter().collect::<Vec<_>>(), [0, 1, 3]);
        assert_eq!(equal_pairs(5).into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 6, 10]);
    }

    #[test]
    fn three_arms_by_hand_and_never_above_holm() {
        let p = [Some(0.01), Some(0.02), Some(0.04)];
        // 3 · 0.01; then one pair at most is equal.
        let found = shaffer(&p, 3).unwrap();
        for (found, expected) in found.iter().zip([0.03, 0.03, 0.04]) {
            assert!((found.unwrap() - expected).abs() < 1e-15);
        }
        for (one, other) in found.iter().zip(holm(&p)) {
            assert!(one.unwrap() <= other.unwrap());
        }
        assert_eq!(shaffer(&p, 4), None);
        assert_eq!(shaffer(&[], 1), Some(vec![]));
    }
}
