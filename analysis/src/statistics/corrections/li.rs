//! Li's correction.

use super::family::Family;

/// Li's: p₍ᵢ₎ / (p₍ᵢ₎ + 1 - p₍ₘ₎), and the largest as it is.
///
/// A rejection of the comparison with the largest p at its own level lets all others be judged almost alone; where that
/// largest p is large, nothing is left to reject by. For comparisons with one baseline, independent or nearly so: it
/// does not keep its level under any dependence, and its answers hang on the one comparison that says least.
///
/// Source: Li (2008), Journal of Statistical Planning and Inference 138.
pub fn li(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let Some(largest) = family.sorted.last().copied() else { return vec![None; p_values.len()] };
    let m = family.size();
    family.rising(|rank, p| if rank == m || largest >= 1.0 && p >= 1.0 { p } else { p / (p + (1.0 - largest)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_decides_for_the_others() {
        let found = li(&[Some(0.04), Some(0.5), None, Some(0.01)]);
        let expected = [Some(0.04 / 0.54), Some(0.5), None, Some(0.01 / 0.51)];
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.zip(expected).is_none_or(|(x, y)| (x - y).abs() < 1e-15), "{found:?} {expected:?}");
        }
        assert_eq!(li(&[Some(1.0), Some(1.0), Some(0.3)]), [Some(1.0); 3]);
    }
}
