//! `seedbed cancel`, `hold`, `release` and `throttle`: orders to the tasks of a sweep that are with Slurm.

mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use slurm::array::{ArrayIndices, ArraySpec};
use slurm::job_id::{JobId, JobNumber, JobPart};
use spec::{ExitCode, RunId};

use self::shared::by_task;
use crate::cluster::{self, ClusterError, SiteQueue, Sites, TaskStanding, TaskView, Unfinished};
use crate::env;
use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger::{self, Event};
use crate::local::Condition;
use crate::locate::{self, FrozenSweep};
use crate::output::{counted, print, talk};
use crate::survey::Survey;
use crate::sweep::ROOT_VARIABLE;
use crate::writer::SweepWriter;

/// Arguments of `seedbed cancel`, `hold` and `release`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Tell a task that carries out several runs also where only some of them are meant; else it is left alone
    #[arg(long)]
    whole_tasks: bool,
}

/// Which tasks are meant.
#[derive(Debug, Args)]
struct Which {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL[,LEVEL]")]
    conditions: Vec<Condition>,
    /// Only runs that the sweep no longer has since its file was changed
    #[arg(long, conflicts_with = "conditions")]
    dropped: bool,
}

/// Arguments of `seedbed throttle`.
#[derive(Debug, Args)]
pub struct ThrottleArguments {
    /// Tasks of each array that may run at a time; 0 lifts the bound
    tasks: u32,
    #[command(flatten)]
    which: Which,
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
    let Arguments { which, whole_tasks } = arguments;
    let sweep = locate::sweep(which.sweep.as_deref(), which.root.as_deref())?;
    let (mut count, mut left_alone, mut gone) = (0, 0, 0);
    let (sites, elements) = which.ask(&sweep)?;
    for SiteQueue { client, queue, .. } in sites {
        let meant = |run: RunId| which.mean(&sweep, run, &elements);
        let concerned = |(_, task): &(&RunId, &TaskView)| verb.concerns(&task.standing);
        let (told, left) = by_task(queue.tasks.iter().filter(concerned), meant, *whole_tasks);
        left_alone += left.len();
        for task in &left {
            talk(&task.left_alone(&sweep));
        }
        for task in told.iter().filter(|task| !task.others.is_empty()) {
            talk(&task.told_whole(verb, &sweep));
        }
        let runs: Vec<RunId> = told.iter().flat_map(|task| task.meant.iter().chain(&task.others).copied()).collect();
        let (told, missing): (Vec<_>, Vec<_>) = told.into_iter().partition(|task| task.is_queued);
        count += told.len();
        gone += missing.len();
        let jobs = compressed(&told.iter().map(|task| task.job.clone()).collect::<Vec<_>>());
        if verb == Verb::Cancel && !runs.is_empty() {
            // Written first: a person who asks later why it ended finds the answer also if we are killed here.
            write_down(&sweep, Event::Cancelled { runs })?;
        }
        let told = match verb {
            _ if jobs.is_empty() => Ok(()),
            Verb::Cancel => client.cancel(&jobs),
            Verb::Hold => client.hold(&jobs),
            Verb::Release => client.release(&jobs),
        };
        told.map_err(ClusterError::from)?;
    }
    if gone > 0 {
        let tasks = counted(gone, "task");
        talk(&format!("{tasks} not in the queue: told nothing, and their runs can be submitted again"));
    }
    print(&format!("{} {}\n", counted(count, "task"), verb.done()))?;
    Ok(if left_alone > 0 { ExitCode::Incomplete } else { ExitCode::Done })
}

/// Changes how many tasks of each array may run at a time.
///
/// # Errors
/// As [`run`].
pub fn throttle(arguments: &ThrottleArguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.which.sweep.as_deref(), arguments.which.root.as_deref())?;
    let mut count = 0;
    let (sites, elements) = arguments.which.ask(&sweep)?;
    for SiteQueue { client, queue, .. } in sites {
        let queued = queue.tasks.iter().filter(|(_, task)| task.standing.is_in_flight() && task.is_queued);
        let meant = queued.filter(|(run, _)| arguments.which.mean(&sweep, **run, &elements));
        let arrays: BTreeSet<JobNumber> = meant.map(|(_, task)| task.job.number).collect();
        count += arrays.len();
        for array in arrays {
            client.throttle(array, arguments.tasks).map_err(ClusterError::from)?;
        }
    }
    print(&format!("{} throttled\n", counted(count, "array")))?;
    Ok(ExitCode::Done)
}

impl Which {
    /// The tasks of unfinished runs on every site, and those that measure what is done: their elements, each with its
    /// run.
    fn ask(&self, sweep: &FrozenSweep) -> Result<(Vec<SiteQueue>, BTreeMap<RunId, RunId>), CliError> {
        let plan = &sweep.plan;
        let checked = self.conditions.iter().try_for_each(|condition| condition.check(&plan.factors, &plan.seeds));
        checked.map_err(|error| CliError::new(ExitCode::Usage, error))?;
        let machine = Machine::here();
        let survey = Survey::of(&sweep.layout, &plan.runs, &machine, SystemTime::now())?;
        let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
        let planned = survey.runs.iter().map(|(run, seen)| (run.id, &seen.state));
        // Also those that are not meant: their tasks may be those of runs that are.
        let unfinished = Unfinished::of(&submissions, &sweep.layout, planned, &machine)?;
        let sites = Sites::any().ask(&sweep.layout, &submissions, &unfinished.all())?;
        if sites.iter().any(|site| !site.queue.open.is_empty()) {
            talk("a submission is still without an answer: its tasks are not told; `seedbed reconcile` looks for it");
        }
        if !cluster::unknown_scripts(&sweep.layout, &submissions)?.is_empty() {
            talk(
                "warning: the ledger does not know all submissions of this sweep: `seedbed reconcile --orphans cancel` ends them",
            );
        }
        Ok((sites, unfinished.elements))
    }

    fn mean(&self, sweep: &FrozenSweep, run: RunId, elements: &BTreeMap<RunId, RunId>) -> bool {
        let run = elements.get(&run).copied().unwrap_or(run);
        let planned = sweep.plan.runs.iter().find(|planned| planned.id == run);
        match planned {
            Some(run) => {
                !self.dropped && self.conditions.iter().all(|condition| condition.holds(run.seed, &run.levels))
            }
            // Of a run that the plan no longer has nobody can say more than all.
            None => self.conditions.is_empty(),
        }
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
