//! Runs that were handed to Slurm and that the sweep no longer has since its file was changed.

use std::collections::BTreeSet;
use std::time::SystemTime;

use spec::RunId;
use spec::layout::SweepLayout;

use super::submissions::{Fate, Submission};
use super::view::SiteQueue;
use crate::files::FileError;
use crate::lease::Machine;
use crate::output::counted;
use crate::state::Observed;
use crate::survey::observe_all;

/// The runs of `submissions` that are not `planned` and not done.
///
/// # Errors
/// An array file or the record of a run cannot be read.
pub fn dropped(
    submissions: &[Submission],
    layout: &SweepLayout,
    planned: impl IntoIterator<Item = RunId>,
    machine: &Machine,
) -> Result<BTreeSet<RunId>, FileError> {
    let mut submitted = BTreeSet::new();
    for submission in submissions.iter().filter(|submission| matches!(submission.fate, Fate::Accepted(_))) {
        submitted.extend(submission.runs(layout)?.iter().copied());
    }
    for run in planned {
        submitted.remove(&run);
    }
    let runs: Vec<RunId> = submitted.into_iter().collect();
    let seen = observe_all(layout, &runs, machine, SystemTime::now())?;
    let is_open = |(_, seen): &(_, crate::state::Observation)| seen.state != Observed::Done;
    Ok(runs.into_iter().zip(seen).filter(is_open).map(|(run, _)| run).collect())
}

/// What a person should know of those that are still with Slurm, if any are.
pub fn dropped_in_words(dropped: &BTreeSet<RunId>, queues: &[SiteQueue]) -> Option<String> {
    let tasks: usize = queues.iter().map(|site| site.queue.tasks_in_flight(dropped)).sum();
    let says = if tasks == 1 { "carries out what" } else { "carry out what" };
    (tasks > 0).then(|| {
        let tasks = counted(tasks, "task");
        format!("{tasks} with Slurm still {says} the sweep no longer has: `seedbed cancel --dropped` ends that")
    })
}
