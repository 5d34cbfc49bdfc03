//! The test of Mann and Whitney, which is Wilcoxon's rank-sum test.

use serde::Serialize;

use super::{attainable, midranks};
use crate::statistics::distributions::normal;

/// The most values, of both groups together, for which the exact distribution is counted out.
pub(super) const EXACT: usize = 100;

/// The test of two groups.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct MannWhitney {
    /// U: in how many pairs of values the level is above the baseline, a tie for one half.
    pub u: f64,
    /// U over the number of pairs: the chance that a run of the level beats one of the baseline (A of Vargha and
    /// Delaney).
    pub superiority: f64,
    /// Two-sided p value, in (0, 1].
    pub p: f64,
    /// Whether p is exact; if not, it is the asymptotic one.
    pub exact: bool,
    /// The smallest p value that groups of these sizes can give.
    pub floor: f64,
}

impl MannWhitney {
    /// Cliff's delta, 2A - 1: how much more often the level is above than below.
    ///
    /// Source: Cliff (1993), Psychological Bulletin 114; Vargha and Delaney (2000).
    pub fn cliff(&self) -> f64 {
        2.0 * self.superiority - 1.0
    }
}

/// Tests whether two independent groups come from one distribution, by the ranks of all values together.
///
/// The distribution is that of all ways to choose the level's ranks out of the ranks at hand, ties included; p is twice
/// the smaller tail. Up to 100 values it is counted out exactly, beyond that it is [`asymptotic`] with the continuity
/// correction.
///
/// Values may be ±∞. It is a test of medians only where the groups differ by a shift; with unequal spread see
/// [`super::brunner_munzel`]. Not for runs that share their seeds. `None` if a group is empty or a value NaN.
///
/// Source: Wilcoxon (1945), Biometrics Bulletin 1; Mann and Whitney (1947), Annals of Mathematical Statistics 18.
pub fn mann_whitney(level: &[f64], baseline: &[f64]) -> Option<MannWhitney> {
    let pooled = Pooled::of(level, baseline)?;
    let exact = pooled.ranks.len() <= EXACT;
    let p = if exact { pooled.exact_p() } else { pooled.normal(true).1 };
    let u = pooled.u();
    let floor = attainable::rank_sum(level.len(), baseline.len());
    Some(MannWhitney { u, superiority: u / (pooled.n * pooled.m) as f64, p, exact, floor })
}

/// The statistic and two-sided p value by the normal approximation, with the variance corrected for ties:
/// z = (U - nm/2) / √(nm/12 · (N + 1 - Σ(t³ - t)/(N(N - 1)))); `continuity` takes 1/2 off the distance first.
///
/// z is 0 and p is 1 when all values are equal; `None` if a group is empty or a value NaN.
pub fn asymptotic(level: &[f64], baseline: &[f64], continuity: bool) -> Option<(f64, f64)> {
    Some(Pooled::of(level, baseline)?.normal(continuity))
}

/// The doubled ranks of both groups together, those of the level first.
struct Pooled {
    ranks: Vec<u64>,
    n: usize,
    m: usize,
}

impl Pooled {
    fn of(level: &[f64], baseline: &[f64]) -> Option<Self> {
        if level.is_empty() || baseline.is_empty() || level.iter().chain(baseline).any(|value| value.is_nan()) {
            return None;
        }
        let ranks = midranks::doubled(&[level, baseline].concat());
        Some(Self { ranks, n: level.len(), m: baseline.len() })
    }

    fn u(&self) -> f64 {
        let sum: u64 = self.ranks[..self.n].iter().sum();
        (sum - (self.n * (self.n + 1)) as u64) as f64 / 2.0
    }

    fn exact_p(&self) -> f64 {
        let total: u64 = self.ranks.iter().sum();
        let observed: u64 = self.ranks[..self.n].iter().sum();
        let below = choices(&self.ranks, self.n, observed);
        // The upper tail is the lower one of the values left over.
        let above = choices(&self.ranks, self.m, total - observed);
        (2.0 * below.min(above) / attainable::choose(self.ranks.len(), self.n)).min(1.0)
    }

    fn normal(&self, continuity: bool) -> (f64, f64) {
        let (n, m) = (self.n as f64, self.m as f64);
        let all = n + m;
        let tied: f64 = midranks::ties(&self.ranks).into_iter().map(|t| (t as f64).powi(3) - t as f64).sum();
        let variance = n * m / 12.0 * (all + 1.0 - tied / (all * (all - 1.0)));
        let distance = self.u() - n * m / 2.0;
        if variance <= 0.0 {
            return (0.0, 1.0);
        }
        let correction = if continuity { distance.abs().min(0.5) } else { 0.0 };
        let z = (distance - correction.copysign(distance)) / variance.sqrt();
        (z, normal::two_sided(z))
    }
}

/// In how many ways `count` of the ranks sum to at most `reach`.
fn choices(ranks: &[u64], count: usize, reach: u64) -> f64 {
    let width = reach as usize + 1;
    let mut ways = vec![vec![0.0; width]; count + 1];
    ways[0][0] = 1.0;
    for (taken, rank) in ranks.iter().enumerate() {
        let rank = *rank as usize;
        for chosen in (1..=count.min(taken + 1)).rev() {
            let (fewer, more) = ways.split_at_mut(chosen);
            for (sum, from) in (rank..width).zip(&fewer[chosen - 1]) {
                more[0][sum] += from;
            }
        }
    }
    ways[count].iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edge_cases() {
        // mwu_n1: the floor is 2/3.
        let found = mann_whitney(&[1.0], &[2.0, 3.0]).unwrap();
        assert!((found.p - 2.0 / 3.0).abs() < 1e-15 && (found.floor - 2.0 / 3.0).abs() < 1e-15);
        let equal = mann_whitney(&[1.0, 1.0], &[1.0, 1.0]).unwrap();
        assert!((equal.p - 1.0).abs() < 1e-15 && equal.cliff().abs() < 1e-15);
        assert_eq!(asymptotic(&[1.0, 1.0], &[1.0], true), Some((0.0, 1.0)));
        assert_eq!(mann_whitney(&[], &[1.0]), None);
        assert!((mann_whitney(&[f64::INFINITY, 5.0], &[1.0, 2.0]).unwrap().u - 4.0).abs() < 1e-15);
    }

    #[test]
    fn fifty_in_each_group_do_not_overflow() {
        let level: Vec<f64> = (51..=100).map(f64::from).collect();
        let baseline: Vec<f64> = (1..=50).map(f64::from).collect();
        let found = mann_whitney(&level, &baseline).unwrap();
        assert!(found.exact && (found.p / found.floor - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn swapping_the_arms_turns_u_around() {
        let (x, y) = ([1.0, 2.0, 2.0, 3.0, 5.0], [2.0, 3.0, 6.0]);
        let (one, other) = (mann_whitney(&x, &y).unwrap(), mann_whitney(&y, &x).unwrap());
        assert_eq!(one.p.to_bits(), other.p.to_bits());
        assert!((one.cliff() + other.cliff()).abs() < 1e-15);
    }
}
