//! What one run asks of a cluster.

use serde::{Deserialize, Serialize};

use crate::quantity::{Mebibytes, Seconds};
use crate::setting::Settings;

/// What one run asks of a cluster. Not part of its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ResourcesSpec {
    /// GPUs.
    pub gpus: u32,
    /// Processor cores.
    pub cpus: u32,
    /// Main memory.
    pub memory: Mebibytes,
    /// Time limit.
    pub time: Seconds,
}

impl ResourcesSpec {
    /// The resources that `settings` ask for.
    pub fn from_settings(settings: &Settings) -> Self {
        let fixed = "invariant: this setting has a fixed default of its own kind";
        Self {
            gpus: settings.size("resources.gpus"),
            cpus: settings.size("resources.cpus"),
            memory: settings.name("resources.memory").parse().expect(fixed),
            time: settings.name("resources.time").parse().expect(fixed),
        }
    }
}
