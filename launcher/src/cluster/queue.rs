//! How every task of a sweep stands with Slurm.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use slurm::client::{Client, Wanted, Window};
use slurm::job_id::{JobId, JobNumber, JobPart};
use slurm::name::JobName;
use slurm::parse::sacct::AccountedJob;
use slurm::parse::squeue::QueuedJob;
use slurm::state::{Ending, Outlook, PendingReason, Standing};
use spec::RunId;
use spec::layout::SweepLayout;

use super::end::EndedTask;
use super::error::ClusterError;
use super::standing::TaskStanding;
use super::submissions::{Fate, SeenEnd, Submission};

/// How long a job that nobody knows may still be about to appear: the controller and the accounts see it at different times.
const LAG: Duration = Duration::from_mins(1);

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
    /// Asks how the tasks of `submissions` stand that carry out `unfinished` runs: one squeue, and one sacct if something is
    /// no longer in the queue.
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
        let mut asked = Vec::new();
        for submission in submissions {
            match submission.fate {
                Fate::Open => queue.open.extend(submission.runs(layout)?),
                Fate::Accepted(number) => {
                    let runs = submission.runs(layout)?;
                    if runs.iter().any(|run| unfinished.contains(run)) {
                        asked.push(Asked { submission, number, runs });
                    }
                }
                Fate::Refused | Fate::GivenUp => {}
            }
        }
        let names: Vec<JobName> = asked.iter().map(|asked| asked.submission.name.clone()).collect();
        let wanted = Wanted { user, names: &names };
        let mut queued = Seen::queued(client.queue(&wanted)?);
        let now = Timestamp::now();
        if asked.iter().any(|asked| asked.missing(&queued, unfinished)) {
            // An answer that was cut at the end of a line, or that a controller gave while it started, is not told from a
            // whole one: what is not there is looked for once more.
            queued.0.extend(Seen::queued(client.queue(&wanted)?).0);
        }
        let is_open = |asked: &Asked<'_>| asked.missing(&queued, unfinished) || asked.unsigned(&queued, unfinished);
        let accounted = if asked.iter().any(is_open) {
            let oldest = asked.iter().map(|asked| asked.submission.age(now)).max().unwrap_or_default();
            match client.accounts(&wanted, Window::since(oldest + 5 * LAG)) {
                Ok(jobs) => Accounts::Known(Seen::accounted(jobs)),
                Err(error) if error.is_accounting_off() => Accounts::Off,
                Err(error) => {
                    queue.without_accounts = Some(error.to_string());
                    Accounts::Silent
                }
            }
        } else {
            Accounts::Off
        };
        for asked in &asked {
            let views = asked.tell(&queued, &accounted, now);
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

/// Cancelled, as the queue words it.
const UNSIGNED: TaskStanding = TaskStanding::Ended(Ending::Cancelled { by: None });

/// What is known of the accounts.
enum Accounts {
    Known(Seen),
    /// There are none, or nothing was missing.
    Off,
    /// They did not answer.
    Silent,
}

/// Tasks by array and index.
#[derive(Default)]
struct Seen(BTreeMap<(JobNumber, u32), (TaskStanding, String)>);

impl Seen {
    fn queued(jobs: Vec<QueuedJob>) -> Self {
        let mut seen = Self::default();
        for job in jobs {
            let reason = job.reason.unwrap_or_else(|| PendingReason::read("None"));
            let standing = match job.state.standing() {
                Standing::Queued if reason.outlook() == Outlook::Held => TaskStanding::Held(reason),
                Standing::Queued => TaskStanding::Waiting(reason),
                Standing::Held => TaskStanding::Held(reason),
                Standing::Active | Standing::Paused => TaskStanding::Active { nodes: job.nodes.clone() },
                Standing::Ended(ending) => TaskStanding::Ended(ending),
                Standing::Unknown => TaskStanding::Unknown,
            };
            seen.set(&job.id, &standing, &job.nodes);
        }
        seen
    }

    /// Of several incarnations sacct lists the latest last.
    fn accounted(jobs: Vec<AccountedJob>) -> Self {
        let mut seen = Self::default();
        for job in jobs {
            let standing = match (job.ending(), job.allocation.state.standing()) {
                (Some(ending), _) => TaskStanding::Ended(ending),
                // The accounts may lag behind: what they take for running was not in the queue.
                _ => TaskStanding::Unknown,
            };
            seen.set(&job.id, &standing, &job.allocation.nodes);
        }
        seen
    }

    fn set(&mut self, job: &JobId, standing: &TaskStanding, nodes: &str) {
        let seen = || (standing.clone(), nodes.to_owned());
        match &job.part {
            JobPart::Task(index) => {
                self.0.insert((job.number, *index), seen());
            }
            JobPart::Tasks(tasks) => {
                for index in tasks.indices.iter() {
                    self.0.insert((job.number, index), seen());
                }
            }
            JobPart::Whole | JobPart::Component(_) => {}
        }
    }

    fn get(&self, array: JobNumber, index: u32) -> Option<&(TaskStanding, String)> {
        self.0.get(&(array, index))
    }
}

/// A submission that is asked about.
struct Asked<'a> {
    submission: &'a Submission,
    number: JobNumber,
    runs: Vec<RunId>,
}

