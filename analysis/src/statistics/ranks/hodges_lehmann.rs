//! The estimates of Hodges and Lehmann, with the intervals that belong to the rank tests.

use serde::Serialize;

use super::{attainable, mann_whitney, signed_rank};
use crate::statistics::distributions::normal;
use crate::statistics::estimate::Interval;

/// An estimate of a shift that belongs to a rank test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shift {
    /// The estimate.
    pub estimate: f64,
    /// The interval and the level that it really has, at least 1 - alpha; `None` where so few values cannot give one.
    pub interval: Option<(Interval, f64)>,
    /// Whether that level is counted out, as the p value of the test is for so few values; if not, it is that of the
    /// normal approximation.
    pub exact: bool,
}

/// The median of the means of all pairs of differences, each with itself too.
///
/// The interval turns the signed-rank test around: from the (C + 1)-th smallest to the (C + 1)-th largest mean, with C
/// the largest count whose tail is at most alpha/2: counted out for up to 200 differences, and beyond that by the
/// normal approximation with the correction for continuity. Assumes differences symmetric about the shift; with ties
/// the level is at least the stated one. `None` without differences or with one that is not finite.
///
/// Source: Hodges and Lehmann (1963), Annals of Mathematical Statistics 34; Tukey (1949).
pub fn paired(differences: &[f64], alpha: f64) -> Option<Shift> {
    let n = differences.len();
    let mut means: Vec<f64> =
        (0..n).flat_map(|i| differences[i..].iter().map(move |other| f64::midpoint(differences[i], *other))).collect();
    let exact = n <= signed_rank::EXACT;
    let cut = if exact {
        let ranks: Vec<u64> = (1..=n as u64).collect();
        counted(&signed_rank::distribution(&ranks, means.len() / 2), alpha)
    } else {
        let n = n as f64;
        approximate(n * (n + 1.0) / 4.0, n * (n + 1.0) * (2.0 * n + 1.0) / 24.0, alpha)
    };
    shift(&mut means, cut, exact)
}

/// The median of all differences of a value of `level` and one of `baseline`.
///
/// The interval turns Mann and Whitney's test around in the same way, with counts for up to 100 values of both groups
/// together. Assumes that the groups differ by a shift. `None` if a group is empty or has a value that is not finite.
///
/// Source: Hodges and Lehmann (1963); Moses (1953).
pub fn independent(level: &[f64], baseline: &[f64], alpha: f64) -> Option<Shift> {
    let mut differences: Vec<f64> = level.iter().flat_map(|x| baseline.iter().map(move |y| x - y)).collect();
    let (n, m) = (level.len(), baseline.len());
    if n == 0 || m == 0 {
        return None;
    }
    let exact = n + m <= mann_whitney::EXACT;
    let cut = if exact {
        counted(&u_distribution(n, m), alpha)
    } else {
        let (n, m) = (n as f64, m as f64);
        approximate(n * m / 2.0, n * m * (n + m + 1.0) / 12.0, alpha)
    };
    shift(&mut differences, cut, exact)
}

/// How many values an interval leaves out at either end, and the tail of that.
type Cut = (usize, f64);

fn shift(values: &mut [f64], cut: Option<Cut>, exact: bool) -> Option<Shift> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    values.sort_by(f64::total_cmp);
    let k = values.len();
    let estimate = f64::midpoint(values[(k - 1) / 2], values[k / 2]);
    let interval = cut
        .filter(|(count, _)| *count < k.div_ceil(2))
        .map(|(count, tail)| (Interval { low: values[count], high: values[k - 1 - count] }, 1.0 - 2.0 * tail));
    Some(Shift { estimate, interval, exact })
}

/// The largest count whose tail, the sum of the masses up to it, is at most alpha/2.
fn counted(masses: &[f64], alpha: f64) -> Option<Cut> {
    let mut tail = 0.0;
    let tails = masses.iter().map(|mass| {
        tail += mass;
        tail
    });
    // A tail that equals alpha/2 but for rounding is taken.
    tails.enumerate().take_while(|(_, tail)| *tail <= alpha / 2.0 * (1.0 + 1e-12)).last()
}

/// The largest count whose tail is at most alpha/2, for a count that is nearly normal with `mean` and `variance`.
fn approximate(mean: f64, variance: f64, alpha: f64) -> Option<Cut> {
    let deviation = variance.sqrt();
    let count = (mean - 0.5 - normal::upper_quantile(alpha / 2.0)? * deviation).floor();
    (count >= 0.0).then(|| (count as usize, normal::upper_tail((mean - 0.5 - count) / deviation)))
}

/// The probabilities of U = 0, 1, … without ties, up to the middle: the coefficients of a Gaussian binomial over C(n +
/// m, n).
///
/// Only positive numbers are added, so that even the far tail is right to the last digits; for the few values of an
/// exact test.
fn u_distribution(n: usize, m: usize) -> Vec<f64> {
    let (n, m) = (n.min(m), n.max(m));
    let reach = n * m / 2;
    let mut ways = vec![vec![0.0; reach + 1]; n + 1];
    ways[0][0] = 1.0;
    // A partition into at most n parts of at most m: parts are added one size at a time.
    for part in 0..=m {
        for count in 1..=n {
            let (fewer, more) = ways.split_at_mut(count);
            for (sum, from) in (part..=reach).zip(&fewer[count - 1]) {
                more[0][sum] += from;
            }
        }
    }
    let all = attainable::choose(n + m, n);
    ways[n].iter().map(|ways| ways / all).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_groups_by_hand() {
        // C(4, 2) = 6 ways: U = 0, 1, 2, 2, 3, 4.
        let found = u_distribution(2, 2);
        for (found, expected) in found.iter().zip([1.0 / 6.0, 1.0 / 6.0, 2.0 / 6.0]) {
            assert!((found - expected).abs() < 1e-15);
        }
        let shift = independent(&[3.0, 5.0, 4.5, 6.0], &[1.0, 2.0, 0.5, 2.5], 0.05).unwrap();
        let (interval, level) = shift.interval.unwrap();
        assert!((level - (1.0 - 2.0 / 70.0)).abs() < 1e-14);
        assert!((interval.low - 0.5).abs() < 1e-15 && (interval.high - 5.5).abs() < 1e-15);
    }

    #[test]
    fn five_differences_have_no_interval_of_95_percent() {
        let found = paired(&[0.1, 0.2, 0.3, 0.4, 0.5], 0.05).unwrap();
        assert!(found.interval.is_none() && (found.estimate - 0.3).abs() < 1e-15);
        assert_eq!(paired(&[], 0.05), None);
        assert_eq!(paired(&[f64::INFINITY], 0.05), None);
        assert_eq!(independent(&[], &[1.0], 0.05), None);
    }
}
