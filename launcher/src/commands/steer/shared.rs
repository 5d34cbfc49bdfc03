//! Tasks that carry out several runs, of which perhaps only some are meant.

use std::collections::BTreeMap;

use slurm::job_id::{JobId, JobNumber};
use spec::RunId;

use super::Verb;
use crate::cluster::TaskView;
use crate::locate::{self, FrozenSweep};

/// A task of which some runs are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SharedTask {
    pub(super) job: JobId,
    pub(super) meant: Vec<RunId>,
    /// Unfinished runs of it that are not meant.
    pub(super) others: Vec<RunId>,
    pub(super) is_queued: bool,
}

impl SharedTask {
    pub(super) fn left_alone(&self, sweep: &FrozenSweep) -> String {
        let others = self.names_of_others(sweep);
        format!(
            "task {} is left alone: it also carries out {others}, which Slurm cannot tell apart; --whole-tasks tells it all \
             the same",
            self.job
        )
    }

    pub(super) fn told_whole(&self, verb: Verb, sweep: &FrozenSweep) -> String {
        format!("with task {} also {} is {}", self.job, self.names_of_others(sweep), verb.done())
    }

    fn names_of_others(&self, sweep: &FrozenSweep) -> String {
        let label_of = |run: &RunId| {
            let planned = sweep.plan.runs.iter().find(|planned| planned.id == *run);
            planned.map_or_else(|| run.to_string(), |planned| format!("{run} ({})", locate::label(planned)))
        };
        let shown: Vec<String> = self.others.iter().take(3).map(label_of).collect();
        match self.others.len() - shown.len() {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

/// The tasks of which runs are `meant`: those that are told, and those that are left alone for the sake of other runs,
/// unless `whole` tasks are told.
pub(super) fn by_task<'a>(
    tasks: impl Iterator<Item = (&'a RunId, &'a TaskView)>,
    meant: impl Fn(RunId) -> bool,
    whole: bool,
) -> (Vec<SharedTask>, Vec<SharedTask>) {
    let mut shared: BTreeMap<(JobNumber, Option<u32>), SharedTask> = BTreeMap::new();
    for (run, task) in tasks {
        let entry =
            || SharedTask { job: task.job.clone(), meant: Vec::new(), others: Vec::new(), is_queued: task.is_queued };
        let entry = shared.entry(task.place()).or_insert_with(entry);
        if meant(*run) { &mut entry.meant } else { &mut entry.others }.push(*run);
    }
    shared.into_values().filter(|task| !task.meant.is_empty()).partition(|task| whole || task.others.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::TaskStanding;

    #[test]
    fn a_task_of_others_too_is_left_alone_unless_it_is_asked_for() {
        let array = JobNumber::new(7).unwrap();
        let standing = TaskStanding::Active { nodes: String::new() };
        let view = |index| TaskView {
            job: JobId::task(array, index),
            submission: "a-1".parse().unwrap(),
            standing: standing.clone(),
            nodes: String::new(),
            is_queued: true,
        };
        let run = |number: u8| RunId::of(&[number]);
        // Two runs a task; of the first both are meant, of the second one, of the third none.
        let tasks: BTreeMap<RunId, TaskView> =
            (0..6).map(|number| (run(number), view(u32::from(number) / 2))).collect();
        let meant = |id: RunId| (0..3).any(|number| run(number) == id);
        let indices = |tasks: &[SharedTask]| tasks.iter().filter_map(|task| task.job.index()).collect::<Vec<_>>();
        let (told, left) = by_task(tasks.iter(), meant, false);
        assert_eq!((indices(&told), indices(&left)), (vec![0], vec![1]));
        assert_eq!((&left[0].meant, &left[0].others), (&vec![run(2)], &vec![run(3)]));
        let (told, left) = by_task(tasks.iter(), meant, true);
        assert_eq!((indices(&told), indices(&left)), (vec![0, 1], vec![]));
    }
}
