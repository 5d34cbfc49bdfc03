//! The runs of a sweep about which Slurm is asked: those that are not done, also those that the sweep no longer has
//! since its file was changed; and the elements of its evaluation that may still be on their way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use spec::RunId;
use spec::layout::SweepLayout;

use super::ended::open_elements;
use super::submissions::{Fate, Submission};
use super::view::SiteQueue;
use crate::files::FileError;
use crate::lease::Machine;
use crate::output::counted;
use crate::state::Observed;
use crate::survey::observe_all;

/// Runs that are not done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unfinished {
    /// Those of the sweep. One that diverged is among them: it may have been handed over again.
    pub planned: BTreeSet<RunId>,
    /// Those that it had when they were submitted, and has no longer.
    pub dropped: BTreeSet<RunId>,
    /// Elements that were handed over and of whose end nobody has written, with their runs.
    pub elements: BTreeMap<RunId, RunId>,
}

impl Unfinished {
    /// Those among the `planned` runs, which stand as they do, and among what `submissions` had besides.
    ///
    /// # Errors
    /// An array file or the record of a run cannot be read.
    pub fn of<'a>(
        submissions: &[Submission],
        layout: &SweepLayout,
        planned: impl IntoIterator<Item = (RunId, &'a Observed)>,
        machine: &Machine,
    ) -> Result<Self, FileError> {
        let mut dropped = BTreeSet::new();
        let accepted = |submission: &&Submission| matches!(submission.fate, Fate::Accepted(_));
        for submission in submissions.iter().filter(accepted).filter(|submission| !submission.evaluates) {
            dropped.extend(submission.runs(layout)?.iter().copied());
        }
        let mut open = BTreeSet::new();
        for (run, seen) in planned {
            dropped.remove(&run);
            if *seen != Observed::Done {
                open.insert(run);
            }
        }
        let runs: Vec<RunId> = dropped.into_iter().collect();
        let seen = observe_all(layout, &runs, machine, SystemTime::now())?;
        let dropped = runs.into_iter().zip(seen).filter(|(_, seen)| seen.state != Observed::Done).map(|(run, _)| run);
        let (dropped, elements) = (dropped.collect(), elements(submissions.iter().filter(accepted), layout)?);
        Ok(Self { planned: open, dropped, elements })
    }

    /// All of them.
    pub fn all(&self) -> BTreeSet<RunId> {
        self.planned.iter().chain(&self.dropped).chain(self.elements.keys()).copied().collect()
    }

    /// How many elements are with Slurm.
    pub fn measuring(&self, queues: &[SiteQueue]) -> usize {
        let elements: BTreeSet<RunId> = self.elements.keys().copied().collect();
        queues.iter().map(|site| site.queue.tasks_in_flight(&elements)).sum()
    }

    /// What a person should know of dropped runs that are still with Slurm, if any are.
    pub fn dropped_in_words(&self, queues: &[SiteQueue]) -> Option<String> {
        let tasks: usize = queues.iter().map(|site| site.queue.tasks_in_flight(&self.dropped)).sum();
        let says = if tasks == 1 { "carries out what" } else { "carry out what" };
        (tasks > 0).then(|| {
            let tasks = counted(tasks, "task");
            format!("{tasks} with Slurm still {says} the sweep no longer has: `seedbed cancel --dropped` ends that")
        })
    }
}

/// The elements of `submissions` that may still be on their way, each with its run.
fn elements<'a>(
    submissions: impl Iterator<Item = &'a Submission>,
    layout: &SweepLayout,
) -> Result<BTreeMap<RunId, RunId>, FileError> {
    let mut open = BTreeMap::new();
    for submission in submissions.filter(|submission| submission.evaluates) {
        open.extend(open_elements(layout, submission)?.into_iter().map(|element| (element.id, element.run)));
    }
    Ok(open)
}
