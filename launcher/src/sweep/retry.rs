//! How often a run is started again and with what, by what ended it: the `[retry]` table.

use serde::{Deserialize, Serialize};
use spec::Value;
use spec::setting::Setting;

use super::document::Block;
use super::keys;
use super::problem::Problems;

/// How many times a run is started again after each kind of end. A diverged run is never retried.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RetryPolicy {
    /// The machine or GPU ran out of memory.
    pub out_of_memory: u32,
    /// The time limit was reached; the run goes on from its checkpoint.
    pub timeout: u32,
    /// The node failed.
    pub node_failure: u32,
    /// The cluster took the node for something more important.
    pub preemption: u32,
    /// The program failed.
    pub error: u32,
    /// How many times as much memory a run asks for after each time that it was out of memory.
    pub memory_factor: f64,
    /// How many times as much time it asks for after each time that it reached its limit and had come no further.
    pub time_factor: f64,
    /// Whether it stays away from nodes that failed under it.
    pub exclude_nodes: bool,
}

impl RetryPolicy {
    /// Reads `[retry]`.
    pub(super) fn read(mut block: Block, problems: &mut Problems) -> Self {
        static SETTINGS: [Setting; 8] = keys::RETRY;
        let values = SETTINGS.each_ref().map(|setting| {
            let given = keys::take(&mut block, setting, problems).map(|(value, _)| value);
            given.or_else(|| setting.default.value())
        });
        block.refuse_rest(&keys::names(&SETTINGS), problems);
        let count = |value: &Option<Value>| match value {
            Some(Value::Integer(count)) => u32::try_from(*count).expect("invariant: a count is bounded by its setting"),
            _ => 0,
        };
        let factor = |value: &Option<Value>| match value {
            Some(Value::Float(factor)) => *factor,
            _ => 1.0,
        };
        let [out_of_memory, timeout, node_failure, preemption, error, memory, time, exclude] = &values;
        Self {
            out_of_memory: count(out_of_memory),
            timeout: count(timeout),
            node_failure: count(node_failure),
            preemption: count(preemption),
            error: count(error),
            memory_factor: factor(memory),
            time_factor: factor(time),
            exclude_nodes: *exclude == Some(Value::Boolean(true)),
        }
    }
}
