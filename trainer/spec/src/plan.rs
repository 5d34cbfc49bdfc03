//! `plan.json`: the runs of a sweep and what will be compared, frozen before the first submission.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::analysis::AnalysisSpec;
use crate::identity::{Digest, RunId};
use crate::value::Value;

/// A factor and its levels, in the order of the sweep file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Factor {
    /// The factor's name as written: `activation`, `train.learning-rate`.
    pub name: String,
    /// Its levels, those of `include` last.
    pub levels: Vec<Value>,
}

/// A run of the plan: its point in the design.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PlannedRun {
    /// The run's id.
    pub id: RunId,
    /// Its seed.
    pub seed: u64,
    /// Its level of every factor.
    pub levels: Arc<BTreeMap<String, Value>>,
}

/// The content of `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Plan {
    /// [`crate::SCHEMA`] of the writer.
    pub schema: u32,
    /// The sweep's name.
    pub sweep: String,
    /// When it was frozen: RFC 3339, UTC.
    pub frozen: String,
    /// How often the plan was changed after it was first frozen.
    pub revision: u32,
    /// Absolute path of the folder against which relative paths in the sweep file are read.
    pub base: PathBuf,
    /// Digest of the sweep file.
    pub sweep_file: Digest,
    /// The factors, in the order of the sweep file.
    pub factors: Vec<Factor>,
    /// The seeds, in the order of the sweep file.
    pub seeds: Vec<u64>,
    /// What will be compared.
    pub analysis: AnalysisSpec,
    /// Digest of the analysis plan at revision 0: where it differs from today's, the analysis was changed after the
    /// first submission and a report says so.
    pub first_analysis: Digest,
    /// The runs, seed by seed.
    pub runs: Vec<PlannedRun>,
}

impl Plan {
    /// Whether the analysis plan is still the one of the first submission.
    pub fn analysis_is_original(&self) -> bool {
        self.analysis.digest() == self.first_analysis
    }
}
