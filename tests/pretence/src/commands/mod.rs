//! The six commands: each a function from its arguments and the cluster to an answer.

mod options;
mod sacct;
mod sbatch;
mod scancel;
mod scontrol;
mod sinfo;
mod squeue;

use crate::cluster::Cluster;
use crate::job::{self, Task};

pub use sbatch::accept;

/// What a command prints, and how it ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answer {
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    /// The exit code.
    pub exit: u8,
    /// Process groups that are to be told to end.
    pub told: Vec<i32>,
}

impl Answer {
    fn print(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }

    fn fail(stderr: impl Into<String>) -> Self {
        Self { stderr: stderr.into(), exit: 1, ..Self::default() }
    }
}

/// The answer of `command` to `arguments`, with `input` on its standard input.
pub fn answer(cluster: &mut Cluster, command: &str, arguments: &[String], input: &str) -> Answer {
    match command {
        "sbatch" => sbatch::answer(cluster, arguments, input),
        "squeue" => squeue::answer(cluster, arguments),
        "sacct" => sacct::answer(cluster, arguments),
        "scancel" => scancel::answer(cluster, arguments),
        "scontrol" => scontrol::answer(cluster, arguments),
        "sinfo" => sinfo::answer(cluster, arguments),
        _ => Answer::fail(format!("pretence: {command} is not pretended\n")),
    }
}

/// Does `change` to every task that `text` means and the controller knows, and gathers what is said of each; `None` if
/// it means no task.
fn each(cluster: &mut Cluster, text: &str, mut change: impl FnMut(&mut Task)) -> Option<usize> {
    let (number, indices) = job::target(text)?;
    let user = cluster.user.clone();
    let jobs = cluster.jobs.iter_mut().filter(|job| job.number == number && job.user == user);
    let tasks = jobs.flat_map(|job| &mut job.tasks).filter(|task| !task.forgotten);
    let meant = tasks.filter(|task| indices.as_ref().is_none_or(|indices| indices.contains(&task.index)));
    let count = meant.map(&mut change).count();
    (count > 0).then_some(count)
}

/// The parts of a list of job ids: commas inside of brackets do not separate.
fn list(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_inside = false;
    for character in text.chars() {
        is_inside = (is_inside || character == '[') && character != ']';
        match (character, parts.last_mut()) {
            (',', _) if !is_inside => parts.push(String::new()),
            (_, Some(last)) => last.push(character),
            (_, None) => {}
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_brackets_do_not_separate() {
        assert_eq!(list("7_[0-2,5],8"), ["7_[0-2,5]", "8"]);
    }
}
