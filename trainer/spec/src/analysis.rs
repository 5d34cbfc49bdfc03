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

/// On what scale differences are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Values as they are.
    #[default]
    Linear,
    /// Their natural logarithms: a difference of 0.01 is a ratio of 1.01. For perplexities and times, whose spread
    /// grows with their size.
    Log,
}

impl Scale {
    /// Names in sweep files.
    pub const NAMES: [&'static str; 2] = ["linear", "log"];

    /// Whether it is the usual one, which a plan leaves out.
    pub fn is_linear(&self) -> bool {
        *self == Self::Linear
    }
}

/// A question with a name, asked before anybody looks: do the first levels of some pairs differ from the second ones?
///
/// Each pair is answered over all combinations of the other factors, and all pairs together by the mean of their
/// differences.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Question {
    /// The name: `learnable against static`.
    pub name: String,
    /// The factor whose levels are set against each other.
    pub factor: String,
    /// Level and baseline of each pair; at least one pair.
    pub pairs: Vec<[Value; 2]>,
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
    /// The scale of the primary metric's differences, and of the margin.
    #[serde(default, skip_serializing_if = "Scale::is_linear")]
    pub scale: Scale,
    /// Questions that the report answers by name, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<Question>,
}

impl AnalysisSpec {
    /// The digest of the plan, by which a report says whether it was changed after the first submission.
    pub fn digest(&self) -> Digest {
        Digest::of(&serde_json::to_vec(self).expect("invariant: an analysis plan has text keys only"))
    }
}
