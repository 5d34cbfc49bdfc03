//! `seedbed cancel`, `hold`, `release` and `throttle`: orders to the tasks of a sweep that are with Slurm.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use slurm::array::{ArrayIndices, ArraySpec};
use slurm::job_id::{JobId, JobNumber, JobPart};
use spec::{ExitCode, RunId};

use crate::cluster::{self, ClusterError, SiteQueue, Sites, TaskStanding};
use crate::env;
use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger::{self, Event};
use crate::local::Condition;
use crate::locate::{self, FrozenSweep};
use crate::output::{counted, print, talk};
use crate::state::Observed;
use crate::survey::Survey;
use crate::sweep::ROOT_VARIABLE;
use crate::writer::SweepWriter;

/// Arguments of `seedbed cancel`, `hold` and `release`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL,...")]
    conditions: Vec<Condition>,
}

/// Arguments of `seedbed throttle`.
#[derive(Debug, Args)]
pub struct ThrottleArguments {
    /// Tasks of each array that may run at a time; 0 lifts the bound
    tasks: u32,
    #[command(flatten)]
    which: Arguments,
}

/// What tasks can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// To end.
    Cancel,
    /// Not to start.
    Hold,
    /// That they may start after all.
    Release,
}

impl Verb {
    fn concerns(self, standing: &TaskStanding) -> bool {
        match self {
            Self::Cancel => standing.is_in_flight(),
            Self::Hold => matches!(standing, TaskStanding::Waiting(_)),
            Self::Release => matches!(standing, TaskStanding::Held(_)),
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Cancel => "cancelled",
            Self::Hold => "held",
            Self::Release => "released",
        }
    }
}

/// Tells the tasks that are meant.
///
/// # Errors
/// When the sweep cannot be found, a condition means nothing, or Slurm does not do as told.
pub fn run(arguments: &Arguments, verb: Verb) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let mut count = 0;
    for SiteQueue { client, queue, .. } in arguments.ask(&sweep)? {
        let meant = |run: &RunId| arguments.mean(&sweep, *run);
        let tasks = queue.tasks.iter().filter(|(run, task)| verb.concerns(&task.standing) && meant(run));
        let (runs, jobs): (Vec<RunId>, Vec<JobId>) = tasks.map(|(run, task)| (*run, task.job.clone())).unzip();
        count += runs.len();
        let jobs = compressed(&jobs);
        let told = match verb {
            Verb::Cancel if runs.is_empty() => Ok(()),
            Verb::Cancel => {
                // Written first: a person who asks later why it ended finds the answer also if we are killed here.
                write_down(&sweep, Event::Cancelled { runs })?;
                client.cancel(&jobs)
            }
            Verb::Hold => client.hold(&jobs),
            Verb::Release => client.release(&jobs),
        };
        told.map_err(ClusterError::from)?;
    }
    print(&format!("{} {}\n", counted(count, "task"), verb.done()))?;
    Ok(ExitCode::Done)
}

/// Changes how many tasks of each array may run at a time.
///
/// # Errors
/// As [`run`].
pub fn throttle(arguments: &ThrottleArguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.which.sweep.as_deref(), arguments.which.root.as_deref())?;
    let mut count = 0;
    for SiteQueue { client, queue, .. } in arguments.which.ask(&sweep)? {
        let in_flight = queue.tasks.iter().filter(|(_, task)| task.standing.is_in_flight());
        let meant = in_flight.filter(|(run, _)| arguments.which.mean(&sweep, **run));
        let arrays: BTreeSet<JobNumber> = meant.map(|(_, task)| task.job.number).collect();
        count += arrays.len();
        for array in arrays {
            client.throttle(array, arguments.tasks).map_err(ClusterError::from)?;
        }
    }
    print(&format!("{} throttled\n", counted(count, "array")))?;
    Ok(ExitCode::Done)
}

impl Arguments {
    fn ask(&self, sweep: &FrozenSweep) -> Result<Vec<SiteQueue>, CliError> {
        let plan = &sweep.plan;
        let checked = self.conditions.iter().try_for_each(|condition| condition.check(&plan.factors, &plan.seeds));
        checked.map_err(|error| CliError::new(ExitCode::Usage, error))?;
        let survey = Survey::of(&sweep.layout, &plan.runs, &Machine::here(), SystemTime::now())?;
        let unfinished = |seen: &Observed| !matches!(seen, Observed::Done | Observed::Diverged);
        let runs = survey.runs.iter().filter(|(_, seen)| unfinished(&seen.state)).map(|(run, _)| run.id).collect();
        let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
        let sites = Sites::any().ask(&sweep.layout, &submissions, &runs)?;
        if sites.iter().any(|site| !site.queue.open.is_empty()) {
            talk("a submission is still without an answer: its tasks are not told; `seedbed reconcile` looks for it");
        }
        Ok(sites)
    }

    fn mean(&self, sweep: &FrozenSweep, run: RunId) -> bool {
        let planned = sweep.plan.runs.iter().find(|planned| planned.id == run);
        planned.is_some_and(|run| self.conditions.iter().all(|condition| condition.holds(run.seed, &run.levels)))
    }
}

fn write_down(sweep: &FrozenSweep, event: Event) -> Result<(), CliError> {
    let (mut writer, news) = SweepWriter::reopen(sweep.layout.clone(), sweep.plan.clone(), &Machine::here())?;
    for line in news {
        talk(&line);
    }
    Ok(writer.ledger.append(env::now(), event)?)
}

/// The tasks of each array as one job id: `123_[0-7,9]`.
fn compressed(tasks: &[JobId]) -> Vec<JobId> {
    let mut arrays: BTreeMap<JobNumber, Vec<u32>> = BTreeMap::new();
    for task in tasks {
        arrays.entry(task.number).or_default().extend(task.index());
    }
    let whole = |(number, indices): (JobNumber, Vec<u32>)| {
        let indices = ArrayIndices::collect(indices).expect("invariant: Slurm itself named these indices");
        JobId { number, part: JobPart::Tasks(ArraySpec { indices, throttle: None }), cluster: None }
    };
    arrays.into_iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_of_an_array_are_told_together() {
        let task = |number, index| JobId::task(JobNumber::new(number).unwrap(), index);
        let jobs = compressed(&[task(7, 0), task(9, 4), task(7, 1), task(7, 3)]);
        let text: Vec<String> = jobs.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["7_[0-1,3]", "9_[4]"]);
    }
}
