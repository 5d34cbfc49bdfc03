//! scancel: tasks end.

use std::fmt::Write as _;

use super::{Answer, each, list};
use crate::cluster::Cluster;

pub(super) fn answer(cluster: &mut Cluster, arguments: &[String]) -> Answer {
    if let Some(option) = arguments.iter().find(|argument| argument.starts_with('-')) {
        return Answer::fail(format!("scancel: unrecognized option '{option}'\n"));
    }
    let mut answer = Answer::default();
    let (clock, state) = (cluster.clock(), "CANCELLED by 1000");
    for job in arguments.iter().flat_map(|argument| list(argument)) {
        let mut over = 0;
        let count = each(cluster, &job, |task| {
            task.comes_back = false;
            if task.is_pending() {
                task.end(state, (0, 0), clock);
            } else if task.is_running() {
                task.fate = Some(state.to_owned());
                answer.told.extend(task.process);
            } else {
                over += 1;
            }
        });
        let said = match count {
            None => "Invalid job id specified",
            Some(count) if count == over => "Job/step already completing or completed",
            Some(_) => continue,
        };
        let _ = writeln!(answer.stderr, "scancel: error: Kill job error on job id {job}: {said}");
        answer.exit = 1;
    }
    answer
}
