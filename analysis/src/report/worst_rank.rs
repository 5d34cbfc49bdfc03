//! Diverged runs as the worst outcome there is: the look at a comparison that loses none of them.

use std::collections::BTreeSet;

use serde::Serialize;
use spec::analysis::Pairing;
use spec::metric::Direction;

use super::index::Values;
use crate::results::Seed;
use crate::statistics::ranks::decimal;
use crate::statistics::ranks::mann_whitney::mann_whitney;
use crate::statistics::ranks::signed_rank::{Zeros, signed_rank};

/// Whom a test by ranks favours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Favours {
    /// The level.
    Level,
    /// The baseline.
    Baseline,
    /// Neither of them.
    Neither,
}

/// The test of all runs that ended, a diverged one ranked behind every other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WorstRank {
    /// Diverged runs of the level and of the baseline.
    pub diverged: [usize; 2],
    /// Seeds, or runs of both arms where they are not paired, that it rests on.
    pub n: usize,
    /// The p value of the signed-rank test, or of Mann and Whitney's where runs are not paired.
    pub p: f64,
    /// Whether it is exact; it is asymptotic beyond 200 pairs, or 100 runs of both arms.
    pub exact: bool,
    /// The smallest p that so many runs can give.
    pub floor: f64,
    /// Whose runs rank before the other's.
    pub favours: Favours,
}

/// An arm: what it measured, and which seeds diverged.
pub(super) struct Outcomes<'a> {
    pub(super) values: &'a Values<'a>,
    pub(super) diverged: &'a BTreeSet<&'a Seed>,
}

impl Outcomes<'_> {
    /// The value of a seed, with higher ones better; a diverged run is below all.
    fn of(&self, seed: &Seed, direction: Direction) -> Option<f64> {
        let value = match self.values.get(seed) {
            Some(value) => *value,
            None if self.diverged.contains(seed) => return Some(f64::NEG_INFINITY),
            None => return None,
        };
        Some(if direction == Direction::Higher { value } else { -value })
    }

    fn all(&self, direction: Direction) -> Vec<f64> {
        let seeds: BTreeSet<&Seed> = self.values.keys().chain(self.diverged).copied().collect();
        seeds.into_iter().filter_map(|seed| self.of(seed, direction)).collect()
    }
}

/// `None` where no run of either arm diverged, or nothing is left to compare.
pub(super) fn worst_rank(
    level: &Outcomes<'_>,
    baseline: &Outcomes<'_>,
    direction: Direction,
    pairing: Pairing,
) -> Option<WorstRank> {
    let diverged = [level.diverged.len(), baseline.diverged.len()];
    if diverged == [0, 0] {
        return None;
    }
    let favours = |side: f64| match side {
        side if side > 0.0 => Favours::Level,
        side if side < 0.0 => Favours::Baseline,
        _ => Favours::Neither,
    };
    match pairing {
        Pairing::Seed => {
            let seeds: BTreeSet<&Seed> = level.values.keys().chain(level.diverged).copied().collect();
            let pairs: Vec<(f64, f64)> = seeds
                .into_iter()
                .filter_map(|seed| Some((level.of(seed, direction)?, baseline.of(seed, direction)?)))
                .collect();
            let found = signed_rank(&decimal::differences(&pairs), Zeros::Ranked)?;
            let favours = favours(found.positive - found.negative);
            Some(WorstRank { diverged, n: pairs.len(), p: found.p, exact: found.exact, floor: found.floor, favours })
        }
        Pairing::None => {
            let (level, baseline) = (level.all(direction), baseline.all(direction));
            let found = mann_whitney(&level, &baseline)?;
            let n = level.len() + baseline.len();
            let (p, exact, floor) = (found.p, found.exact, found.floor);
            Some(WorstRank { diverged, n, p, exact, floor, favours: favours(found.cliff()) })
        }
    }
}
