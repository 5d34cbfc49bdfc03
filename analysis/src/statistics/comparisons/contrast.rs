//! A difference of two arms among several.

use serde::Serialize;

use crate::statistics::estimate::Interval;

/// A difference of means, the first arm minus the second, judged together with others.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Contrast {
    /// The two arms, counted from 0.
    pub arms: [usize; 2],
    /// The difference.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// The difference over its standard error.
    pub t: f64,
    /// Degrees of freedom of the standard error.
    pub df: f64,
    /// Two-sided p value, adjusted for all comparisons of the family, in (0, 1].
    pub p: f64,
    /// Interval of the difference; all of the family cover at once with probability 1 - alpha.
    pub interval: Interval,
}

impl Contrast {
    /// The contrast with a critical value for |t|.
    pub(super) fn of(arms: [usize; 2], difference: f64, error: Error, p: f64, critical: f64) -> Self {
        let half = critical * error.size;
        Self {
            arms,
            difference,
            standard_error: error.size,
            t: difference / error.size,
            df: error.df,
            p,
            interval: Interval { low: difference - half, high: difference + half },
        }
    }
}

/// A standard error and its degrees of freedom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Error {
    pub(super) size: f64,
    pub(super) df: f64,
}
