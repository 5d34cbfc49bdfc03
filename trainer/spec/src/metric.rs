//! The metrics that Seedbed knows by name: which way is better, and in what unit.

use serde::{Deserialize, Serialize};

/// Which way is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// Lower values are better.
    Lower,
    /// Higher values are better.
    Higher,
}

impl Direction {
    /// Names in sweep files and on the command line.
    pub const NAMES: [&'static str; 2] = ["lower", "higher"];

    /// The direction of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "lower" => Some(Self::Lower),
            "higher" => Some(Self::Higher),
            _ => None,
        }
    }
}

/// A metric that Seedbed knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// The name in tables, without the part after a slash.
    pub name: &'static str,
    /// The name in reports.
    pub label: &'static str,
    /// Which way is better; `None` for what is recorded but not judged.
    pub direction: Option<Direction>,
    /// Its unit.
    pub unit: &'static str,
}

/// All of them.
pub const METRICS: [Metric; 7] = [
    Metric {
        name: "validation-loss",
        label: "Validation loss",
        direction: Some(Direction::Lower),
        unit: "nats per token",
    },
    Metric {
        name: "validation-bits-per-byte",
        label: "Validation bits per byte",
        direction: Some(Direction::Lower),
        unit: "bits per byte",
    },
    Metric {
        name: "validation-perplexity",
        label: "Validation perplexity",
        direction: Some(Direction::Lower),
        unit: "tokens",
    },
    Metric {
        name: "minimal-pairs",
        label: "Minimal pairs",
        direction: Some(Direction::Higher),
        unit: "share of pairs right",
    },
    Metric { name: "train-loss", label: "Training loss", direction: Some(Direction::Lower), unit: "nats per token" },
    Metric { name: "learning-rate", label: "Learning rate", direction: None, unit: "" },
    Metric { name: "gradient-norm", label: "Gradient norm", direction: None, unit: "" },
];

/// The metric of that name; a part such as `minimal-pairs/anaphor-gender` is found by its whole.
pub fn find(name: &str) -> Option<&'static Metric> {
    let whole = name.split('/').next().unwrap_or(name);
    METRICS.iter().find(|metric| metric.name == whole)
}
