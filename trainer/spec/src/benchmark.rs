//! Benchmarks of a trained model: what is measured when training has ended, or later.
//!
//! Nothing here changes what a run trains, so nothing here is part of its id: a benchmark that is added to a sweep file
//! finds the runs that are done.

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::fine_tuning::FineTuning;
use crate::identity::Digest;
use crate::setting::Settings;
use crate::store;

/// A benchmark of minimal pairs whose data lies in the store (see [`crate::store`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Benchmark {
    /// BLiMP.
    Blimp,
    /// BabyLM's filtered BLiMP with its supplement.
    Babylm,
}

impl Benchmark {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Blimp, Self::Babylm];

    /// The name in sweep files, in the store and in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Blimp => "blimp",
            Self::Babylm => "babylm",
        }
    }

    /// The benchmark of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|benchmark| benchmark.name() == name)
    }

    /// The name by which its pairs are asked for where paths are.
    pub fn data(self) -> String {
        store::data(self.name(), store::PAIRS)
    }
}

/// A benchmark and the content of its pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Asked {
    /// The benchmark.
    pub benchmark: Benchmark,
    /// The content of its pairs.
    pub content: Digest,
}

/// The benchmarks of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Benchmarks {
    /// The pairs that are asked, each set once, in a fixed order.
    pub asked: Vec<Asked>,
    /// Pairs of each benchmark that are asked whenever the validation loss is measured, as a curve.
    pub curve_pairs: Option<u64>,
    /// What the model is tuned on afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fine_tuning: Option<FineTuning>,
}

impl Benchmarks {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The benchmarks that `settings` ask for; `content` gives the digest of a path or of what [`store::data`] names.
    ///
    /// # Errors
    /// When the data of one is not there; see [`FineTuning::from_settings`] too.
    pub fn from_settings(settings: &Settings, content: &dyn Fn(&str) -> Option<Digest>) -> Result<Self, SpecError> {
        let names = settings.texts("evaluate.tasks");
        let wanted = Benchmark::ALL.into_iter().filter(|benchmark| names.iter().any(|name| name == benchmark.name()));
        let asked = wanted.map(|benchmark| {
            let content = content(&benchmark.data()).ok_or_else(|| SpecError::Unfit {
                key: "evaluate.tasks",
                value: format!("{:?}", benchmark.name()),
                reason: "its data is not there".to_owned(),
            })?;
            Ok(Asked { benchmark, content })
        });
        let curve_pairs = settings.integer("evaluate.curve-pairs").map(i64::unsigned_abs);
        let fine_tuning = FineTuning::from_settings(settings, content)?;
        Ok(Self { asked: asked.collect::<Result<_, SpecError>>()?, curve_pairs, fine_tuning })
    }
}
