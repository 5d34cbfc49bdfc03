//! sacct: what the accounts say, with every incarnation and its steps.

use super::{Answer, options};
use crate::cluster::Cluster;
use crate::job::{Incarnation, Job, Task};
use crate::version;

pub(super) fn answer(cluster: &Cluster, arguments: &[String]) -> Answer {
    let options = match options::read("sacct", &version::SACCT, cluster.version, arguments) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    if !cluster.accounting {
        return Answer::fail("Slurm accounting storage is disabled\n");
    }
    let fields: Vec<&str> = options::value(&options, "format").unwrap_or_default().split(',').collect();
    if let Some(field) = fields.iter().find(|field| !version::knows(&version::COLUMNS, field, cluster.version)) {
        return Answer::fail(format!("sacct: error: Invalid field requested: \"{field}\"\n"));
    }
    let Some(since) = since(options::value(&options, "starttime"), cluster.clock()) else {
        return Answer::fail("sacct: error: Invalid time specification\n");
    };
    let mut text = fields.join("|") + "\n";
    let jobs = cluster.lagging.as_ref().unwrap_or(&cluster.jobs);
    let listed =
        |job: &&Job| options::lists(&options, "user", &job.user) && options::lists(&options, "name", &job.name);
    for job in jobs.iter().filter(listed) {
        for line in lines(job, since, options.contains_key("duplicates")) {
            let cells: Vec<String> = fields.iter().map(|field| line.cell(field)).collect();
            text += &(cells.join("|") + "\n");
        }
    }
    Answer::print(text)
}

/// From when on jobs are listed: `now-5minutes`, and without a start from midnight.
fn since(start: Option<&str>, now: i64) -> Option<i64> {
    let Some(start) = start else { return Some(now - now % 86_400) };
    let minutes: i64 = start.strip_prefix("now-")?.strip_suffix("minutes")?.parse().ok()?;
    Some(now - 60 * minutes)
}

/// One line: an incarnation of a task, one of its steps, or the tasks that wait together.
struct Line<'a> {
    job: &'a Job,
    id: String,
    what: &'a Incarnation,
    step: Option<&'a (String, String)>,
}

fn lines(job: &Job, since: i64, duplicates: bool) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for task in &job.tasks {
        let past = task.past.iter().filter(|_| duplicates);
        // A task that was cancelled while it waited never came to the accounts, nor is one listed that waits with
        // others.
        let now = [&task.now].into_iter().filter(|now| now.started.is_some());
        for what in past.chain(now).filter(|what| what.ended.is_none_or(|ended| ended >= since)) {
            let id = format!("{}_{}", job.number, task.index);
            lines.push(Line { job, id: id.clone(), what, step: None });
            let steps = what.steps.iter();
            lines.extend(steps.map(|step| Line { job, id: format!("{id}.{}", step.0), what, step: Some(step) }));
        }
    }
    let waiting: Vec<&Task> = job.tasks.iter().filter(|task| task.is_pending()).collect();
    if let Some(first) = waiting.first() {
        let indices: Vec<String> = waiting.iter().map(|task| task.index.to_string()).collect();
        let id = format!("{}_[{}]", job.number, indices.join(","));
        lines.push(Line { job, id, what: &first.now, step: None });
    }
    lines
}

impl Line<'_> {
    fn cell(&self, field: &str) -> String {
        let (job, what) = (self.job, self.what);
        let of_job = |text: &str| if self.step.is_none() { text.to_owned() } else { String::new() };
        match field {
            "JobID" => self.id.clone(),
            "State" => self.step.map_or_else(|| what.state.clone(), |(_, state)| state.clone()),
            "ExitCode" => format!("{}:{}", what.exit.0, what.exit.1),
            "DerivedExitCode" => of_job("0:0"),
            "Submit" => Cluster::time(Some(what.submitted)),
            "Start" => Cluster::time(what.started),
            "End" => Cluster::time(what.ended),
            "ElapsedRaw" => {
                let seconds = what.started.zip(what.ended).map_or(0, |(started, ended)| (ended - started).max(0));
                seconds.to_string()
            }
            "MaxRSS" => self.step.map_or_else(String::new, |_| "2048K".to_owned()),
            "NodeList" if what.started.is_some() => "node1".to_owned(),
            "NodeList" => "None assigned".to_owned(),
            "Partition" => of_job(&job.partition),
            "User" => of_job(&job.user),
            "JobName" => self.step.map_or_else(|| job.name.clone(), |(step, _)| step.clone()),
            "Cluster" => "pretended".to_owned(),
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_relative_or_midnight() {
        assert_eq!(since(Some("now-2minutes"), 1000), Some(880));
        assert_eq!(since(None, 86_400 + 5), Some(86_400));
        assert_eq!(since(Some("yesterday"), 0), None);
    }
}
