//! One submission, and how its tasks stand by what the queue and the accounts show.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use slurm::job_id::{JobId, JobNumber};
use slurm::state::Ending;
use spec::RunId;

use super::TaskView;
use super::seen::{Accounts, Seen};
use crate::cluster::end::EndedTask;
use crate::cluster::standing::TaskStanding;
use crate::cluster::submissions::{SeenEnd, Submission};

/// How long a job that nobody knows may still be about to appear: the controller and the accounts see it at different
/// times.
pub(super) const LAG: Duration = Duration::from_mins(1);

/// Cancelled, as the queue words it.
const UNSIGNED: TaskStanding = TaskStanding::Ended(Ending::Cancelled { by: None });
const FAILED: TaskStanding = TaskStanding::Ended(Ending::Failed);
const COMPLETED: TaskStanding = TaskStanding::Ended(Ending::Completed);
/// Ends in the queue that say less than the accounts.
const HALF_TOLD: [TaskStanding; 3] = [UNSIGNED, FAILED, COMPLETED];

/// A submission that is asked about.
pub(super) struct Asked<'a> {
    pub(super) submission: &'a Submission,
    pub(super) number: JobNumber,
    pub(super) runs: &'a [RunId],
}

impl Asked<'_> {
    /// Every run with the index of the task that carries it out.
    pub(super) fn tasks(&self) -> impl Iterator<Item = (u32, RunId)> + '_ {
        let per_task = self.submission.runs_per_task;
        self.runs.iter().enumerate().map(move |(line, run)| (line as u32 / per_task, *run))
    }

    /// Whether a task of an unfinished run is not in the queue and was not seen to end, by the ledger or by the
    /// `accounts`.
    pub(super) fn missing(&self, queued: &Seen, unfinished: &BTreeSet<RunId>, accounts: &Accounts) -> bool {
        let is_over = |index| match accounts {
            Accounts::Known(seen) => matches!(seen.get(self.number, index), Some((TaskStanding::Ended(_), _))),
            Accounts::Off | Accounts::Silent => false,
        };
        let is_open = |run: RunId| unfinished.contains(&run) && !self.submission.observed.contains_key(&run);
        self.tasks().any(|(index, run)| is_open(run) && queued.get(self.number, index).is_none() && !is_over(index))
    }

    /// Whether the queue shows an end of a task of an unfinished run, which is news, of which only the accounts know
    /// all: by whom it was cancelled, and whether a step of what failed was out of memory.
    pub(super) fn half_told(&self, queued: &Seen, unfinished: &BTreeSet<RunId>) -> bool {
        let is_news = |run: RunId| unfinished.contains(&run) && !self.submission.observed.contains_key(&run);
        let is_half = |index| queued.get(self.number, index).is_some_and(|(standing, _)| HALF_TOLD.contains(standing));
        self.tasks().any(|(index, run)| is_news(run) && is_half(index))
    }

    /// How each of its tasks stands.
    pub(super) fn tell(&self, queued: &Seen, accounts: &Accounts, now: Timestamp) -> Vec<(RunId, TaskView)> {
        let is_young = self.submission.age(now) < LAG;
        let view = |(index, run)| {
            let accounted = match accounts {
                Accounts::Known(seen) => seen.get(self.number, index),
                Accounts::Off | Accounts::Silent => None,
            };
            let observed = self.submission.observed.get(&run);
            let (standing, nodes) = match (queued.get(self.number, index), accounted, accounts) {
                (Some((UNSIGNED, _)), Some(seen @ (TaskStanding::Ended(Ending::Cancelled { .. }), _)), _)
                | (Some((FAILED | COMPLETED, _)), Some(seen @ (TaskStanding::Ended(Ending::OutOfMemory), _)), _)
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
            let (job, submission) = (JobId::task(self.number, index), self.submission.name.clone());
            let is_queued = queued.get(self.number, index).is_some();
            (run, TaskView { job, submission, standing, nodes, is_queued })
        };
        self.tasks().map(view).collect()
    }

    /// The runs that share the task of `run`.
    pub(super) fn siblings(&self, run: RunId, view: &TaskView) -> Vec<RunId> {
        let shares = |(index, other): &(u32, RunId)| *other != run && Some(*index) == view.job.index();
        let is_alone = self.submission.runs_per_task == 1;
        if is_alone { Vec::new() } else { self.tasks().filter(shares).map(|(_, other)| other).collect() }
    }

    /// The task of `run` if it is over, `unfinished` contains the run, and nobody has written that down.
    pub(super) fn news(&self, run: RunId, view: &TaskView, unfinished: &BTreeSet<RunId>) -> Option<EndedTask> {
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
            is_element: self.submission.evaluates,
            is_last: false,
        })
    }
}

