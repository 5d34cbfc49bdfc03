//! squeue: what the controller knows.

use super::{Answer, options};
use crate::cluster::Cluster;
use crate::job::{Job, Task};
use crate::version;

pub(super) fn answer(cluster: &Cluster, arguments: &[String]) -> Answer {
    let options = match options::read("squeue", &version::SQUEUE, cluster.version, arguments) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let Some(format) = options::value(&options, "format") else {
        return Answer::fail("pretence: squeue is pretended with --format only\n");
    };
    let columns: Vec<char> = format.split('|').filter_map(|column| column.strip_prefix('%')?.chars().next()).collect();
    let mut rows = vec![columns.iter().map(|column| title(*column)).collect::<Vec<_>>().join("|")];
    let all = options::value(&options, "states") == Some("all");
    let listed = |(job, task): &(&Job, &Task)| {
        options::lists(&options, "user", &job.user)
            && options::lists(&options, "name", &job.name)
            && (all || !task.is_over())
    };
    for (job, task) in cluster.known().filter(listed) {
        let cells: Vec<String> = columns.iter().map(|column| cell(cluster, *column, job, task)).collect();
        rows.push(cells.join("|"));
    }
    Answer::print(rows.join("\n") + "\n")
}

fn title(column: char) -> &'static str {
    match column {
        'i' => "JOBID",
        'T' => "STATE",
        'r' => "REASON",
        'V' => "SUBMIT_TIME",
        'S' => "START_TIME",
        'M' => "TIME",
        'l' => "TIME_LIMIT",
        'N' => "NODELIST",
        'u' => "USER",
        'j' => "NAME",
        'P' => "PARTITION",
        _ => "?",
    }
}

fn cell(cluster: &Cluster, column: char, job: &Job, task: &Task) -> String {
    let time = |seconds| Some(Cluster::time(seconds)).filter(|time| time != "Unknown").unwrap_or("N/A".to_owned());
    match column {
        'i' => format!("{}_{}", job.number, task.index),
        'T' => task.queue_word.clone().unwrap_or_else(|| task.now.word().to_owned()),
        'r' => task.reason().to_owned(),
        'V' => time(Some(task.now.submitted)),
        'S' => time(task.now.started),
        'M' => {
            let until = task.now.ended.unwrap_or_else(|| cluster.clock());
            let seconds = task.now.started.map_or(0, |started| (until - started).max(0));
            format!("{}:{:02}", seconds / 60, seconds % 60)
        }
        'l' => "1:00:00".to_owned(),
        'N' if task.now.started.is_some() => "node1".to_owned(),
        'u' => job.user.clone(),
        'j' => job.name.clone(),
        'P' => job.partition.clone(),
        _ => String::new(),
    }
}
