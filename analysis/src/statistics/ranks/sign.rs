//! The sign test.

use serde::Serialize;

use crate::statistics::counts::binomial;
use crate::statistics::estimate::Interval;

/// The test of a set of differences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Sign {
    /// How many differences are above 0.
    pub positive: u64,
    /// How many are not 0.
    pub n: u64,
    /// Two-sided exact p value.
    pub p: f64,
    /// Exact interval of level 1 - alpha for the share of positive differences; `None` when all differences are 0.
    pub interval: Option<Interval>,
}

/// Tests whether differences are above 0 as often as below.
///
/// The number of positive ones among those other than 0 is binomial with chance 1/2. Assumes only that differences are
/// independent. It is the weakest of the paired tests, and the one to use where only the order of two runs is known.
/// `None` without differences, or where one is NaN.
///
/// Source: Arbuthnott (1710), Philosophical Transactions 27; interval of Clopper and Pearson (1934), Biometrika 26.
pub fn sign(differences: &[f64], alpha: f64) -> Option<Sign> {
    if differences.is_empty() || differences.iter().any(|d| d.is_nan()) {
        return None;
    }
    let positive = differences.iter().filter(|d| **d > 0.0).count() as u64;
    let n = differences.iter().filter(|d| d.abs() > 0.0).count() as u64;
    Some(Sign {
        positive,
        n,
        p: binomial::fair_p(positive, n),
        interval: binomial::clopper_pearson(positive, n, alpha),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_zero_and_none() {
        let found = sign(&[0.0, 0.0], 0.05).unwrap();
        assert_eq!((found.n, found.p.to_bits(), found.interval), (0, 1.0_f64.to_bits(), None));
        assert_eq!(sign(&[], 0.05), None);
    }
}
