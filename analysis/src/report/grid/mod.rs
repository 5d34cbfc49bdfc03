//! The values of a factor's levels in all strata, and differences over the whole of it: what their [`seeds`] say, what the
//! model of all arms does, and how much a level varies beside the others ([`spread`]).

mod seeds;
mod spread;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use spec::analysis::{AnalysisSpec, Pairing};

use super::across;
use super::design::ComparedFactor;
use super::index::Index;
use super::judged::{Basis, Judged};
use super::model::{Cell, Model};
use crate::statistics::estimate::Joint;
use crate::statistics::paired::paired_t;
use crate::statistics::refusal::Refusal;

/// Levels that have values in every stratum, and of one seed in all of them where seeds recur.
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
    /// Whether some seed is in two strata: by runs of any levels where they are paired, of one level where they are not.
    recurring: bool,
    units: OnceCell<Vec<Vec<Cell<'a>>>>,
    model: OnceCell<Result<Model, Refusal>>,
    means: OnceCell<Result<Model, Refusal>>,
    contrasts: OnceCell<Result<Model, Refusal>>,
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
        let recurring = match pairing {
            Pairing::Seed => across::recur(&cells),
            Pairing::None => across::recur_within_levels(&cells),
        };
        if recurring {
            let whole: Vec<bool> = cells.iter().map(|row| !across::complete(row).is_empty()).collect();
            let mut keep = whole.iter();
            cells.retain(|_| *keep.next().expect("invariant: an answer for every level"));
            let mut keep = whole.iter();
            diverged.retain(|_| *keep.next().expect("invariant: an answer for every level"));
            left_out.extend(levels.iter().zip(&whole).filter(|(_, whole)| !**whole).map(|(level, _)| *level));
            levels.retain(|level| !left_out.contains(level));
            left_out.sort_unstable();
        }
        let (units, model, means, contrasts) = (OnceCell::new(), OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { names, levels, left_out, cells, diverged, pairing, alpha, recurring, units, model, means, contrasts }
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

    /// What averages over strata rest on, level by level: the seeds' means over strata where seeds recur, in one cell, else
    /// all runs, stratum by stratum.
    fn units(&self) -> &[Vec<Cell<'a>>] {
        if self.recurring { self.units.get_or_init(|| across::means(&self.cells)) } else { &self.cells }
    }

    /// Whether the runs of a seed are paired in all strata at once.
    fn pairs_recur(&self) -> bool {
        self.recurring && self.pairing == Pairing::Seed
    }

    /// The model of all runs.
    pub(super) fn model(&self) -> &Result<Model, Refusal> {
        self.model.get_or_init(|| Model::fit(&self.cells, self.pairing))
    }

    /// The model from which averages over strata are tested.
    fn averages(&self) -> &Result<Model, Refusal> {
        if self.recurring { self.means.get_or_init(|| Model::fit(self.units(), self.pairing)) } else { self.model() }
    }

    fn contrasts(&self) -> Result<&Model, Refusal> {
        self.contrasts
            .get_or_init(|| Model::fit(&across::contrasts(&self.cells), self.pairing))
            .as_ref()
            .map_err(|r| *r)
    }

    /// Whether the levels differ, averaged over the strata.
    pub(super) fn main_effect(&self) -> Result<Joint, Refusal> {
        self.averages().as_ref().map_err(|refusal| *refusal)?.main_effect()
    }

    /// Whether differences between levels differ between strata.
    pub(super) fn interaction(&self) -> Result<Joint, Refusal> {
        if self.recurring {
            self.contrasts()?.anywhere()
        } else {
            self.model().as_ref().map_err(|refusal| *refusal)?.interaction()
        }
    }

    fn weights(&self, pairs: &[(usize, usize)]) -> Vec<f64> {
        let mut weights = vec![0.0; self.levels.len()];
        for (level, baseline) in pairs {
            weights[*level] += 1.0 / pairs.len() as f64;
            weights[*baseline] -= 1.0 / pairs.len() as f64;
        }
        weights
    }

    /// λ of Dunnett's comparison, from the numbers of seeds in all strata, or of runs where seeds do not recur.
    pub(super) fn loading(&self, level: usize, baseline: usize) -> f64 {
        let runs = |level: usize| self.units()[level].iter().map(Vec::len).sum::<usize>() as f64;
        (runs(level) / (runs(level) + runs(baseline))).sqrt()
    }

    /// The mean difference of `pairs`, (level, baseline), over all strata: seed by seed where that is asked for, else
    /// from the model.
    pub(super) fn judge(&self, pairs: &[(usize, usize)], by_seeds: bool) -> Judged {
        let of = |sides: BTreeSet<usize>| sides.into_iter().map(|level| self.diverged[level]).sum::<usize>();
        let (levels, baselines) = pairs.iter().copied().unzip();
        Judged { diverged: [of(levels), of(baselines)], ..self.estimated(pairs, by_seeds) }
    }

    fn estimated(&self, pairs: &[(usize, usize)], by_seeds: bool) -> Judged {
        let complete = self.by_seed(pairs);
        if (by_seeds || self.is_one_pair())
            && let Some(estimate) = paired_t(&complete, self.alpha)
        {
            return Judged::of(Basis::Seeds, complete.len(), estimate);
        }
        let fewest = self.seeds(pairs);
        let refusal = match self.averages() {
            Ok(model) => match model.contrast(&self.weights(pairs), self.alpha) {
                Ok(estimate) => return Judged::pooled(fewest, estimate, self.own(pairs), self.pairs_recur()),
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
}
