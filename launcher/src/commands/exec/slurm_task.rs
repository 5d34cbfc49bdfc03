//! The task of Slurm that a process is, and how it puts itself back into the queue.

use std::thread;
use std::time::Duration;

use slurm::client::{Client, ClientError};
use slurm::job_id::JobId;
use slurm::transport::{Local, TransportError};
use spec::status::{Attempt, Cause, Node, NodeTask, Status};

use crate::output::counted;

/// How many times the controller is asked to queue a task again.
const REQUEUE_TRIES: u32 = 5;

/// The task of Slurm that this process is.
pub(super) struct SlurmTask {
    pub(super) job: JobId,
    /// How often Slurm has started it again.
    pub(super) restarts: u32,
    most: u32,
    /// The GPUs that it was given, as `CUDA_VISIBLE_DEVICES` names them.
    pub(super) gpus: Option<String>,
}

impl SlurmTask {
    /// The task that the environment tells of; it may put itself back into the queue `most` times.
    pub(super) fn here(most: u32) -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        // One task of every array has the array's own number as its job's: that number alone would mean all of them.
        let array = variable("SLURM_ARRAY_JOB_ID").zip(variable("SLURM_ARRAY_TASK_ID"));
        let job = match array {
            Some((array, index)) => JobId::task(array.parse().ok()?, index.parse().ok()?),
            None => JobId::whole(variable("SLURM_JOB_ID")?.parse().ok()?),
        };
        let restarts = variable("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
        Some(Self { job, restarts, most, gpus: variable("CUDA_VISIBLE_DEVICES") })
    }

    /// Itself, as the record of an attempt tells of it.
    pub(super) fn record(&self) -> NodeTask {
        let node = std::env::var("SLURMD_NODENAME").ok().filter(|node| !node.is_empty());
        NodeTask { job: self.job.to_string(), node, restarts: self.restarts }
    }

    /// How often this task has left the run with this `status` to come back, warned that its time was up or of its own
    /// accord. What the cluster did to it, and Slurm counts as a restart as well, is not held against it.
    pub(super) fn returns(&self, status: &Status) -> u32 {
        let job = self.job.to_string();
        let is_own = |node: &Node| node.task.as_ref().is_some_and(|task| task.job == job);
        let left = |attempt: &&Attempt| {
            attempt.cause == Some(Cause::Checkpointed) && !attempt.told && attempt.node.as_ref().is_some_and(is_own)
        };
        u32::try_from(status.attempts.iter().filter(left).count()).unwrap_or(u32::MAX)
    }

    /// Puts the task back into the queue, unless it has left so often that this is once too often, and says so with
    /// `talk`.
    pub(super) fn requeue(&self, left: u32, talk: &impl Fn(&str)) {
        if left > self.most {
            let again = counted(left as usize - 1, "time");
            talk(&format!(
                "the job has put itself into the queue {again} already: the command that submitted it goes on"
            ));
            return;
        }
        // Before it is asked: Slurm may end this process sooner than it answers it.
        talk(&format!("job {} asks to go back into the queue", self.job));
        let client = Client::new(Local);
        let ask = || client.requeue(std::slice::from_ref(&self.job));
        let mut answer = ask();
        // A controller that is busy now may answer next time; should it have heard all the same, this process ends
        // meanwhile.
        for _ in 1..REQUEUE_TRIES {
            // Where there is no scontrol, as in many a container, there is none later either.
            let is_vain = matches!(answer, Err(ClientError::Transport(TransportError::NotInstalled { .. })));
            if answer.is_ok() || is_vain {
                break;
            }
            thread::sleep(Duration::from_secs(2));
            answer = ask();
        }
        if let Err(error) = answer {
            talk(&format!(
                "job {} cannot go back into the queue: {error}; the command that submitted it goes on",
                self.job
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use spec::RunId;
    use spec::status::State;

    use super::*;

    fn attempt(job: &str, cause: &str, told: bool) -> Attempt {
        let text = format!(
            r#"{{"number":1,"started":"t","ended":null,"seconds":null,"host":"h","process":1,"gpu":null,"exit-code":75,
            "signal":null,"cause":"{cause}","message":null,"told":{told},
            "node":{{"seedbed":"0","task":{{"job":"{job}","restarts":9}}}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn only_what_this_task_left_of_its_own_accord_counts() {
        let task = SlurmTask { job: "7_1".parse().unwrap(), restarts: 9, most: 1, gpus: None };
        let attempts = vec![
            attempt("7_1", "checkpointed", true),
            attempt("6_1", "checkpointed", false),
            attempt("7_1", "checkpointed", false),
            attempt("7_1", "lost", false),
        ];
        let status =
            Status { schema: spec::SCHEMA, run: RunId::of(b"run"), state: State::Interrupted, results: None, attempts };
        assert_eq!(task.returns(&status), 1);
        let said = RefCell::new(String::new());
        task.requeue(2, &|text: &str| said.borrow_mut().push_str(text));
        assert!(said.borrow().contains("1 time already"));
    }
}
