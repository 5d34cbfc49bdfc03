//! What a handful of values looks like.

use serde::Serialize;

use super::estimate::{Interval, is_rounding};
use super::student;

/// Mean, spread and middle of the values of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Description {
    /// How many values.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (divisor n - 1); `None` for one value.
    pub sd: Option<f64>,
    /// Median; the mean of the middle two for an even n.
    pub median: f64,
    /// Lowest value.
    pub lowest: f64,
    /// Highest value.
    pub highest: f64,
    /// t interval of the mean, mean ± t(1 - alpha/2, n - 1) · sd / √n; `None` for one value, and for values that do not
    /// vary beyond rounding: they say nothing of how far the mean may be.
    pub interval: Option<Interval>,
}

/// Describes finite values, with an interval of level 1 - `alpha`; `None` when there are none.
///
/// The interval is about the mean of the population of seeds and assumes that values are roughly normal. It must not be
/// used to judge a difference between two arms that were paired: two overlapping intervals do not mean that there is
/// none.
pub fn describe(values: &[f64], alpha: f64) -> Option<Description> {
    let mean = mean(values)?;
    let sd = standard_deviation(values);
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let median = middle(&sorted);
    let largest = sorted[0].abs().max(sorted[n - 1].abs());
    let interval = sd.filter(|sd| !is_rounding(*sd, largest)).and_then(|sd| {
        let half = student::quantile(1.0 - alpha / 2.0, (n - 1) as f64)? * sd / (n as f64).sqrt();
        half.is_finite().then_some(Interval { low: mean - half, high: mean + half })
    });
    Some(Description { n, mean, sd, median, lowest: sorted[0], highest: sorted[n - 1], interval })
}

/// The arithmetic mean: one pass, then one correction by the mean residual, so that it is right to the last digits.
/// `None` without values, and where it is not finite.
pub fn mean(values: &[f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let n = values.len() as f64;
    let rough = values.iter().sum::<f64>() / n;
    Some(rough + values.iter().map(|value| value - rough).sum::<f64>() / n).filter(|mean| mean.is_finite())
}

/// The median, the mean of the middle two for an even number of values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    (!sorted.is_empty()).then(|| middle(&sorted))
}

fn middle(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    if n % 2 == 1 { sorted[n / 2] } else { f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]) }
}

/// The sample standard deviation, √(Σ(x - mean)² / (n - 1)), in two passes; `None` for fewer than two values,
/// and where it is not finite.
pub fn standard_deviation(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let centre = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - centre) * (value - centre)).sum();
    if squares.is_normal() {
        return Some((squares / (values.len() - 1) as f64).sqrt());
    }
    // The squares left the range of floats: in units of the largest distance they do not.
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max((value - centre).abs()));
    if largest <= 0.0 || !largest.is_finite() {
        return (largest <= 0.0).then_some(0.0);
    }
    let squares: f64 = values.iter().map(|value| ((value - centre) / largest).powi(2)).sum();
    Some(largest * (squares / (values.len() - 1) as f64).sqrt()).filter(|spread| spread.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_sample() {
        // Python's statistics.mean and stdev; the low end by hand with t(0.975, 4) = 2.7764451051977987.
        let found = describe(&[0.712, 0.734, 0.721, 0.745, 0.729], 0.05).unwrap();
        assert!((found.mean - 0.7282).abs() < 1e-15);
        assert!((found.sd.unwrap() - 0.012_557_866_060_760_493).abs() < 1e-15);
        assert!((found.median - 0.729).abs() < f64::EPSILON);
        let interval = found.interval.unwrap();
        assert!((interval.low - 0.712_607_349_818_088_7).abs() < 1e-12, "{interval:?}");
    }

    #[test]
    fn values_that_do_not_vary_have_no_interval() {
        let found = describe(&[0.7; 5], 0.05).unwrap();
        assert!(found.sd.unwrap() < 1e-15 && found.interval.is_none(), "{found:?}");
        // A tenth added to values that differ in decimal by nothing.
        let rounded = describe(&[0.6 - 0.5, 0.7 - 0.6, 0.8 - 0.7, 0.9 - 0.8], 0.05).unwrap();
        assert!(rounded.sd.unwrap() > 0.0, "{rounded:?}");
        assert!(describe(&[0.7, 0.7, 0.700_000_1], 0.05).unwrap().interval.is_some());
    }

    #[test]
    fn one_value_has_no_spread_and_none_has_nothing() {
        let found = describe(&[2.0], 0.05).unwrap();
        assert_eq!((found.sd, found.interval, found.n), (None, None, 1));
        assert_eq!(describe(&[], 0.05), None);
    }
}
