//! Jobs, their tasks, and what each time that a task was started came to.

use serde::{Deserialize, Serialize};

/// An array of tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its number.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// Its partition.
    pub partition: String,
    /// When it was submitted: seconds of the controller's clock.
    pub submitted: i64,
    /// Its script.
    pub script: String,
    /// Where its output goes, as `--output` says.
    pub output: String,
    /// Where it is started.
    pub directory: String,
    /// How many GPUs each task gets.
    pub gpus: u32,
    /// Whether it is queued again when its node is lost or taken away.
    pub requeue: bool,
    /// Its tasks.
    pub tasks: Vec<Task>,
}

/// A task, in the incarnation that counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Task {
    /// Its index.
    pub index: u32,
    /// Its number as a job of its own, once it has started.
    pub raw: u32,
    /// How it stands.
    pub now: Incarnation,
    /// What earlier starts came to, oldest first.
    pub past: Vec<Incarnation>,
    /// Whether somebody holds it.
    pub held: bool,
    /// Its process, while it runs.
    pub process: Option<i32>,
    /// What its end will be called, whatever its process returns: `CANCELLED by 1000`, `NODE_FAIL`.
    pub fate: Option<String>,
    /// Whether it is queued again at its end.
    pub comes_back: bool,
    /// Whether the controller has forgotten it.
    pub forgotten: bool,
    /// The word for its state in squeue, in place of the true one.
    pub queue_word: Option<String>,
}

/// One start of a task, or its waiting for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incarnation {
    /// The state as sacct writes it.
    pub state: String,
    /// Exit code and signal.
    pub exit: (u8, u8),
    /// When it was queued: seconds of the controller's clock.
    pub submitted: i64,
    /// When it started.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// Its steps with their states: `batch`, `extern`, `0`.
    pub steps: Vec<(String, String)>,
}

impl Default for Incarnation {
    fn default() -> Self {
        Self { state: "PENDING".to_owned(), exit: (0, 0), submitted: 0, started: None, ended: None, steps: Vec::new() }
    }
}

impl Incarnation {
    /// Waiting since then.
    pub fn queued(submitted: i64) -> Self {
        Self { submitted, ..Self::default() }
    }

    /// The state without what follows its first word.
    pub fn word(&self) -> &str {
        self.state.split(' ').next().unwrap_or_default()
    }
}

impl Task {
    /// Whether it waits.
    pub fn is_pending(&self) -> bool {
        self.now.state == "PENDING"
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.now.state == "RUNNING"
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        !self.is_pending() && !self.is_running()
    }

    /// Why it waits, in Slurm's words.
    pub fn reason(&self) -> &'static str {
        match (self.is_pending(), self.held, self.past.is_empty()) {
            (true, true, _) => "JobHeldUser",
            (true, false, true) => "Priority",
            (true, false, false) => "BeginTime",
            _ => "None",
        }
    }

    /// Its end: `state` with `exit` at `time`. If it comes back, it waits from then on.
    pub fn end(&mut self, state: &str, exit: (u8, u8), time: i64) {
        state.clone_into(&mut self.now.state);
        (self.now.exit, self.now.ended) = (exit, Some(time));
        let of_steps = if exit == (0, 0) { "COMPLETED" } else { "FAILED" };
        if self.now.started.is_some() && self.now.steps.is_empty() {
            self.now.steps = vec![("batch".to_owned(), of_steps.to_owned())];
        }
        (self.process, self.fate) = (None, None);
        if std::mem::take(&mut self.comes_back) {
            let ended = std::mem::replace(&mut self.now, Incarnation::queued(time));
            self.past.push(ended);
        }
    }
}

/// The indices in `0-3,5%2`; `None` if that is no such text.
pub fn indices(text: &str) -> Option<Vec<u32>> {
    let text = text.split('%').next()?;
    let mut indices = Vec::new();
    for part in text.split(',') {
        match part.split_once('-') {
            Some((first, last)) => indices.extend(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?),
            None => indices.push(part.parse().ok()?),
        }
    }
    Some(indices)
}

/// What a job id of the command line means: a number, and the tasks of it; `None` for all.
pub fn target(text: &str) -> Option<(u32, Option<Vec<u32>>)> {
    match text.split_once('_') {
        Some((number, part)) => {
            let part = part.strip_prefix('[').and_then(|part| part.strip_suffix(']')).unwrap_or(part);
            Some((number.parse().ok()?, Some(indices(part)?)))
        }
        None => Some((text.parse().ok()?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_mean_tasks() {
        assert_eq!(target("7"), Some((7, None)));
        assert_eq!(target("7_3"), Some((7, Some(vec![3]))));
        assert_eq!(target("7_[0-2,5%2]"), Some((7, Some(vec![0, 1, 2, 5]))));
        assert_eq!(target("7_x"), None);
    }

    #[test]
    fn what_comes_back_waits_and_its_past_is_kept() {
        let mut task = Task { comes_back: true, ..Task::default() };
        task.end("PREEMPTED", (0, 15), 9);
        assert!(task.is_pending());
        assert_eq!((task.past[0].state.as_str(), task.reason()), ("PREEMPTED", "BeginTime"));
    }
}
