//! The interval that shows equivalence.

use super::comparison::Comparison;
use crate::statistics::estimate::Interval;
use crate::statistics::student;

/// The interval of level 1 - 2·`level` for a difference: the two one-sided tests at `level` pass where it lies within
/// the margin. `None` where nothing was tested.
pub fn one_sided_interval(comparison: &Comparison, level: f64) -> Option<Interval> {
    let estimate = comparison.estimate?;
    let test = estimate.test()?;
    let half = student::quantile(1.0 - level, test.df)? * test.standard_error;
    Some(Interval { low: estimate.difference - half, high: estimate.difference + half })
}

/// The smallest margin that the two one-sided tests would have passed at `level`: the farther end of that interval.
pub fn smallest_margin(comparison: &Comparison, level: f64) -> Option<f64> {
    one_sided_interval(comparison, level).map(|interval| interval.low.abs().max(interval.high.abs()))
}
