//! The values of a factor's levels in all strata, and differences over the whole of it.

use std::collections::{BTreeMap, BTreeSet};

use spec::analysis::{AnalysisSpec, Pairing};

use super::design::ComparedFactor;
use super::index::Index;
use super::judged::{Basis, Judged};
use super::model::{Cell, Model};
use crate::results::Seed;
use crate::statistics::describe::mean;
use crate::statistics::paired::paired_t;
use crate::statistics::refusal::Refusal;

/// Levels that have values in every stratum.
pub(super) struct Grid<'a> {
    names: &'a [String],
    /// Indices of these levels.
    pub(super) levels: Vec<usize>,
    /// Indices of the others.
    pub(super) left_out: Vec<usize>,
    /// The values: level by level, stratum by stratum.
    cells: Vec<Vec<Cell<'a>>>,
    /// Runs of each of these levels that diverged, in all strata.
    diverged: Vec<usize>,
    pairing: Pairing,
    alpha: f64,
    model: std::cell::OnceCell<Result<Model, Refusal>>,
}

impl<'a> Grid<'a> {
    /// The values of `metric`, each passed through `scale`.
    pub(super) fn new(
        index: &'a Index<'a>,
        metric: &str,
        compared: &ComparedFactor,
        (analysis, scale): (&AnalysisSpec, fn(f64) -> f64),
    ) -> Self {
        let names = &index.results.factors[compared.factor].levels;
        let (mut levels, mut left_out, mut cells, mut diverged) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for level in 0..names.len() {
            let row: Option<Vec<Cell<'a>>> = compared
                .strata
                .iter()
                .map(|stratum| {
                    let (_, point) = stratum.arms.iter().find(|(other, _)| *other == level)?;
                    let values = index.values(metric, point).into_iter();
                    let cell: Cell<'a> = values.map(|(seed, value)| (seed, scale(value))).collect();
                    (!cell.is_empty()).then_some(cell)
                })
                .collect();
            match row {
                Some(row) => {
                    levels.push(level);
                    cells.push(row);
                    let arms = compared.strata.iter().flat_map(|stratum| &stratum.arms);
                    let runs = arms.filter(|(other, _)| *other == level).flat_map(|(_, point)| index.runs(point));
                    diverged.push(runs.filter(|run| index.has_diverged(metric, run)).count());
                }
                None if compared.strata.iter().any(|s| s.arms.iter().any(|(other, _)| *other == level)) => {
                    left_out.push(level);
                }
                None => {}
            }
        }
        let (pairing, alpha) = (analysis.pairing, analysis.alpha);
        Self { names, levels, left_out, cells, diverged, pairing, alpha, model: std::cell::OnceCell::new() }
    }

    pub(super) fn name(&self, level: usize) -> &str {
        &self.names[level]
    }

    pub(super) fn names(&self, levels: &[usize]) -> Vec<String> {
        levels.iter().map(|level| self.names[*level].clone()).collect()
    }

    /// The place of a level of that name among [`Self::levels`].
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.levels.iter().position(|level| self.names[*level] == name)
    }

    pub(super) fn all_cells(&self) -> impl Iterator<Item = &Cell<'a>> {
        self.cells.iter().flatten()
    }

    pub(super) fn model(&self) -> &Result<Model, Refusal> {
        self.model.get_or_init(|| Model::fit(&self.cells, self.pairing))
    }

    /// How many seeds have run every level in every stratum; none where runs are not paired.
    pub(super) fn complete_seeds(&self) -> usize {
        self.by_seed(&(0..self.levels.len()).map(|level| (level, level)).collect::<Vec<_>>()).len()
    }

    /// How many seeds have run a level, in whatever stratum.
    fn seeds(&self, level: usize) -> usize {
        let seeds: BTreeSet<&Seed> = self.cells[level].iter().flatten().map(|(seed, _)| *seed).collect();
        seeds.len()
    }

    /// λ of Dunnett's comparison, from the numbers of runs.
    pub(super) fn loading(&self, level: usize, baseline: usize) -> f64 {
        let runs = |level: usize| self.cells[level].iter().map(Vec::len).sum::<usize>() as f64;
        (runs(level) / (runs(level) + runs(baseline))).sqrt()
    }

    /// The mean difference of `pairs`, (level, baseline), over all strata: seed by seed where that is asked for, else from the
    /// model.
    pub(super) fn judge(&self, pairs: &[(usize, usize)], by_seeds: bool) -> Judged {
        let of = |sides: BTreeSet<usize>| sides.into_iter().map(|level| self.diverged[level]).sum::<usize>();
        let (levels, baselines) = pairs.iter().copied().unzip();
        Judged { diverged: [of(levels), of(baselines)], ..self.estimated(pairs, by_seeds) }
    }

    fn estimated(&self, pairs: &[(usize, usize)], by_seeds: bool) -> Judged {
        let complete = self.by_seed(pairs);
        if by_seeds && let Some(estimate) = paired_t(&complete, self.alpha) {
            return Judged::of(Basis::Seeds, complete.len(), estimate);
        }
        let named = pairs.iter().flat_map(|(level, baseline)| [*level, *baseline]);
        let fewest = named.map(|level| self.seeds(level)).min().unwrap_or(0);
        let mut weights = vec![0.0; self.levels.len()];
        for (level, baseline) in pairs {
            weights[*level] += 1.0 / pairs.len() as f64;
            weights[*baseline] -= 1.0 / pairs.len() as f64;
        }
        let refusal = match self.model() {
            Ok(model) => match model.contrast(&weights, self.alpha) {
                Ok(estimate) => return Judged::of(Basis::Model, fewest, estimate),
                Err(refusal) => refusal.to_string(),
            },
            Err(refusal) => refusal.to_string(),
        };
        // With too little for a model the seeds alone may still tell.
        match paired_t(&complete, self.alpha) {
            Some(estimate) => Judged::of(Basis::Seeds, complete.len(), estimate),
            None => Judged::not(fewest, Some(refusal)),
        }
    }

    /// For every seed that has run all of `pairs` in all strata: the mean of the levels and that of the baselines.
    fn by_seed(&self, pairs: &[(usize, usize)]) -> Vec<(f64, f64)> {
        if self.pairing == Pairing::None || pairs.is_empty() {
            return Vec::new();
        }
        let mut sides: BTreeMap<&Seed, [Vec<f64>; 2]> = BTreeMap::new();
        for (level, baseline) in pairs {
            for (side, arm) in [*level, *baseline].into_iter().enumerate() {
                for (seed, value) in self.cells[arm].iter().flatten() {
                    sides.entry(seed).or_default()[side].push(*value);
                }
            }
        }
        let whole = pairs.len() * self.cells[0].len();
        let complete = sides.into_values().filter(|sides| sides.iter().all(|side| side.len() == whole));
        complete.filter_map(|[level, baseline]| Some((mean(&level)?, mean(&baseline)?))).collect()
    }
}
