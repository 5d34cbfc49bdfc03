//! How often a run is started again, by what ended it: the `[retry]` table.

use serde::{Deserialize, Serialize};
use spec::Value;
use spec::setting::Setting;

use super::document::Block;
use super::keys;
use super::problem::Problems;

/// How many times a run is started again after each kind of end. A diverged run is never retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl RetryPolicy {
    /// Reads `[retry]`.
    pub(super) fn read(mut block: Block, problems: &mut Problems) -> Self {
        static SETTINGS: [Setting; 5] = keys::RETRY;
        let counts = SETTINGS.each_ref().map(|setting| {
            let given = keys::take(&mut block, setting, problems).map(|(value, _)| value);
            match given.or_else(|| setting.default.value()) {
                Some(Value::Integer(count)) => {
                    u32::try_from(count).expect("invariant: a count is bounded by its setting")
                }
                _ => 0,
            }
        });
        block.refuse_rest(&keys::names(&SETTINGS), problems);
        let [out_of_memory, timeout, node_failure, preemption, error] = counts;
        Self { out_of_memory, timeout, node_failure, preemption, error }
    }
}
