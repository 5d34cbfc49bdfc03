//! Everything that one job asks of its nodes.

use serde::{Deserialize, Serialize};

use super::{Cpus, GresList, MemoryRequest, Nodes, TimeLimit};

/// What one job, or each task of an array, asks for: one process on each of its nodes,
/// of which most jobs have one.
///
/// Jobs with equal resources can share an array, so the type is ordered and can be a key. What is
/// left out is the partition's default.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resources {
    /// Nodes; all below but the time is for each.
    #[serde(skip_serializing_if = "Nodes::is_one")]
    pub nodes: Nodes,
    /// The longest time that the job may take.
    pub time: Option<TimeLimit>,
    /// Processors.
    pub cpus: Option<Cpus>,
    /// Memory of the host.
    pub memory: Option<MemoryRequest>,
    /// GPUs and the like.
    pub gres: GresList,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_reads_what_people_write() {
        let text = r#"{"time":"2h","cpus":"4","memory":"16G","gres":"gpu:a100:1"}"#;
        let resources: Resources = serde_json::from_str(text).unwrap();
        assert_eq!(resources.time, Some(TimeLimit::Seconds(7_200)));
        let written = serde_json::to_string(&resources).unwrap();
        assert_eq!(written, r#"{"time":"02:00:00","cpus":"4","memory":"16G","gres":"gpu:a100:1"}"#);
        assert!(serde_json::from_str::<Resources>(r#"{"tiem":"2h"}"#).is_err());
    }
}