impl Asked<'_> {
    /// Every run with the index of the task that carries it out.
    fn tasks(&self) -> impl Iterator<Item = (u32, RunId)> + '_ {
        let per_task = self.submission.runs_per_task;
        self.runs.iter().enumerate().map(move |(line, run)| (line as u32 / per_task, *run))
    }

    /// Whether a task of an unfinished run is not in the queue and was not seen to end.
    fn missing(&self, queued: &Seen, unfinished: &BTreeSet<RunId>) -> bool {
        let seen = |run: RunId| self.submission.observed.contains_key(&run);
        self.tasks()
            .any(|(index, run)| unfinished.contains(&run) && !seen(run) && queued.get(self.number, index).is_none())
    }

    /// Whether the queue shows a task of an unfinished run as cancelled, which is news: only the accounts say by whom.
    fn unsigned(&self, queued: &Seen, unfinished: &BTreeSet<RunId>) -> bool {
        let is_news = |run: RunId| unfinished.contains(&run) && !self.submission.observed.contains_key(&run);
        let is_unsigned = |index| queued.get(self.number, index).is_some_and(|(standing, _)| *standing == UNSIGNED);
        self.tasks().any(|(index, run)| is_news(run) && is_unsigned(index))
    }

    /// How each of its tasks stands.
    fn tell(&self, queued: &Seen, accounts: &Accounts, now: Timestamp) -> Vec<(RunId, TaskView)> {
        let is_young = self.submission.age(now) < LAG;
        let view = |(index, run)| {
            let accounted = match accounts {
                Accounts::Known(seen) => seen.get(self.number, index),
                Accounts::Off | Accounts::Silent => None,
            };
            let observed = self.submission.observed.get(&run);
            let (standing, nodes) = match (queued.get(self.number, index), accounted, accounts) {
                (Some((UNSIGNED, _)), Some(seen @ (TaskStanding::Ended(Ending::Cancelled { .. }), _)), _)
                | (Some(seen), ..)
                | (None, Some(seen @ (TaskStanding::Ended(_), _)), _) => seen.clone(),
                // Slurm may have forgotten it since.
                _ if observed.is_some() => observed.map_or((TaskStanding::Unknown, String::new()), from_ledger),
                // It was told to go and is gone.
                _ if self.submission.cancelled.contains(&run) => {
                    (TaskStanding::Ended(Ending::Cancelled { by: None }), String::new())
                }
                // The two contradict each other, and one of them is not right yet.
                (None, Some(seen), _) => seen.clone(),
                (None, _, Accounts::Silent) => (TaskStanding::Unknown, String::new()),
                _ if is_young => (TaskStanding::Unknown, String::new()),
                _ => (TaskStanding::Forgotten, String::new()),
            };
            let submission = self.submission.name.clone();
            (run, TaskView { job: JobId::task(self.number, index), submission, standing, nodes })
        };
        self.tasks().map(view).collect()
    }

    /// The runs that share the task of `run`.
    fn siblings(&self, run: RunId, view: &TaskView) -> Vec<RunId> {
        let shares = |(index, other): &(u32, RunId)| *other != run && Some(*index) == view.job.index();
        let is_alone = self.submission.runs_per_task == 1;
        if is_alone { Vec::new() } else { self.tasks().filter(shares).map(|(_, other)| other).collect() }
    }

    /// The task of `run` if it is over, `unfinished` contains the run, and nobody has written that down.
    fn news(&self, run: RunId, view: &TaskView, unfinished: &BTreeSet<RunId>) -> Option<EndedTask> {
        let ending = match view.standing {
            TaskStanding::Ended(ending) => Some(ending),
            TaskStanding::Forgotten => None,
            _ => return None,
        };
        let is_news = unfinished.contains(&run) && !self.submission.observed.contains_key(&run);
        is_news.then(|| EndedTask {
            run,
            submission: self.submission.name.clone(),
            task: view.job.clone(),
            ending,
            nodes: view.nodes.clone(),
            siblings: self.siblings(run, view),
            is_last: false,
        })
    }
}

