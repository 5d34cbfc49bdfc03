//! How every task of a sweep stands with Slurm: what its answers show ([`seen`]), read for each submission ([`asked`]).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use slurm::client::{Client, Wanted, Window};
use slurm::job_id::{JobId, JobNumber};
use slurm::name::JobName;
use spec::RunId;
use spec::layout::SweepLayout;

use super::end::EndedTask;
use super::error::ClusterError;
use super::standing::TaskStanding;
use super::submissions::{Fate, Submission};
use asked::{Asked, LAG};
use seen::{Accounts, Seen};

mod asked;
mod seen;

/// A task as Slurm shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// The job that it belongs to, or is.
    pub job: JobId,
    /// The submission.
    pub submission: JobName,
    /// How it stands.
    pub standing: TaskStanding,
    /// Where it is or was; empty if it is nowhere, or that is not known.
    pub nodes: String,
    /// Whether the queue shows it, under the submission's own name: only then can it be told anything, for numbers of
    /// jobs are used again.
    pub is_queued: bool,
}

impl TaskView {
    /// What tells it from every other task of its site: its array and its index.
    pub fn place(&self) -> (JobNumber, Option<u32>) {
        (self.job.number, self.job.index())
    }
}

/// The tasks of a sweep, by run.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    /// The task that matters for each run: one that is in flight before one that is not, else the latest.
    pub tasks: BTreeMap<RunId, TaskView>,
    /// Tasks of unfinished runs that are over and that the ledger does not tell of, oldest first.
    pub ended: Vec<EndedTask>,
    /// Runs of submissions of which it is not known whether they were queued.
    pub open: BTreeSet<RunId>,
    /// Why the accounts could not be asked, if they could not.
    pub without_accounts: Option<String>,
}

impl Queue {
    /// Asks how the tasks of `submissions` stand that carry out `unfinished` runs: one squeue, and one sacct if
    /// something is no longer in the queue. Only what neither of them knows, as where there are no accounts, is looked
    /// for in the queue once more.
    ///
    /// # Errors
    /// The queue could not be read. That says nothing about any job.
    pub fn ask(
        client: &Client,
        user: &str,
        layout: &SweepLayout,
        submissions: &[Submission],
        unfinished: &BTreeSet<RunId>,
    ) -> Result<Self, ClusterError> {
        let mut queue = Self::default();
        let asked = queue.concerned(layout, submissions, unfinished)?;
        let names: Vec<JobName> = asked.iter().map(|asked| asked.submission.name.clone()).collect();
        let question = Question { client, wanted: Wanted { user, names: &names }, asked: &asked, unfinished };
        let now = Timestamp::now();
        let mut queued = question.queued()?;
        let accounts = question.accounts(&queued, now).unwrap_or_else(|why| {
            queue.without_accounts = Some(why);
            Accounts::Silent
        });
        // An answer that was cut at the end of a line, or that a controller gave while it started, is not told from a
        // whole one.
        if question.is_anything_lost(&queued, &accounts) {
            queued.add(question.queued()?);
        }
        for asked in &asked {
            let views = asked.tell(&queued, &accounts, now);
            queue.ended.extend(views.iter().filter_map(|(run, view)| asked.news(*run, view, unfinished)));
            for (run, view) in views {
                queue.keep(run, view);
            }
        }
        for task in &mut queue.ended {
            task.is_last = queue.tasks.get(&task.run).is_some_and(|last| last.submission == task.submission);
        }
        Ok(queue)
    }

    /// The submissions about which Slurm has to be asked; the runs of those without an answer are noted.
    fn concerned<'a>(
        &mut self,
        layout: &SweepLayout,
        submissions: &'a [Submission],
        unfinished: &BTreeSet<RunId>,
    ) -> Result<Vec<Asked<'a>>, ClusterError> {
        let mut asked = Vec::new();
        for submission in submissions {
            match submission.fate {
                Fate::Open => self.open.extend(submission.runs(layout)?.iter().copied()),
                Fate::Accepted(number) => {
                    let runs = submission.runs(layout)?;
                    if runs.iter().any(|run| unfinished.contains(run)) {
                        asked.push(Asked { submission, number, runs });
                    }
                }
                Fate::Refused | Fate::GivenUp => {}
            }
        }
        Ok(asked)
    }

    /// Keeps the task that matters for a run: a later one, unless only the earlier one is in flight.
    fn keep(&mut self, run: RunId, view: TaskView) {
        match self.tasks.get(&run) {
            Some(earlier) if earlier.standing.is_in_flight() && !view.standing.is_in_flight() => {}
            _ => _ = self.tasks.insert(run, view),
        }
    }

    /// How many tasks may still carry out some of these runs.
    pub fn tasks_in_flight(&self, runs: &BTreeSet<RunId>) -> usize {
        let in_flight = |run| self.tasks.get(run).filter(|task| task.standing.is_in_flight());
        let tasks: BTreeSet<_> = runs.iter().filter_map(in_flight).map(TaskView::place).collect();
        // Of a submission without an answer nobody knows the tasks.
        tasks.len() + runs.iter().filter(|run| self.open.contains(run)).count()
    }

    /// The arrays with tasks that may still carry out a run.
    pub fn arrays_in_flight(&self) -> BTreeSet<JobNumber> {
        self.tasks.values().filter(|task| task.standing.is_in_flight()).map(|task| task.job.number).collect()
    }

    /// How the task of `run` stands, if there is one.
    pub fn standing(&self, run: RunId) -> Option<&TaskStanding> {
        self.tasks.get(&run).map(|task| &task.standing)
    }

    /// Whether somebody may still carry out `run`.
    pub fn is_in_flight(&self, run: RunId) -> bool {
        self.open.contains(&run) || self.tasks.get(&run).is_some_and(|task| task.standing.is_in_flight())
    }
}

/// What Slurm is asked.
struct Question<'a> {
    client: &'a Client,
    wanted: Wanted<'a>,
    asked: &'a [Asked<'a>],
    unfinished: &'a BTreeSet<RunId>,
}

impl Question<'_> {
    /// What is in the queue.
    fn queued(&self) -> Result<Seen, ClusterError> {
        Ok(Seen::queued(self.client.queue(&self.wanted)?))
    }

    /// Whether a task is not in the queue of which the accounts do not say that it is over.
    fn is_anything_lost(&self, queued: &Seen, accounts: &Accounts) -> bool {
        self.asked.iter().any(|asked| asked.missing(queued, self.unfinished, accounts))
    }

    /// What the accounts say, asked only if the queue leaves something open. `Err` tells why they are silent.
    fn accounts(&self, queued: &Seen, now: Timestamp) -> Result<Accounts, String> {
        let is_open = |asked: &&Asked<'_>| {
            asked.missing(queued, self.unfinished, &Accounts::Off) || asked.half_told(queued, self.unfinished)
        };
        // Sites may refuse to look back further than some weeks.
        let Some(oldest) = self.asked.iter().filter(is_open).map(|asked| asked.submission.age(now)).max() else {
            return Ok(Accounts::Off);
        };
        match self.client.accounts(&self.wanted, Window::since(oldest + 5 * LAG)) {
            Ok(jobs) => Ok(Accounts::Known(Seen::accounted(jobs))),
            Err(error) if error.is_accounting_off() => Ok(Accounts::Off),
            Err(error) => Err(error.to_string()),
        }
    }
}
