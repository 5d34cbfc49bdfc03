//! sbatch: a script on standard input becomes a job.

use std::collections::BTreeMap;

use super::{Answer, options};
use crate::cluster::Cluster;
use crate::job::{self, Incarnation, Job, Task};
use crate::version;

pub(super) fn answer(cluster: &mut Cluster, arguments: &[String], input: &str) -> Answer {
    let options = match options::read("sbatch", &version::SBATCH, cluster.version, arguments) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let number = match accept(cluster, input) {
        Ok(number) => number,
        Err(said) => return Answer::fail(said),
    };
    let named = if cluster.names_cluster { ";pretended" } else { "" };
    let parsable = options.contains_key("parsable");
    Answer::print(if parsable { format!("{number}{named}\n") } else { format!("Submitted batch job {number}\n") })
}

/// Queues the job of a script, and gives its number.
///
/// # Errors
/// What sbatch says where the controller will not have it.
pub fn accept(cluster: &mut Cluster, script: &str) -> Result<u32, String> {
    if !script.starts_with("#!") {
        return Err(failed("This does not look like a batch script."));
    }
    let directives = directives(script);
    if let Some(unknown) = directives.keys().find(|name| !version::knows(&version::SBATCH, name, cluster.version)) {
        return Err(format!("sbatch: unrecognized option '--{unknown}'\n"));
    }
    let get = |name: &str| directives.get(name).cloned().unwrap_or_default();
    let Some(indices) = job::indices(&get("array")) else {
        return Err("pretence: a job is pretended with --array only\n".to_owned());
    };
    if indices.iter().any(|index| *index >= cluster.array_size) {
        return Err(failed("Invalid job array specification"));
    }
    let queued = cluster.known().filter(|(_, task)| !task.is_over()).count();
    if cluster.max_submit.is_some_and(|most| queued + indices.len() > most) {
        let policy = failed("Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)");
        return Err(format!("sbatch: error: AssocMaxSubmitJobLimit\n{policy}"));
    }
    let (number, submitted) = (cluster.number(), cluster.clock());
    let task = |index: &u32| Task { index: *index, now: Incarnation::queued(submitted), ..Task::default() };
    let gpus = get("gres").rsplit(':').next().and_then(|count| count.parse().ok()).unwrap_or(0);
    let partition = get("partition");
    cluster.jobs.push(Job {
        number,
        name: get("job-name"),
        user: cluster.user.clone(),
        partition: if partition.is_empty() { "main".to_owned() } else { partition },
        submitted,
        output: get("output"),
        directory: get("chdir"),
        gpus,
        requeue: directives.contains_key("requeue"),
        tasks: indices.iter().map(task).collect(),
        script: script.to_owned(),
    });
    Ok(number)
}

fn failed(why: &str) -> String {
    format!("sbatch: error: Batch job submission failed: {why}\n")
}

/// The `#SBATCH` lines above the first command.
fn directives(script: &str) -> BTreeMap<String, String> {
    let lines = script.lines().take_while(|line| line.is_empty() || line.starts_with('#'));
    let words = lines.filter_map(|line| line.strip_prefix("#SBATCH --"));
    words
        .map(|option| match option.split_once('=') {
            Some((name, value)) => (name.to_owned(), unquoted(value)),
            None => (option.trim().to_owned(), String::new()),
        })
        .collect()
}

/// A value without its quotes and backslashes, as sbatch takes them off.
fn unquoted(value: &str) -> String {
    let mut text = String::new();
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => {}
            '\\' => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_as_sbatch_reads_them() {
        let script = "#!/bin/sh\n#SBATCH --array=0-3%2\n#SBATCH --requeue\n#SBATCH --chdir=\"/it's \\\"so\\\"\"\n\ntrue\n#SBATCH --nodes=1\n";
        let found = directives(script);
        assert_eq!(found["chdir"], "/it's \"so\"");
        assert_eq!(found.keys().collect::<Vec<_>>(), ["array", "chdir", "requeue"]);
    }
}
