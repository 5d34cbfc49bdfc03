//! Everything that `seedbed plan` says, in one struct: the table and the JSON are made from it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use spec::budget::ParameterCount;
use spec::layout::SweepLayout;
use spec::{Program, RunId, RunSpec, SCHEMA, Value};

use super::cost::{Cost, Sizes, Workload};
use super::difference::{Difference, Standing};
use crate::sweep::{PresetUse, Sweep};

/// A sweep beside what is on disk, and what is ahead of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overview {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The sweep's name.
    pub sweep: String,
    /// Its directory.
    pub directory: PathBuf,
    /// The preset that fills in its settings, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<PresetUse>,
    /// Its seeds.
    pub seeds: Vec<u64>,
    /// Its runs, seed by seed.
    pub runs: Vec<RunOverview>,
    /// How many runs stand where.
    pub counts: BTreeMap<Standing, usize>,
    /// How many runs have each level of each factor, in the order of the sweep file.
    pub factors: Vec<FactorCounts>,
    /// The combinations of levels, in the order of the sweep file.
    pub points: Vec<PointOverview>,
    /// Runs on disk that the sweep no longer has.
    pub left_over: Vec<RunId>,
    /// What the runs cost that are ahead: an estimate.
    pub cost: Cost,
}

/// One run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct RunOverview {
    /// Its id.
    pub id: RunId,
    /// Its seed.
    pub seed: u64,
    /// Its level of every factor.
    pub levels: Arc<BTreeMap<String, Value>>,
    /// Where it stands.
    pub state: Standing,
}

/// How many runs have each level of a factor.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FactorCounts {
    /// The factor.
    pub name: String,
    /// Its levels and their runs.
    pub levels: Vec<(Value, usize)>,
}

/// The runs that differ by nothing but their seed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PointOverview {
    /// The level of every factor.
    pub levels: Arc<BTreeMap<String, Value>>,
    /// How many runs it has.
    pub runs: usize,
    /// How many of them stand where.
    pub counts: BTreeMap<Standing, usize>,
    /// Parameters of the network, where the built-in trainer runs.
    pub parameters: Option<ParameterCount>,
    /// Width of its feed-forward layer after matching.
    pub feed_forward_width: Option<u32>,
    /// By which part of it the layer misses the budget to which it is matched, where that is more than a hundredth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missed_budget: Option<f64>,
    /// The work of one of its runs: an estimate.
    pub workload: Option<Workload>,
}

impl Overview {
    /// The overview of `sweep`, whose directory is that of `layout`.
    pub fn new(sweep: &Sweep, layout: &SweepLayout, difference: &Difference) -> Self {
        let mut points: Vec<PointOverview> = Vec::new();
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        let mut sizes = Sizes::default();
        let mut workloads = Vec::with_capacity(sweep.runs.len());
        for (run, standing) in sweep.runs.iter().zip(&difference.standings) {
            let position = *positions.entry(key(run)).or_insert(points.len());
            if position == points.len() {
                points.push(PointOverview::new(run, sweep.missed_budgets.get(&run.id).copied(), &mut sizes));
            }
            points[position].runs += 1;
            *points[position].counts.entry(*standing).or_default() += 1;
            workloads.push(points[position].workload);
        }
        Self {
            schema: SCHEMA,
            sweep: sweep.name.clone(),
            directory: layout.directory().to_owned(),
            preset: sweep.preset.clone(),
            seeds: sweep.seeds.clone(),
            runs: runs(sweep, difference),
            counts: count(&difference.standings),
            factors: factor_counts(sweep),
            points,
            left_over: difference.left_over.clone(),
            cost: Cost::ahead(sweep, difference, &workloads),
        }
    }
}

impl PointOverview {
    fn new(run: &RunSpec, missed_budget: Option<f64>, sizes: &mut Sizes) -> Self {
        let study = match &run.program {
            Program::Builtin(study) => Some(study),
            Program::Command(_) => None,
        };
        Self {
            levels: Arc::clone(&run.levels),
            runs: 0,
            counts: BTreeMap::new(),
            parameters: study.map(|study| ParameterCount::of(&study.model)),
            feed_forward_width: study.map(|study| study.model.feed_forward.width()),
            missed_budget,
            workload: Workload::of(run, sizes),
        }
    }
}

/// What tells the points of a design apart: their levels.
fn key(run: &RunSpec) -> String {
    let literals: Vec<String> = run.levels.values().map(Value::literal).collect();
    literals.join("\u{1f}")
}

fn runs(sweep: &Sweep, difference: &Difference) -> Vec<RunOverview> {
    let overview = |(run, state): (&RunSpec, &Standing)| RunOverview {
        id: run.id,
        seed: run.seed,
        levels: Arc::clone(&run.levels),
        state: *state,
    };
    sweep.runs.iter().zip(&difference.standings).map(overview).collect()
}

fn count(standings: &[Standing]) -> BTreeMap<Standing, usize> {
    let mut counts = BTreeMap::new();
    for standing in standings {
        *counts.entry(*standing).or_default() += 1;
    }
    counts
}

fn factor_counts(sweep: &Sweep) -> Vec<FactorCounts> {
    let mut counts = Vec::with_capacity(sweep.factors.len());
    for factor in &sweep.factors {
        let mut by_literal: BTreeMap<String, usize> = BTreeMap::new();
        for run in &sweep.runs {
            *by_literal.entry(run.levels[&factor.name].literal()).or_default() += 1;
        }
        let runs_of = |level: &Value| by_literal.get(&level.literal()).copied().unwrap_or(0);
        let levels = factor.levels.iter().map(|level| (level.clone(), runs_of(level))).collect();
        counts.push(FactorCounts { name: factor.name.clone(), levels });
    }
    counts
}
