//! sinfo: four nodes with four GPUs each.

use super::{Answer, options};
use crate::cluster::Cluster;
use crate::version;

pub(super) fn answer(cluster: &Cluster, arguments: &[String]) -> Answer {
    let options = match options::read("sinfo", &version::SINFO, cluster.version, arguments) {
        Ok(options) => options,
        Err(answer) => return answer,
    };
    let Some(format) = options::value(&options, "format") else {
        return Answer::fail("pretence: sinfo is pretended with --format only\n");
    };
    let line = |text: fn(&str) -> &'static str| format.split('|').map(text).collect::<Vec<_>>().join("|");
    Answer::print(format!("{}\n{}\n", line(title), line(cell)))
}

fn title(column: &str) -> &'static str {
    match column {
        "%P" => "PARTITION",
        "%a" => "AVAIL",
        "%l" => "TIMELIMIT",
        "%D" => "NODES",
        "%T" => "STATE",
        "%c" => "CPUS",
        "%m" => "MEMORY",
        "%G" => "GRES",
        "%N" => "NODELIST",
        "%f" => "AVAIL_FEATURES",
        _ => "?",
    }
}

fn cell(column: &str) -> &'static str {
    match column {
        "%P" => "main*",
        "%a" => "up",
        "%l" => "2-00:00:00",
        "%D" => "4",
        "%T" => "idle",
        "%c" => "8",
        "%m" => "64000",
        "%G" => "gpu:a100:4",
        "%N" => "node[1-4]",
        "%f" => "(null)",
        _ => "?",
    }
}
