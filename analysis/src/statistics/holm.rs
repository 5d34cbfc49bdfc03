//! Holm's correction for several comparisons.

use super::corrections::family::Family;

/// Adjusted p values, in the order given; `None` stays `None` and is no member of the family.
///
/// With the p values sorted, p₍₁₎ ≤ … ≤ p₍ₘ₎, the adjusted value of the i-th is the largest of (m - j + 1) · p₍ⱼ₎ over
/// j ≤ i, and at most 1. Rejecting where it is below alpha keeps the probability of any false claim in the family at
/// alpha, whatever the dependence between the comparisons.
///
/// Source: Holm (1979), Scandinavian Journal of Statistics 6. Missing values as in R's `p.adjust`.
pub fn holm(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size();
    family.rising(|rank, p| (m - rank + 1) as f64 * p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_hypotheses() {
        // statsmodels 0.15.0: multipletests(p, method="holm")[1]
        let p = [0.0001, 0.0101, 0.0102, 0.0325, 0.04, 0.2, 0.61, 0.041].map(Some);
        let expected = [0.0008, 0.0707, 0.0707, 0.1625, 0.1625, 0.4, 0.61, 0.1625];
        for (found, expected) in holm(&p).into_iter().zip(expected) {
            assert!((found.unwrap() / expected - 1.0).abs() < 1e-12, "{found:?} {expected}");
        }
    }

    #[test]
    fn what_was_not_tested_is_no_member() {
        // statsmodels answers [.03, nan, .06]: it counts the missing one.
        assert_eq!(holm(&[Some(0.01), None, Some(0.03)]), [Some(0.02), None, Some(0.03)]);
        assert_eq!(holm(&[]), []);
        assert_eq!(holm(&[Some(0.9), Some(0.8)]), [Some(1.0), Some(1.0)]);
    }
}
