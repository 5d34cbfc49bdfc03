//! What one run asks of a cluster.

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::quantity::{Mebibytes, Seconds};
use crate::setting::Settings;

/// What one run asks of a cluster. Not part of its id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ResourcesSpec {
    /// Nodes. Left out where it is one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub nodes: u32,
    /// GPUs of each node.
    pub gpus: u32,
    /// Processor cores of each node.
    pub cpus: u32,
    /// Main memory of each node.
    pub memory: Mebibytes,
    /// Time limit.
    pub time: Seconds,
    /// How it shares a job with others of its kind. Left out where it has one of its own.
    #[serde(default, skip_serializing_if = "Packing::is_alone")]
    pub packing: Packing,
}

/// How runs share a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Packing {
    /// How many share one: 1 to 64.
    pub runs: u32,
    /// In which order.
    pub order: PackingOrder,
}

/// In which order the runs of one job are carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackingOrder {
    /// One after the other.
    #[default]
    InTurn,
    /// All at once.
    SideBySide,
}

/// The longest that a job of several runs may ask for.
const LONGEST: u64 = 365 * 86_400;

/// The most processor cores of one job: what one run may ask for.
const MOST_CORES: u32 = 4096;

impl ResourcesSpec {
    /// The resources that `settings` ask for.
    ///
    /// # Errors
    /// What a job of several runs would ask for is out of all proportion.
    pub fn from_settings(settings: &Settings) -> Result<Self, SpecError> {
        let fixed = "invariant: this setting has a fixed default of its own kind";
        let order = match settings.name("resources.packing").as_str() {
            "side-by-side" => PackingOrder::SideBySide,
            _ => PackingOrder::InTurn,
        };
        let resources = Self {
            nodes: settings.size("resources.nodes"),
            gpus: settings.size("resources.gpus"),
            cpus: settings.size("resources.cpus"),
            memory: settings.name("resources.memory").parse().expect(fixed),
            time: settings.name("resources.time").parse().expect(fixed),
            packing: match settings.size("resources.runs-per-job") {
                0 | 1 => Packing::default(),
                runs => Packing { runs, order },
            },
        };
        resources.check()?;
        Ok(resources)
    }

    fn check(&self) -> Result<(), SpecError> {
        let Packing { runs, order } = self.packing;
        let unfit = |reason: String| SpecError::Unfit {
            key: "resources.runs-per-job",
            value: runs.to_string(),
            reason: format!("{reason}; take fewer runs for a job"),
        };
        let (time, cores) = (self.time.get().saturating_mul(self.packing.longer()), u64::from(self.cpus));
        let cores = cores * self.packing.wider();
        if self.nodes > 1 && self.cpus < self.gpus {
            return Err(SpecError::Unfit {
                key: "resources.cpus",
                value: self.cpus.to_string(),
                reason: format!("each of the {} GPUs of a node needs a core for its process", self.gpus),
            });
        }
        if self.nodes > 1 && !self.packing.is_alone() {
            return Err(unfit(format!("runs of {} nodes each do not share a job", self.nodes)));
        }
        match order {
            _ if self.packing.is_alone() => Ok(()),
            PackingOrder::InTurn if time > LONGEST => {
                Err(unfit(format!("{runs} runs of {} one after the other are more than 365 days", self.time)))
            }
            PackingOrder::SideBySide if cores > u64::from(MOST_CORES) => Err(unfit(format!(
                "{runs} runs of {} cores side by side are more than the {MOST_CORES} that one job may have",
                self.cpus
            ))),
            _ => Ok(()),
        }
    }
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_one(nodes: &u32) -> bool {
    *nodes == 1
}

impl Default for Packing {
    fn default() -> Self {
        Self { runs: 1, order: PackingOrder::InTurn }
    }
}

impl Packing {
    /// Whether every run has a job of its own.
    pub fn is_alone(&self) -> bool {
        self.runs <= 1
    }

    /// The packing of a job with `runs` runs only.
    #[must_use]
    pub fn of(self, runs: u32) -> Self {
        Self { runs: self.runs.min(runs).max(1), ..self }
    }

    /// How many times as long as one run the job takes.
    pub fn longer(self) -> u64 {
        if self.order == PackingOrder::InTurn { u64::from(self.runs) } else { 1 }
    }

    /// How many times the cores and the memory of one run it takes. Its GPUs are those of one run in either order.
    pub fn wider(self) -> u64 {
        if self.order == PackingOrder::SideBySide { u64::from(self.runs) } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::find;
    use crate::value::Value;

    fn with(given: &[(&str, Value)]) -> Result<ResourcesSpec, SpecError> {
        let mut settings = Settings::new();
        for (key, value) in given {
            settings.give(find(key).unwrap(), value).unwrap();
        }
        ResourcesSpec::from_settings(&settings)
    }

    #[test]
    fn a_run_alone_is_written_as_before_packing() {
        let alone = with(&[]).unwrap();
        let text = serde_json::to_string(&alone).unwrap();
        assert_eq!(text, r#"{"gpus":1,"cpus":4,"memory":"16G","time":"4h"}"#);
        assert_eq!(serde_json::from_str::<ResourcesSpec>(&text).unwrap(), alone);
    }

    #[test]
    fn several_nodes_are_for_one_run_with_a_core_for_each_gpu() {
        let two = ("resources.nodes", Value::Integer(2));
        assert_eq!(with(std::slice::from_ref(&two)).unwrap().nodes, 2);
        let packed = with(&[two.clone(), ("resources.runs-per-job", Value::Integer(2))]).unwrap_err();
        assert!(packed.to_string().contains("do not share a job"), "{packed}");
        let narrow = with(&[two, ("resources.gpus", Value::Integer(8))]).unwrap_err();
        assert_eq!(narrow.key(), Some("resources.cpus"));
    }

    #[test]
    fn in_turn_takes_longer_and_side_by_side_is_wider() {
        let turn = with(&[("resources.runs-per-job", Value::Integer(8))]).unwrap().packing;
        assert_eq!((turn.longer(), turn.wider(), turn.of(3).longer(), turn.of(99).longer()), (8, 1, 3, 8));
        let order = ("resources.packing", Value::from("side-by-side"));
        let side = with(&[("resources.runs-per-job", Value::Integer(8)), order]).unwrap().packing;
        assert_eq!((side.longer(), side.wider()), (1, 8));
    }

    #[test]
    fn what_no_cluster_has_is_refused_by_its_key() {
        let runs = ("resources.runs-per-job", Value::Integer(64));
        let long = with(&[runs.clone(), ("resources.time", Value::from("6d"))]).unwrap_err();
        assert_eq!(long.key(), Some("resources.runs-per-job"));
        assert!(long.to_string().contains("365 days"), "{long}");
        let order = ("resources.packing", Value::from("side-by-side"));
        let wide = [runs.clone(), order.clone(), ("resources.cpus", Value::Integer(65))];
        assert!(with(&wide).unwrap_err().to_string().contains("4096"));
        // One after the other they need the cores of one, and side by side the time of one.
        assert!(with(&[runs.clone(), ("resources.cpus", Value::Integer(65))]).is_ok());
        assert!(with(&[runs, order, ("resources.time", Value::from("6d"))]).is_ok());
    }
}
