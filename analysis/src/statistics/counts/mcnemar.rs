//! McNemar's test for two models on the same items.

use serde::Serialize;

use super::binomial;
use crate::statistics::distributions::normal;

/// The test of two models that answered the same items.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct McNemar {
    /// Items that only the level answered rightly.
    pub level_only: u64,
    /// Items that only the baseline answered rightly.
    pub baseline_only: u64,
    /// Exact two-sided p value, in (0, 1].
    pub exact: f64,
    /// The exact p value less half of what the observed table itself weighs: less cautious, still close to its level.
    pub mid: f64,
    /// The χ² statistic with the continuity correction, (|b - c| - 1)² / (b + c); 0 where no item tells them apart.
    pub chi_square: f64,
    /// Its p value.
    pub asymptotic: f64,
}

/// Compares two models by the items on which exactly one of them was right.
///
/// Under the null hypothesis each such item is as likely to be the one's as the other's. Speaks about the population of
/// items for one trained pair of models, not about seeds: with several seeds see
/// [`crate::statistics::resampling::two_way`]. Assumes that items are independent; items of one paradigm are not.
///
/// Source: McNemar (1947), Psychometrika 12; mid-p: Fagerland, Lydersen and Laake (2013), BMC Medical Research
/// Methodology 13.
pub fn mcnemar(level_only: u64, baseline_only: u64) -> McNemar {
    let n = level_only + baseline_only;
    let fewer = level_only.min(baseline_only);
    let exact = binomial::fair_p(fewer, n);
    let tail = binomial::fair_tail(fewer, n);
    let weight = tail - if fewer == 0 { 0.0 } else { binomial::fair_tail(fewer - 1, n) };
    let mid = (2.0 * tail - weight).clamp(f64::MIN_POSITIVE, 1.0);
    let distance = (level_only.abs_diff(baseline_only) as f64 - 1.0).max(0.0);
    let chi_square = if n == 0 { 0.0 } else { distance * distance / n as f64 };
    McNemar { level_only, baseline_only, exact, mid, chi_square, asymptotic: normal::two_sided(chi_square.sqrt()) }
}

/// The table of [`mcnemar`] from what each model answered rightly, item by item; `None` when the lengths differ.
pub fn of_items(level: &[bool], baseline: &[bool]) -> Option<McNemar> {
    if level.len() != baseline.len() {
        return None;
    }
    let only =
        |one: &[bool], other: &[bool]| one.iter().zip(other).filter(|(one, other)| **one && !**other).count() as u64;
    Some(mcnemar(only(level, baseline), only(baseline, level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_that_do_not_tell() {
        let found = of_items(&[true, false], &[true, false]).unwrap();
        assert_eq!((found.exact.to_bits(), found.asymptotic.to_bits()), (1.0_f64.to_bits(), 1.0_f64.to_bits()));
        assert!((mcnemar(1, 1).mid - 1.0).abs() < 1e-14);
        assert_eq!(of_items(&[true], &[]), None);
        assert_eq!(of_items(&[true, true, false], &[false, true, true]).unwrap().level_only, 1);
    }
}
