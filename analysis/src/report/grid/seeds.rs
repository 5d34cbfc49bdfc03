//! What each seed says of a difference, and how well it is known with no error but its own.

use std::collections::BTreeMap;
use std::ops::Range;

use spec::analysis::Pairing;

use super::Grid;
use crate::results::Seed;
use crate::statistics::contrast::contrast_t;
use crate::statistics::describe::mean;
use crate::statistics::estimate::Estimate;
use crate::statistics::paired::paired_t;

impl Grid<'_> {
    /// How many seeds have run every level in every stratum; none where runs are not paired.
    pub(in crate::report) fn complete_seeds(&self) -> usize {
        self.by_seed(&(0..self.levels.len()).map(|level| (level, level)).collect::<Vec<_>>()).len()
    }

    /// Whether there are two levels with the same seeds, so that the model pools nothing: it is the paired t test.
    pub(super) fn is_one_pair(&self) -> bool {
        let complete = self.complete_seeds();
        self.pairs_recur() && self.cells.len() == 2 && self.units().iter().all(|row| row[0].len() == complete)
    }

    /// On how many seeds the difference of `pairs` rests: those that have run all of them in all strata where seeds
    /// recur, and else those of the stratum that has the fewest.
    pub(super) fn seeds(&self, pairs: &[(usize, usize)]) -> usize {
        let fewest = match self.pairing {
            Pairing::Seed if self.recurring => Some(self.by_seed(pairs).len()),
            Pairing::Seed => (0..self.strata()).map(|stratum| self.by_seed_in(pairs, stratum..stratum + 1).len()).min(),
            Pairing::None => {
                let named = pairs.iter().flat_map(|(level, baseline)| [*level, *baseline]);
                named.flat_map(|level| &self.units()[level]).map(Vec::len).min()
            }
        };
        fewest.unwrap_or(0)
    }

    /// The difference of `pairs` over all strata, with no error but its own: of the seeds' mean differences, stratum by
    /// stratum where no seed is in two, or of each arm where runs are not paired. `None` where nothing has run it all.
    pub(super) fn own(&self, pairs: &[(usize, usize)]) -> Option<Estimate> {
        if self.pairs_recur() {
            return paired_t(&self.by_seed(pairs), self.alpha);
        }
        let cells = self.units();
        let share = 1.0 / cells.first()?.len() as f64;
        let groups: Vec<(f64, Vec<f64>)> = match self.pairing {
            Pairing::Seed => {
                let differences = |stratum: usize| {
                    let by_seed = self.by_seed_in(pairs, stratum..stratum + 1).into_iter();
                    (share, by_seed.map(|(level, baseline)| level - baseline).collect())
                };
                (0..self.strata()).map(differences).collect()
            }
            Pairing::None => {
                let weights = self.weights(pairs);
                let named = cells.iter().zip(&weights).filter(|(_, weight)| **weight != 0.0);
                let arms = named.flat_map(|(row, weight)| row.iter().map(move |cell| (weight * share, cell)));
                arms.map(|(weight, cell)| (weight, cell.iter().map(|(_, value)| *value).collect())).collect()
            }
        };
        let groups: Vec<(f64, &[f64])> = groups.iter().map(|(weight, values)| (*weight, values.as_slice())).collect();
        contrast_t(&groups, self.largest(), self.alpha)
    }

    /// For every seed that has run all of `pairs` in all strata: the mean of the levels and that of the baselines.
    pub(super) fn by_seed(&self, pairs: &[(usize, usize)]) -> Vec<(f64, f64)> {
        self.by_seed_in(pairs, 0..self.strata())
    }

    /// [`Self::by_seed`] of these strata only.
    fn by_seed_in(&self, pairs: &[(usize, usize)], strata: Range<usize>) -> Vec<(f64, f64)> {
        if self.pairing == Pairing::None || pairs.is_empty() {
            return Vec::new();
        }
        let mut sides: BTreeMap<&Seed, [Vec<f64>; 2]> = BTreeMap::new();
        for (level, baseline) in pairs {
            for (side, arm) in [*level, *baseline].into_iter().enumerate() {
                for (seed, value) in self.cells[arm][strata.clone()].iter().flatten() {
                    sides.entry(seed).or_default()[side].push(*value);
                }
            }
        }
        let whole = pairs.len() * strata.len();
        let complete = sides.into_values().filter(|sides| sides.iter().all(|side| side.len() == whole));
        complete.filter_map(|[level, baseline]| Some((mean(&level)?, mean(&baseline)?))).collect()
    }

    /// The size of the values, whose rounding is no spread.
    pub(super) fn largest(&self) -> f64 {
        self.all_cells().flatten().fold(0.0_f64, |largest, (_, value)| largest.max(value.abs()))
    }

    fn strata(&self) -> usize {
        self.cells.first().map_or(0, Vec::len)
    }
}
