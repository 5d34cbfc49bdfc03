//! Which runs of a sweep are carried out here.

use spec::RunSpec;

use super::condition::{Condition, SelectError};
use super::retry;
use crate::lease::Machine;
use crate::ledger::EndWord;
use crate::state::{Observation, Observed};
use crate::supervise::Retry;
use crate::sweep::Sweep;

/// A run to be carried out.
#[derive(Debug, Clone)]
pub struct Task<'sweep> {
    /// The run.
    pub spec: &'sweep RunSpec,
    /// Why it is not left as it is although it had ended.
    pub retry: Option<Retry>,
    /// How it stood when it was selected.
    pub before: Observed,
}

/// Which runs are carried out, and which of the others stand in the way of being done.
#[derive(Debug, Clone, Default)]
pub struct Selection<'sweep> {
    /// The runs, in the order of the plan; those that another process of this machine is busy with come last.
    pub tasks: Vec<Task<'sweep>>,
    /// Failed, and nobody asked for a retry.
    pub failed: usize,
    /// Going on on another machine.
    pub elsewhere: usize,
}

/// What a person asked for.
#[derive(Debug, Clone, Default)]
pub struct Wishes {
    /// Conditions that all must hold.
    pub conditions: Vec<Condition>,
    /// Ended runs to be carried out again.
    pub retry: Vec<EndWord>,
    /// Most runs.
    pub limit: Option<usize>,
}

impl Wishes {
    /// Checks that the sweep can answer every condition, and has a run for which all of them hold.
    ///
    /// # Errors
    /// [`SelectError`].
    pub fn check(&self, sweep: &Sweep) -> Result<(), SelectError> {
        self.conditions.iter().try_for_each(|condition| condition.check(&sweep.factors, &sweep.seeds))?;
        if sweep.runs.iter().any(|run| self.mean(run)) { Ok(()) } else { Err(SelectError::Nothing) }
    }

    /// Whether its conditions hold for `run`.
    pub fn mean(&self, run: &RunSpec) -> bool {
        self.conditions.iter().all(|condition| condition.holds(run.seed, &run.levels))
    }
}

/// Chooses among the runs, each with how it stands as seen from `machine`.
pub fn select<'sweep>(
    runs: impl IntoIterator<Item = (&'sweep RunSpec, Observation)>,
    wishes: &Wishes,
    machine: &Machine,
) -> Selection<'sweep> {
    let mut selection = Selection::default();
    let mut waiting = Vec::new();
    for (spec, observation) in runs {
        let before = observation.state;
        if !wishes.mean(spec) {
            continue;
        }
        let retry = retry::asked(&wishes.retry, &before);
        match &before {
            Observed::Done => {}
            Observed::Diverged if retry.is_none() => {}
            Observed::Failed { .. } if retry.is_none() => selection.failed += 1,
            Observed::Running(holder) if !holder.is_on(machine) => selection.elsewhere += 1,
            Observed::Running(_) => waiting.push(Task { spec, retry, before }),
            _ => selection.tasks.push(Task { spec, retry, before }),
        }
    }
    selection.tasks.append(&mut waiting);
    if let Some(limit) = wishes.limit {
        selection.tasks.truncate(limit);
    }
    selection
}
