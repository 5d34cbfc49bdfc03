//! All that the cluster knows.

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, Rule, When};
use crate::job::{Job, Task};
use crate::version::Version;

/// A call of one of the commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The command.
    pub command: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

/// The state of the pretended cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The release.
    pub version: Version,
    /// On whose behalf the commands are called.
    pub user: String,
    /// How far the controller's clock is ahead of ours, in seconds.
    pub skew: i64,
    /// Whether there are accounts.
    pub accounting: bool,
    /// The accounts as they were at some time, while they lag behind.
    pub lagging: Option<Vec<Job>>,
    /// `MaxArraySize`.
    pub array_size: u32,
    /// How many tasks may be in the queue.
    pub max_submit: Option<usize>,
    /// Whether sbatch names the cluster behind the number.
    pub names_cluster: bool,
    /// The number of the next job.
    pub next: u32,
    /// Jobs, oldest first; also those of others.
    pub jobs: Vec<Job>,
    /// Submissions that are still on their way: the texts of their scripts.
    pub on_their_way: Vec<String>,
    /// What goes wrong.
    pub rules: Vec<Rule>,
    /// What was called.
    pub calls: Vec<Call>,
}

impl Cluster {
    /// A cluster of this release on which nothing was ever done.
    pub fn new(version: Version, user: String) -> Self {
        Self {
            version,
            user,
            skew: 0,
            accounting: true,
            lagging: None,
            array_size: 1001,
            max_submit: None,
            names_cluster: false,
            next: 4711,
            jobs: Vec::new(),
            on_their_way: Vec::new(),
            rules: Vec::new(),
            calls: Vec::new(),
        }
    }

    /// The controller's clock, in seconds.
    pub fn clock(&self) -> i64 {
        jiff::Timestamp::now().as_second() + self.skew
    }

    /// A moment of that clock as Slurm writes it.
    pub fn time(seconds: Option<i64>) -> String {
        let moment = seconds.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
        let written = |moment: jiff::Timestamp| {
            moment.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S").to_string()
        };
        moment.map_or_else(|| "Unknown".to_owned(), written)
    }

    /// A number that no job has.
    pub fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// Every task that the controller knows, with its job.
    pub fn known(&self) -> impl Iterator<Item = (&Job, &Task)> {
        self.jobs
            .iter()
            .flat_map(|job| job.tasks.iter().map(move |task| (job, task)))
            .filter(|(_, task)| !task.forgotten)
    }

    /// Every task.
    pub fn tasks_mut(&mut self) -> impl Iterator<Item = &mut Task> {
        self.jobs.iter_mut().flat_map(|job| &mut job.tasks)
    }

    /// A task of a job; of two jobs with one number the later.
    pub fn task_mut(&mut self, number: u32, index: u32) -> Option<&mut Task> {
        let job = self.jobs.iter_mut().rev().find(|job| job.number == number)?;
        job.tasks.iter_mut().find(|task| task.index == index)
    }

    /// Counts a call, and says what goes wrong with it.
    pub fn called(&mut self, command: &str, arguments: &[String]) -> Option<Fault> {
        self.calls.push(Call { command: command.to_owned(), arguments: arguments.to_vec() });
        let mut found = None;
        for rule in self.rules.iter_mut().filter(|rule| rule.command == command) {
            rule.calls += 1;
            let hits = match rule.when {
                When::Always => true,
                When::Nth(nth) => rule.calls == nth,
                When::Times(times) => rule.calls <= times,
            };
            if hits && found.is_none() {
                found = Some(rule.fault.clone());
            }
        }
        found
    }
}
