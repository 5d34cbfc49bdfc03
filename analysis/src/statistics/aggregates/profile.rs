//! Performance profiles.

use serde::Serialize;

use crate::statistics::estimate::Interval;

/// One point of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// A score.
    pub threshold: f64,
    /// The share of runs above it.
    pub share: f64,
    /// A band that holds for all thresholds at once, cut to [0, 1].
    pub band: Interval,
}

/// The share of runs above each threshold, with a band of level 1 - `alpha` for the whole curve.
///
/// The band is share ± √(ln(2/alpha) / 2n), for n independent runs of one distribution; runs of several tasks are not
/// that, and there the band is for these tasks only. A profile that lies above another everywhere is better by any
/// increasing measure. Empty without values; `alpha` lies in (0, 1).
///
/// Source: Dolan and Moré (2002); Agarwal et al. (2021); band of Dvoretzky, Kiefer and Wolfowitz with Massart's
/// constant (1990).
pub fn performance_profile(values: &[f64], thresholds: &[f64], alpha: f64) -> Vec<Point> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len() as f64;
    let half = ((2.0 / alpha).ln() / (2.0 * n)).sqrt();
    let point = |threshold: &f64| {
        let above = sorted.len() - sorted.partition_point(|value| value <= threshold);
        let share = above as f64 / n;
        let band = Interval { low: (share - half).max(0.0), high: (share + half).min(1.0) };
        Point { threshold: *threshold, share, band }
    };
    thresholds.iter().map(point).collect()
}
