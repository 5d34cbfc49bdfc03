//! Partitions and nodes: `sinfo --format=FORMAT`, with its header.

use super::table::{Row, Table};
use super::values::{at_least, is_absent};
use super::{QueryError, Reply};
use crate::resources::{GresList, TimeLimit};

/// The value of `--format`. Nodes that are alike share a row.
pub const FORMAT: &str = "%P|%a|%l|%D|%T|%c|%m|%G|%N|%f";

const TABLE: Table = Table { first_title: "PARTITION", columns: 10 };

/// Nodes of one partition that are alike in size and state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeGroup {
    /// The partition.
    pub partition: String,
    /// True for the partition of jobs that name none.
    pub is_default: bool,
    /// True if the partition takes and starts jobs.
    pub is_up: bool,
    /// The partition's longest time limit.
    pub time_limit: Option<TimeLimit>,
    /// How many nodes.
    pub count: u32,
    /// Their state.
    pub state: NodeState,
    /// Processors of each, at least.
    pub cpus: u64,
    /// Memory of each in mebibytes, at least.
    pub memory: u64,
    /// GPUs and the like of each.
    pub gres: GresList,
    /// Which nodes, compressed.
    pub nodes: String,
    /// Features that a constraint can ask for.
    pub features: Vec<String>,
}

/// The state of nodes: Slurm's word without the sign behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeState {
    /// The word in lower case, such as `idle`, `mixed`, `drained`.
    pub word: String,
    /// True if the controller cannot reach them (`*`).
    pub is_unreachable: bool,
}

impl NodeState {
    fn read(text: &str) -> Self {
        let signs = ['*', '~', '#', '!', '%', '$', '@', '^', '-', '+'];
        Self { word: text.trim_end_matches(signs).to_ascii_lowercase(), is_unreachable: text.ends_with('*') }
    }

    /// True if jobs run here or can start here.
    pub fn is_usable(&self) -> bool {
        let usable = ["idle", "mixed", "allocated", "completing", "reserved", "planned"];
        !self.is_unreachable && usable.contains(&self.word.as_str())
    }
}

/// Reads the groups of nodes, in sinfo's order.
///
/// # Errors
/// The query failed, was cut, or has another form.
pub fn read(reply: &Reply) -> Result<Vec<NodeGroup>, QueryError> {
    TABLE.rows(reply)?.iter().map(group).collect()
}

fn group(row: &Row) -> Result<NodeGroup, QueryError> {
    let partition = row.text(0);
    let number = |column| {
        let text = row.text(column);
        at_least(text).ok_or_else(|| row.malformed(text, "a number, perhaps with `+`"))
    };
    let time_limit = Some(row.text(2)).filter(|text| !is_absent(text) && *text != "n/a");
    Ok(NodeGroup {
        partition: partition.trim_end_matches('*').to_owned(),
        is_default: partition.ends_with('*'),
        is_up: row.text(1) == "up",
        time_limit: time_limit.map(|_| row.value(2, TimeLimit::EXPECTED)).transpose()?,
        count: row.value(3, "a number of nodes")?,
        state: NodeState::read(row.text(4)),
        cpus: number(5)?,
        memory: number(6)?,
        gres: GresList::reported(row.text(7)),
        nodes: row.text(8).to_owned(),
        features: features(row.text(9)),
    })
}

fn features(text: &str) -> Vec<String> {
    if is_absent(text) {
        return Vec::new();
    }
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}
