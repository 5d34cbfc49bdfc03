//! What will be compared, said before anybody looks: the `[analysis]` table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::identity::Digest;
use crate::metric::Direction;
use crate::value::Value;

/// Which comparisons share one correction for multiplicity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// All comparisons of one metric, over all strata. The strict choice, and the default.
    #[default]
    Metric,
    /// The comparisons of one metric within one combination of the other factors.
    Stratum,
}

impl Family {
    /// Names in sweep files.
    pub const NAMES: [&'static str; 2] = ["metric", "stratum"];
}

/// How the runs of two levels are set side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairing {
    /// Run by run with the same seed.
    #[default]
    Seed,
    /// Not at all: two independent groups.
    None,
}

impl Pairing {
    /// Names in sweep files.
    pub const NAMES: [&'static str; 2] = ["seed", "none"];
}

/// The analysis plan of a sweep, validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AnalysisSpec {
    /// The level that others are compared with, for every factor that is compared.
    pub baseline: BTreeMap<String, Value>,
    /// The metric that the study is about.
    pub primary: String,
    /// Which way is better, for metrics that Seedbed does not know by name.
    pub directions: BTreeMap<String, Direction>,
    /// The smallest difference of the primary metric that matters, in its unit.
    pub margin: Option<f64>,
    /// Probability of a false claim that is accepted, per family; in (0, 0.5].
    pub alpha: f64,
    /// Which comparisons share one correction.
    pub family: Family,
    /// How runs are set side by side.
    pub pairing: Pairing,
}

impl AnalysisSpec {
    /// The digest of the plan, by which a report says whether it was changed after the first submission.
    pub fn digest(&self) -> Digest {
        Digest::of(&serde_json::to_vec(self).expect("invariant: an analysis plan has text keys only"))
    }
}
