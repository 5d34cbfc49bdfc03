//! The test of Brunner and Munzel.

use serde::Serialize;

use super::midranks;
use crate::statistics::estimate::{Interval, satterthwaite};
use crate::statistics::student;

/// The test of two groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct BrunnerMunzel {
    /// The chance that a run of the level is above one of the baseline, a tie for one half.
    pub superiority: f64,
    /// The statistic, positive where the level is above.
    pub t: f64,
    /// Its degrees of freedom.
    pub df: f64,
    /// Two-sided p value against a chance of 1/2.
    pub p: f64,
    /// Interval of level 1 - alpha for the chance, cut to [0, 1].
    pub interval: Interval,
}

/// Tests whether a run of one group is as likely to be above as below one of the other, whatever their spreads.
///
/// With ranks among all values and within the own group, the variance of each group's placements is estimated apart,
/// and the statistic is compared with Student's t at Satterthwaite's degrees of freedom. Unlike Mann and Whitney's it
/// holds when the groups differ in spread. It wants some ten runs a group. `None` for fewer than two values in a group,
/// for NaN, and when the groups do not overlap: then the placements have no spread from which an error could be told.
///
/// Source: Brunner and Munzel (2000), Biometrical Journal 42.
pub fn brunner_munzel(level: &[f64], baseline: &[f64], alpha: f64) -> Option<BrunnerMunzel> {
    if level.len() < 2 || baseline.len() < 2 || level.iter().chain(baseline).any(|value| value.is_nan()) {
        return None;
    }
    let all = midranks::doubled(&[level, baseline].concat());
    let (n, m) = (level.len() as f64, baseline.len() as f64);
    let (above, spread) = placements(&all[..level.len()], &midranks::doubled(level));
    let (_, other_spread) = placements(&all[level.len()..], &midranks::doubled(baseline));
    let superiority = above / m;
    let (share, other_share) = (spread / (n * m * m), other_spread / (m * n * n));
    let variance = share + other_share;
    if variance <= 0.0 {
        return None;
    }
    let df = satterthwaite(&[(share, n - 1.0), (other_share, m - 1.0)]);
    let error = variance.sqrt();
    let t = (superiority - 0.5) / error;
    let half = student::quantile(1.0 - alpha / 2.0, df)? * error;
    let interval = Interval { low: (superiority - half).max(0.0), high: (superiority + half).min(1.0) };
    Some(BrunnerMunzel { superiority, t, df, p: student::two_sided(t, df)?, interval })
}

/// Mean and variance of how many values of the other group lie below each value: its rank among all less that in its
/// group.
fn placements(among_all: &[u64], within: &[u64]) -> (f64, f64) {
    let counts: Vec<f64> = among_all.iter().zip(within).map(|(all, own)| (all - own) as f64 / 2.0).collect();
    let n = counts.len() as f64;
    let mean = counts.iter().sum::<f64>() / n;
    (mean, counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_apart_and_groups_too_small() {
        assert_eq!(brunner_munzel(&[3.0, 4.0], &[1.0, 2.0], 0.05), None);
        assert_eq!(brunner_munzel(&[3.0], &[1.0, 2.0], 0.05), None);
    }

    #[test]
    fn swapping_the_arms_flips_the_sign() {
        let (x, y) = ([1.0, 2.0, 2.0, 3.0, 5.0, 5.0], [2.0, 3.0, 3.0, 4.0, 6.0]);
        let (one, other) = (brunner_munzel(&x, &y, 0.05).unwrap(), brunner_munzel(&y, &x, 0.05).unwrap());
        assert!((one.t + other.t).abs() < 1e-14 && (one.p - other.p).abs() < 1e-14);
        assert!((one.superiority + other.superiority - 1.0).abs() < 1e-14);
    }
}
