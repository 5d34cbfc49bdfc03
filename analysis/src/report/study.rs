//! What was run: the card at the head of the report, the list of runs, the list of values.

use serde::Serialize;
use spec::RunId;

use super::design::Setting;
use crate::results::observation::is_usable;
use crate::results::{DesignChange, Factor, Network, Observation, Origin, Point, Results, RunState, Seed};

/// How many runs are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StateCount {
    /// The state.
    pub state: RunState,
    /// How many.
    pub runs: usize,
}

/// How the plan of a sweep was fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Frozen {
    /// When: RFC 3339, UTC.
    pub when: String,
    /// How often the plan was changed afterwards.
    pub revision: u32,
    /// Whether the analysis is the one of the first submission.
    pub original_analysis: bool,
    /// How the runs were changed when results could be seen.
    pub design_change: Option<DesignChange>,
}

/// The card.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Study {
    /// The sweep's name, or the table's file name.
    pub name: String,
    /// Its factors with their levels.
    pub factors: Vec<Factor>,
    /// Its seeds.
    pub seeds: Vec<Seed>,
    /// How many runs there should be.
    pub runs: usize,
    /// How many are in each state; states without runs are left out.
    pub states: Vec<StateCount>,
    /// How its plan was fixed; absent for a table.
    pub frozen: Option<Frozen>,
    /// The nodes and devices, each once.
    pub machines: Vec<String>,
    /// Wall-clock seconds of all attempts.
    pub seconds: Option<f64>,
}

impl Study {
    pub(super) fn new(results: &Results) -> Self {
        let (name, frozen) = match &results.origin {
            Origin::Sweep { name, frozen, revision, original_analysis, design_change } => (
                name.clone(),
                Some(Frozen {
                    when: frozen.clone(),
                    revision: *revision,
                    original_analysis: *original_analysis,
                    design_change: design_change.clone(),
                }),
            ),
            Origin::Table { name } => (name.clone(), None),
        };
        let mut seeds: Vec<Seed> = results.runs.iter().map(|run| run.seed.clone()).collect();
        seeds.sort();
        seeds.dedup();
        let count = |state| results.runs.iter().filter(|run| run.state == state).count();
        let states = RunState::ALL.into_iter().map(|state| StateCount { state, runs: count(state) });
        let machine = |host: &Option<String>, device: &Option<String>| match (host, device) {
            (Some(host), Some(device)) => Some(format!("{host}: {device}")),
            (Some(one), None) | (None, Some(one)) => Some(one.clone()),
            (None, None) => None,
        };
        let mut machines: Vec<String> = results.runs.iter().filter_map(|run| machine(&run.host, &run.device)).collect();
        machines.sort();
        machines.dedup();
        let seconds: Vec<f64> = results.runs.iter().filter_map(|run| run.seconds).collect();
        Self {
            name,
            factors: results.factors.clone(),
            seeds,
            runs: results.runs.len(),
            states: states.filter(|count| count.runs > 0).collect(),
            frozen,
            machines,
            seconds: (!seconds.is_empty()).then(|| seconds.iter().sum()),
        }
    }

    /// How many runs are in `state`.
    pub fn count(&self, state: RunState) -> usize {
        self.states.iter().find(|count| count.state == state).map_or(0, |count| count.runs)
    }
}

/// A run in the list of runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunEntry {
    /// Its id.
    pub id: Option<RunId>,
    /// Its levels.
    pub settings: Vec<Setting>,
    /// Its seed.
    pub seed: Seed,
    /// Where it stands.
    pub state: RunState,
    /// Why it does not count.
    pub cause: Option<String>,
    /// The node of its last attempt.
    pub host: Option<String>,
    /// The device.
    pub device: Option<String>,
    /// The models of its GPUs.
    pub gpu: Option<String>,
    /// How many GPUs it had.
    pub gpus: Option<u32>,
    /// How many attempts it took.
    pub attempts: u32,
    /// Wall-clock seconds of all attempts.
    pub seconds: Option<f64>,
    /// Parameters of its network.
    pub parameters: Option<u64>,
    /// Its network by component.
    pub network: Option<Network>,
    /// Optimiser steps.
    pub steps: Option<u64>,
}

/// A value in the list of values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObservationEntry {
    /// The metric.
    pub metric: String,
    /// The run's levels.
    pub settings: Vec<Setting>,
    /// The run's seed.
    pub seed: Seed,
    /// The value; `None` if it cannot be computed with.
    pub value: Option<f64>,
    /// Why it cannot.
    pub reason: Option<&'static str>,
}

fn settings(results: &Results, point: &Point) -> Vec<Setting> {
    let factors = results.factors.iter().enumerate();
    factors
        .map(|(index, factor)| Setting { factor: factor.name.clone(), level: results.level(point, index).to_owned() })
        .collect()
}

pub(super) fn runs(results: &Results) -> Vec<RunEntry> {
    let runs = results.runs.iter().map(|run| RunEntry {
        id: run.id,
        settings: settings(results, &run.point),
        seed: run.seed.clone(),
        state: run.state,
        cause: run.cause.clone(),
        host: run.host.clone(),
        device: run.device.clone(),
        gpu: run.gpu.clone(),
        gpus: run.gpus,
        attempts: run.attempts,
        seconds: run.seconds,
        parameters: run.parameters,
        network: run.network,
        steps: run.steps,
    });
    runs.collect()
}

pub(super) fn observations(results: &Results) -> Vec<ObservationEntry> {
    let mut all: Vec<&Observation> = results.observations.iter().chain(&results.unusable).collect();
    all.sort_by(|a, b| Observation::order(a, b));
    let entries = all.into_iter().map(|observation| {
        let usable = is_usable(observation.value);
        ObservationEntry {
            metric: observation.metric.clone(),
            settings: settings(results, &observation.point),
            seed: observation.seed.clone(),
            value: usable.then_some(observation.value),
            reason: (!usable).then_some("not finite, or beyond \u{b1}1e75"),
        }
    });
    entries.collect()
}