fn from_ledger(seen: &SeenEnd) -> (TaskStanding, String) {
    (seen.ending.map_or(TaskStanding::Forgotten, TaskStanding::Ended), seen.nodes.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::submissions::Fate;

    const ARRAY: JobNumber = JobNumber::new(7).unwrap();

    fn run(index: u8) -> RunId {
        RunId::of(&[index])
    }

    /// How three tasks stand that were submitted `seconds` ago, of which the queue shows the first and the accounts the
    /// second, for somebody who had the third cancelled or not.
    fn stand(seconds: i64, accounts: &Accounts, cancelled: bool) -> Vec<TaskStanding> {
        stand_after(seconds, accounts, cancelled, BTreeMap::new())
    }

    /// As [`stand`], where the ledger tells of these ends.
    fn stand_after(
        seconds: i64,
        accounts: &Accounts,
        cancelled: bool,
        observed: BTreeMap<RunId, SeenEnd>,
    ) -> Vec<TaskStanding> {
        let now: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let at = now - jiff::SignedDuration::from_secs(seconds);
        let submission = Submission {
            name: "a-1".parse().unwrap(),
            site: "here".to_owned(),
            at: at.to_string(),
            after: Vec::new(),
            runs_per_task: 1,
            fate: Fate::Accepted(ARRAY),
            cancelled: if cancelled { [run(2)].into() } else { BTreeSet::new() },
            observed,
        };
        let asked = Asked { submission: &submission, number: ARRAY, runs: (0..3).map(run).collect() };
        let mut queued = Seen::default();
        queued.set(&JobId::task(ARRAY, 0), &TaskStanding::Active { nodes: "n1".to_owned() }, "n1");
        asked.tell(&queued, accounts, now).into_iter().map(|(_, view)| view.standing).collect()
    }

    fn accounts() -> Accounts {
        let mut seen = Seen::default();
        seen.set(&JobId::task(ARRAY, 1), &TaskStanding::Ended(Ending::Timeout), "n2");
        Accounts::Known(seen)
    }

    #[test]
    fn absence_is_not_death_before_its_time() {
        let timeout = TaskStanding::Ended(Ending::Timeout);
        let active = TaskStanding::Active { nodes: "n1".to_owned() };
        assert_eq!(stand(5, &accounts(), false), [active.clone(), timeout.clone(), TaskStanding::Unknown]);
        assert_eq!(stand(600, &accounts(), false), [active.clone(), timeout, TaskStanding::Forgotten]);
        // Accounts that are silent say nothing, however old the job is; where there are none, the queue must do.
        let unknown = TaskStanding::Unknown;
        assert_eq!(stand(600, &Accounts::Silent, false), [active.clone(), unknown.clone(), unknown]);
        let forgotten = TaskStanding::Forgotten;
        assert_eq!(stand(600, &Accounts::Off, false), [active, forgotten.clone(), forgotten]);
    }

    #[test]
    fn what_the_ledger_saw_outlives_the_accounts() {
        let seen = SeenEnd {
            ending: Some(Ending::NodeFailure),
            nodes: "n3".to_owned(),
            end: crate::ledger::RunEnd::NodeFailure,
        };
        let standing = stand_after(600, &Accounts::Silent, false, [(run(2), seen.clone())].into());
        assert_eq!(standing[2], TaskStanding::Ended(Ending::NodeFailure));
        // What the queue shows now is newer than what was seen once.
        let standing = stand_after(600, &accounts(), false, [(run(0), seen)].into());
        assert!(matches!(standing[0], TaskStanding::Active { .. }));
    }

    #[test]
    fn accounts_that_take_for_alive_what_the_queue_does_not_show_kill_nobody() {
        let mut seen = Seen::default();
        seen.set(&"7_[1-2]".parse().unwrap(), &TaskStanding::Unknown, "");
        let accounts = Accounts::Known(seen);
        assert_eq!(stand(600, &accounts, false)[1..], [TaskStanding::Unknown, TaskStanding::Unknown]);
        // A person can say that it is gone.
        assert_eq!(stand(600, &accounts, true)[2], TaskStanding::Ended(Ending::Cancelled { by: None }));
    }

    #[test]
    fn what_was_told_to_go_and_is_gone_was_cancelled() {
        let cancelled = TaskStanding::Ended(Ending::Cancelled { by: None });
        assert_eq!(stand(5, &accounts(), true)[2], cancelled);
        assert_eq!(stand(5, &Accounts::Silent, true)[2], cancelled);
    }

    #[test]
    fn accounts_sign_what_the_queue_shows_as_cancelled_and_nothing_else() {
        let mut signed = Seen::default();
        signed.set(&JobId::task(ARRAY, 0), &TaskStanding::Ended(Ending::Cancelled { by: Some(7) }), "n1");
        let submission = Submission {
            name: "a-1".parse().unwrap(),
            site: "here".to_owned(),
            at: "2026-01-01T12:00:00Z".to_owned(),
            after: Vec::new(),
            runs_per_task: 1,
            fate: Fate::Accepted(ARRAY),
            cancelled: BTreeSet::new(),
            observed: BTreeMap::new(),
        };
        let asked = Asked { submission: &submission, number: ARRAY, runs: vec![run(0)] };
        let accounts = Accounts::Known(signed);
        for (shown, is_unsigned, expected) in [
            (UNSIGNED, true, TaskStanding::Ended(Ending::Cancelled { by: Some(7) })),
            (TaskStanding::Ended(Ending::Timeout), false, TaskStanding::Ended(Ending::Timeout)),
        ] {
            let mut queued = Seen::default();
            queued.set(&JobId::task(ARRAY, 0), &shown, "n1");
            assert_eq!(asked.unsigned(&queued, &[run(0)].into()), is_unsigned);
            assert!(!asked.unsigned(&queued, &BTreeSet::new()));
            assert_eq!(asked.tell(&queued, &accounts, Timestamp::now())[0].1.standing, expected);
        }
    }

    #[test]
    fn runs_of_one_task_stand_as_it_does() {
        let submission = Submission {
            name: "a-1".parse().unwrap(),
            site: "here".to_owned(),
            at: String::new(),
            after: Vec::new(),
            runs_per_task: 3,
            fate: Fate::Accepted(ARRAY),
            cancelled: BTreeSet::new(),
            observed: BTreeMap::new(),
        };
        let asked = Asked { submission: &submission, number: ARRAY, runs: (0..7).map(run).collect() };
        let mut queued = Seen::default();
        queued.set(&"7_[0-2]".parse().unwrap(), &TaskStanding::Unknown, "");
        let unfinished: BTreeSet<RunId> = (0..7).map(run).collect();
        assert!(!asked.missing(&queued, &unfinished));
        let views = asked.tell(&queued, &Accounts::Off, Timestamp::UNIX_EPOCH);
        let indices: Vec<_> = views.iter().map(|(_, view)| view.job.index().unwrap()).collect();
        assert_eq!(indices, [0, 0, 0, 1, 1, 1, 2]);
        let mut queue = Queue::default();
        for (run, view) in views {
            queue.keep(run, view);
        }
        assert_eq!(queue.tasks_in_flight(&unfinished), 3);
    }

    #[test]
    fn tasks_that_wait_together_are_shown_together() {
        let mut seen = Seen::default();
        seen.set(&"7_[0-2,5%2]".parse().unwrap(), &TaskStanding::Unknown, "");
        let found: Vec<bool> = (0..6).map(|index| seen.get(ARRAY, index).is_some()).collect();
        assert_eq!(found, [true, true, true, false, false, true]);
    }
}
