//! How a run is carried out and how often it is looked at.
//!
//! None of it is part of the run's id: it changes no question that the run answers. It may change bits: another device
//! or number of threads sums in another order, and more frequent looks make more rows in `metrics.csv`.

use serde::{Deserialize, Serialize};

use crate::quantity::Seconds;
use crate::setting::Settings;

/// Where a run computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Device {
    /// A GPU where one is visible, else the processor.
    Auto,
    /// The processor.
    Cpu,
    /// A GPU, or an error where none is visible.
    Cuda,
}

/// How a run is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ExecutionSpec {
    /// Where it computes.
    pub device: Device,
    /// Steps between two rows of training loss.
    pub log_every: u64,
    /// Steps between two validations; a tenth of the steps if not given.
    pub validate_every: Option<u64>,
    /// Time between two checkpoints.
    pub checkpoint_every: Seconds,
    /// Whether a GPU must use deterministic kernels only.
    pub deterministic: bool,
    /// Processor threads. Set when the run is first claimed and kept by later attempts, since the order of a sum
    /// depends on it: a resumed run gives the same bits as one never stopped. `None` until then.
    pub threads: Option<u32>,
}

impl ExecutionSpec {
    /// The execution that `settings` ask for.
    pub fn from_settings(settings: &Settings) -> Self {
        let integer = |key: &str| settings.integer(key).map(i64::unsigned_abs);
        let fixed = "invariant: this setting has a fixed default";
        Self {
            device: match settings.name("execution.device").as_str() {
                "cpu" => Device::Cpu,
                "cuda" => Device::Cuda,
                _ => Device::Auto,
            },
            log_every: integer("execution.log-every").expect(fixed),
            validate_every: integer("execution.validate-every"),
            checkpoint_every: settings.name("execution.checkpoint-every").parse().expect(fixed),
            deterministic: settings.name("execution.deterministic") == "always",
            threads: None,
        }
    }
}
