//! The t test for folds of one data set, corrected for what they share.

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::{Conclusion, Estimate, is_rounding, tested};

/// Tests the mean difference of two models over the folds of one data set, each of which was tested on a share of it:
/// `pairs` holds (level, baseline) of the same fold, and `ratio` is the number of test items over that of training
/// items, 1/9 for ten folds.
///
/// t = d̄ / √(s² (1/n + ratio)) with n - 1 degrees of freedom: folds share training data, so that their differences
/// correlate, and the plain test would reject far too often.
///
/// Only where rows are folds or splits of one data set. Seeds are independent of each other: for them it is the paired
/// test, and this one would throw most of their evidence away. `None` without pairs and for a ratio that is negative or
/// not finite.
///
/// Source: Nadeau and Bengio (2003), Machine Learning 52.
pub fn corrected_t(pairs: &[(f64, f64)], ratio: f64, alpha: f64) -> Option<Estimate> {
    if !(ratio >= 0.0 && ratio.is_finite()) {
        return None;
    }
    let differences: Vec<f64> = pairs.iter().map(|(level, baseline)| level - baseline).collect();
    let difference = mean(&differences)?;
    let estimate = |conclusion| Some(Estimate { difference, conclusion });
    if differences.iter().all(|difference| difference.abs() <= 0.0) {
        return estimate(Conclusion::Identical);
    }
    let Some(spread) = standard_deviation(&differences) else { return estimate(Conclusion::TooFew) };
    let largest = pairs.iter().map(|(level, baseline)| level.abs().max(baseline.abs())).fold(0.0, f64::max);
    if is_rounding(spread, largest) {
        return estimate(Conclusion::NoSpread);
    }
    let n = differences.len() as f64;
    tested(difference, spread * (n.recip() + ratio).sqrt(), n - 1.0, alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::paired::paired_t;

    #[test]
    fn nothing_shared_is_the_paired_test() {
        let pairs = [0.01, 0.02, 0.005, 0.018].map(|difference| (difference, 0.0));
        let (found, known) = (corrected_t(&pairs, 0.0, 0.05).unwrap(), paired_t(&pairs, 0.05).unwrap());
        assert!((found.test().unwrap().t / known.test().unwrap().t - 1.0).abs() < 1e-14);
        assert_eq!(corrected_t(&[(0.1, 0.0); 3], 0.1, 0.05).unwrap().conclusion, Conclusion::NoSpread);
        assert_eq!(corrected_t(&[(0.1, 0.0)], 0.1, 0.05).unwrap().conclusion, Conclusion::TooFew);
        assert_eq!(corrected_t(&pairs, f64::NAN, 0.05), None);
        assert_eq!(corrected_t(&[(0.1, 0.0), (f64::NAN, 0.0)], 0.1, 0.05), None);
        // One decimal difference of large values: as floats the three differ by what is rounding of 30, but not of 0.1.
        let equal = [(10.1, 10.0), (20.1, 20.0), (30.1, 30.0)];
        assert_eq!(corrected_t(&equal, 0.1, 0.05).unwrap().conclusion, Conclusion::NoSpread);
    }
}
