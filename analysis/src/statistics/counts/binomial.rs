//! Counts out of a number of trials.

use crate::statistics::distributions::beta::{self, Share};
use crate::statistics::distributions::normal;
use crate::statistics::estimate::Interval;

/// The exact two-sided p value of `successes` in `trials` against a chance of 1/2: twice the smaller tail, at most 1
/// and never 0; the smallest normal number where it would be, as with 1,075 of 1,075.
pub fn fair_p(successes: u64, trials: u64) -> f64 {
    let fewer = successes.min(trials - successes);
    (2.0 * fair_tail(fewer, trials)).clamp(f64::MIN_POSITIVE, 1.0)
}

/// The probability of at most `successes` in `trials` at a chance of 1/2.
pub(super) fn fair_tail(successes: u64, trials: u64) -> f64 {
    if successes >= trials {
        return 1.0;
    }
    let half = Share { part: 0.5, rest: 0.5 };
    beta::cumulative(half, (trials - successes) as f64, (successes + 1) as f64)
}

/// The interval of Clopper and Pearson for a chance: it covers at least 1 - `alpha`. `None` without trials.
///
/// Source: Clopper and Pearson (1934), Biometrika 26.
pub fn clopper_pearson(successes: u64, trials: u64, alpha: f64) -> Option<Interval> {
    if trials == 0 || successes > trials {
        return None;
    }
    let (k, n) = (successes as f64, trials as f64);
    let low = if successes == 0 { 0.0 } else { beta::quantile(alpha / 2.0, k, n - k + 1.0) };
    let high = if successes == trials { 1.0 } else { 1.0 - beta::quantile(alpha / 2.0, n - k, k + 1.0) };
    Some(Interval { low, high })
}

/// The score interval of Wilson for a chance: it covers about 1 - `alpha`, closer than that of Clopper and Pearson.
///
/// (p̂ + z²/2n ± z √(p̂(1 - p̂)/n + z²/4n²)) / (1 + z²/n). Assumes independent trials: items of one paradigm, or the
/// same items under several seeds, are not. `None` without trials or for an alpha outside (0, 1).
///
/// Source: Wilson (1927), Journal of the American Statistical Association 22.
pub fn wilson(successes: u64, trials: u64, alpha: f64) -> Option<Interval> {
    if trials == 0 || successes > trials {
        return None;
    }
    let z = normal::upper_quantile(alpha / 2.0)?;
    let n = trials as f64;
    let share = successes as f64 / n;
    let square = z * z / n;
    let centre = (share + square / 2.0) / (1.0 + square);
    let half = z / (1.0 + square) * (share * (1.0 - share) / n + square / (4.0 * n)).sqrt();
    Some(Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_range() {
        // All of n: the low end solves pⁿ = alpha/2.
        let found = clopper_pearson(5, 5, 0.05).unwrap();
        assert!((found.low - 0.025_f64.powf(0.2)).abs() < 1e-12 && (found.high - 1.0).abs() <= 0.0);
        let none = clopper_pearson(0, 5, 0.05).unwrap();
        assert!(none.low.abs() <= 0.0 && (none.high - (1.0 - found.low)).abs() < 1e-12);
        assert_eq!((clopper_pearson(0, 0, 0.05), wilson(0, 0, 0.05)), (None, None));
        assert!((fair_p(0, 0) - 1.0).abs() <= 0.0);
        assert!((fair_p(0, 60) / 2.0_f64.powi(-59) - 1.0).abs() < 1e-12);
    }
}
