//! From the directory of a sweep to [`Results`].

use std::collections::BTreeSet;

use spec::SCHEMA;
use spec::layout::SweepLayout;
use spec::metric;
use spec::plan::{Plan, PlannedRun};

use super::design::{Factor, Point, Seed};
use super::run_files::{RunReader, read_record};
use super::{Origin, Results};
use super::{missing, revision, tuning};
use crate::error::AnalysisError;

impl Results {
    /// Reads the plan and every run of it.
    ///
    /// A run counts only if its record says that it is done and `results.csv` has the digest named there. Every other
    /// run is listed with its cause; a damaged run never hides the rest. Directories under `runs/` that the plan does
    /// not name (of an earlier revision, say) are not read; their names are kept.
    ///
    /// # Errors
    /// If `plan.json` cannot be read, is of another schema, or has a run without a level.
    pub fn from_sweep(layout: &SweepLayout) -> Result<Self, AnalysisError> {
        let path = layout.plan();
        let plan: Plan = read_record(&path)?;
        if plan.schema != SCHEMA {
            return Err(AnalysisError::Schema { path, found: plan.schema, known: SCHEMA });
        }
        let origin = Origin::Sweep {
            name: plan.sweep.clone(),
            frozen: plan.frozen.clone(),
            revision: plan.revision,
            original_analysis: plan.analysis_is_original(),
            design_change: revision::of_design(layout, &plan),
        };
        let factors = factors_of(&plan);
        let mut results = Self {
            origin,
            metrics: Vec::new(),
            runs: Vec::with_capacity(plan.runs.len()),
            observations: Vec::new(),
            unusable: Vec::new(),
            curves: Vec::new(),
            extra_directories: directories_beside(layout, &plan),
            missing: Vec::new(),
            makings: Vec::new(),
            mixed_tunings: Vec::new(),
            repeated: None,
            factors,
        };
        let (mut told, mut ways) = (Vec::new(), Vec::new());
        for run in &plan.runs {
            let point = point_of(&results.factors, run)
                .map_err(|reason| AnalysisError::Contradiction { path: layout.plan(), reason })?;
            let reader = RunReader { layout: layout.run(run.id), id: run.id, point, seed: Seed::Number(run.seed) };
            let reading = reader.read(&plan.analysis);
            results.runs.push(reading.account);
            results.observations.extend(reading.observations);
            results.curves.extend(reading.curves);
            told.extend(reading.missing);
            ways.extend(reading.ways);
        }
        results.missing = missing::gathered(told);
        results.makings = tuning::made(&ways);
        results.mixed_tunings = tuning::mixed(ways);
        results.metrics = metrics_in_order(&results, &plan.analysis.primary);
        Ok(results.in_order())
    }
}

fn factors_of(plan: &Plan) -> Vec<Factor> {
    let factors = plan.factors.iter();
    factors
        .map(|factor| Factor {
            name: factor.name.clone(),
            levels: factor.levels.iter().map(ToString::to_string).collect(),
        })
        .collect()
}

fn point_of(factors: &[Factor], run: &PlannedRun) -> Result<Point, String> {
    let level = |factor: &Factor| {
        let value =
            run.levels.get(&factor.name).ok_or_else(|| format!("the run {} has no `{}`", run.id, factor.name))?;
        let text = value.to_string();
        let found = factor.levels.iter().position(|level| *level == text);
        found.ok_or_else(|| format!("the run {} has `{} = {text}`, which is no level of it", run.id, factor.name))
    };
    Ok(Point::new(factors.iter().map(level).collect::<Result<_, _>>()?))
}

/// The primary metric first, then those that Seedbed knows, then the others by name; a part right after its whole.
fn metrics_in_order(results: &Results, primary: &str) -> Vec<String> {
    let mut ranked = BTreeSet::new();
    for observation in &results.observations {
        let name = observation.metric.as_str();
        let whole = name.split('/').next().unwrap_or(name);
        ranked.insert((whole != primary, metric::place(whole), whole, name));
    }
    ranked.into_iter().map(|(_, _, _, name)| name.to_owned()).collect()
}

fn directories_beside(layout: &SweepLayout, plan: &Plan) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(layout.runs()) else { return Vec::new() };
    let planned: BTreeSet<String> = plan.runs.iter().map(|run| run.id.to_string()).collect();
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut beside: Vec<String> = names.filter(|name| !name.starts_with('.') && !planned.contains(name)).collect();
    beside.sort();
    beside
}
