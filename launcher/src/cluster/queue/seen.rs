//! What one answer of Slurm shows of the tasks.

use std::collections::BTreeMap;

use slurm::job_id::{JobId, JobNumber, JobPart};
use slurm::parse::sacct::AccountedJob;
use slurm::parse::squeue::QueuedJob;
use slurm::state::{Outlook, PendingReason, Standing};

use crate::cluster::standing::TaskStanding;

/// What is known of the accounts.
pub(super) enum Accounts {
    Known(Seen),
    /// There are none, or nothing was missing.
    Off,
    /// They did not answer.
    Silent,
}

/// Tasks by array and index.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<(JobNumber, u32), (TaskStanding, String)>);

impl Seen {
    pub(super) fn queued(jobs: Vec<QueuedJob>) -> Self {
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
    pub(super) fn accounted(jobs: Vec<AccountedJob>) -> Self {
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

    /// Takes over what a later answer shows.
    pub(super) fn add(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    pub(super) fn set(&mut self, job: &JobId, standing: &TaskStanding, nodes: &str) {
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

    pub(super) fn get(&self, array: JobNumber, index: u32) -> Option<&(TaskStanding, String)> {
        self.0.get(&(array, index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_that_wait_together_are_shown_together() {
        let mut seen = Seen::default();
        seen.set(&"7_[0-2,5%2]".parse().unwrap(), &TaskStanding::Unknown, "");
        let found: Vec<bool> = (0..6).map(|index| seen.get(JobNumber::new(7).unwrap(), index).is_some()).collect();
        assert_eq!(found, [true, true, true, false, false, true]);
    }
}
