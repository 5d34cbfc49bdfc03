//! How often a run is started again, by what ended it: the `[retry]` table.

use serde::{Deserialize, Serialize};

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
