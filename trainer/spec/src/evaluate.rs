//! What is measured when training has ended.

use serde::{Deserialize, Serialize};

use crate::data::digests;
use crate::error::SpecError;
use crate::identity::Digest;
use crate::setting::Settings;

/// A kind of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Loss, bits per byte and perplexity on the held-out stories.
    Validation,
    /// Of two sentences that differ in one point, does the model prefer the grammatical one?
    MinimalPairs,
}

impl Task {
    /// Names in sweep files, in the order of the variants; then those of [`crate::benchmark::Benchmark`], and those of
    /// [`crate::fine_tuning`].
    pub const NAMES: [&'static str; 20] = [
        "validation",
        "minimal-pairs",
        "blimp",
        "babylm",
        "superglue",
        "boolq",
        "cb",
        "copa",
        "multirc",
        "record",
        "rte",
        "wic",
        "wsc",
        "cola",
        "sst2",
        "mrpc",
        "qqp",
        "mnli",
        "mnli-mm",
        "qnli",
    ];
}

/// The measurements of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EvaluateSpec {
    /// What is measured, each task once, in a fixed order.
    pub tasks: Vec<Task>,
    /// Content of the files of minimal pairs; empty unless the task is asked for.
    pub minimal_pairs: Vec<Digest>,
}

impl EvaluateSpec {
    /// The measurements that `settings` ask for; `content` gives the digest of a path.
    ///
    /// # Errors
    /// When minimal pairs are asked for but no file is named.
    pub fn from_settings(settings: &Settings, content: &dyn Fn(&str) -> Option<Digest>) -> Result<Self, SpecError> {
        let names = settings.texts("evaluate.tasks");
        let task = |name: &String| match name.as_str() {
            "minimal-pairs" => Some(Task::MinimalPairs),
            "validation" => Some(Task::Validation),
            _ => None,
        };
        let mut tasks: Vec<Task> = names.iter().filter_map(task).collect();
        tasks.sort_unstable();
        let minimal_pairs = if tasks.contains(&Task::MinimalPairs) {
            digests("evaluate.minimal-pairs", settings, content)?
        } else {
            Vec::new()
        };
        if tasks.contains(&Task::MinimalPairs) && minimal_pairs.is_empty() {
            return Err(SpecError::Missing {
                key: "evaluate.minimal-pairs",
                meaning: "the task minimal-pairs needs at least one JSONL file of pairs",
            });
        }
        Ok(Self { tasks, minimal_pairs })
    }
}