fn from_ledger(seen: &SeenEnd) -> (TaskStanding, String) {
    (seen.ending.map_or(TaskStanding::Forgotten, TaskStanding::Ended), seen.nodes.clone())
}

#[cfg(test)]
mod tests {
    use std::cell::OnceCell;
    use std::collections::BTreeMap;

    use super::*;
    use crate::cluster::queue::Queue;
    use crate::cluster::submissions::Fate;

    const ARRAY: JobNumber = JobNumber::new(7).unwrap();

    fn run(index: u8) -> RunId {
        RunId::of(&[index])
    }

    /// One that was accepted and intended at that time.
    fn submission(at: &str) -> Submission {
        Submission {
            name: "a-1".parse().unwrap(),
            site: "here".to_owned(),
            at: at.to_owned(),
            after: Vec::new(),
            runs_per_task: 1,
            evaluates: false,
            fate: Fate::Accepted(ARRAY),
            cancelled: BTreeSet::new(),
            observed: BTreeMap::new(),
            lines: OnceCell::new(),
        }
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
        let cancelled = if cancelled { [run(2)].into() } else { BTreeSet::new() };
        let submission = Submission { cancelled, observed, ..submission(&at.to_string()) };
        let runs: Vec<RunId> = (0..3).map(run).collect();
        let asked = Asked { submission: &submission, number: ARRAY, runs: &runs };
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
        let submission = submission("2026-01-01T12:00:00Z");
        let asked = Asked { submission: &submission, number: ARRAY, runs: &[run(0)] };
        let accounts = Accounts::Known(signed);
        for (shown, is_half_told, expected) in [
            (UNSIGNED, true, TaskStanding::Ended(Ending::Cancelled { by: Some(7) })),
            (TaskStanding::Ended(Ending::Timeout), false, TaskStanding::Ended(Ending::Timeout)),
            (FAILED, true, FAILED),
        ] {
            let mut queued = Seen::default();
            queued.set(&JobId::task(ARRAY, 0), &shown, "n1");
            assert_eq!(asked.half_told(&queued, &[run(0)].into()), is_half_told);
            assert!(!asked.half_told(&queued, &BTreeSet::new()));
            assert_eq!(asked.tell(&queued, &accounts, Timestamp::now())[0].1.standing, expected);
        }
    }

    #[test]
    fn a_step_that_was_out_of_memory_is_found_in_the_accounts_though_the_queue_still_shows_the_end() {
        let out_of_memory = TaskStanding::Ended(Ending::OutOfMemory);
        let mut accounted = Seen::default();
        accounted.set(&JobId::task(ARRAY, 0), &out_of_memory, "n1");
        let accounts = Accounts::Known(accounted);
        let submission = submission("2026-01-01T12:00:00Z");
        let asked = Asked { submission: &submission, number: ARRAY, runs: &[run(0)] };
        for (shown, expected) in [(FAILED, &out_of_memory), (TaskStanding::Unknown, &TaskStanding::Unknown)] {
            let mut queued = Seen::default();
            queued.set(&JobId::task(ARRAY, 0), &shown, "n1");
            assert_eq!(asked.tell(&queued, &accounts, Timestamp::now())[0].1.standing, *expected);
        }
    }

    #[test]
    fn runs_of_one_task_stand_as_it_does() {
        let submission = Submission { runs_per_task: 3, ..submission("") };
        let runs: Vec<RunId> = (0..7).map(run).collect();
        let asked = Asked { submission: &submission, number: ARRAY, runs: &runs };
        let mut queued = Seen::default();
        queued.set(&"7_[0-2]".parse().unwrap(), &TaskStanding::Unknown, "");
        let unfinished: BTreeSet<RunId> = (0..7).map(run).collect();
        assert!(!asked.missing(&queued, &unfinished, &Accounts::Off));
        let views = asked.tell(&queued, &Accounts::Off, Timestamp::UNIX_EPOCH);
        let indices: Vec<_> = views.iter().map(|(_, view)| view.job.index().unwrap()).collect();
        assert_eq!(indices, [0, 0, 0, 1, 1, 1, 2]);
        let mut queue = Queue::default();
        for (run, view) in views {
            queue.keep(run, view);
        }
        assert_eq!(queue.tasks_in_flight(&unfinished), 3);
    }
}
