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

/// A share of items that were right.
const fn share(name: &'static str, label: &'static str) -> Metric {
    // Ours are shares, but those of other tables may be percentages.
    Metric { name, label, direction: Some(Direction::Higher), unit: "" }
}

/// What is recorded beside a score, but not judged.
const fn aside(name: &'static str, label: &'static str) -> Metric {
    Metric { name, label, direction: None, unit: "" }
}

/// Those that are measured without tuning the model.
static METRICS: [Metric; 37] = [
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
    aside("minimal-pairs-ties", "Minimal pairs, ties"),
    aside("minimal-pairs-cut", "Minimal pairs, sentences cut"),
    share("blimp", "BLiMP"),
    share("blimp-fields", "BLiMP, mean of fields"),
    share("blimp-eos", "BLiMP after </s>"),
    share("blimp-eos-fields", "BLiMP after </s>, mean of fields"),
    share("blimp-pll-word-l2r", "BLiMP within words from left to right"),
    share("blimp-pll-word-l2r-fields", "BLiMP within words from left to right, mean of fields"),
    aside("blimp-ties", "BLiMP, ties"),
    aside("blimp-eos-ties", "BLiMP after </s>, ties"),
    aside("blimp-pll-word-l2r-ties", "BLiMP within words from left to right, ties"),
    aside("blimp-cut", "BLiMP, sentences cut"),
    share("babylm", "BabyLM's pairs"),
    share("babylm-fields", "BabyLM's pairs, mean of BLiMP and supplement"),
    share("babylm-eos", "BabyLM's pairs after </s>"),
    share("babylm-eos-fields", "BabyLM's pairs after </s>, mean of BLiMP and supplement"),
    share("babylm-pll-word-l2r", "BabyLM's pairs within words from left to right"),
    share("babylm-pll-word-l2r-fields", "BabyLM's pairs within words from left to right, mean of BLiMP and supplement"),
    aside("babylm-ties", "BabyLM's pairs, ties"),
    aside("babylm-eos-ties", "BabyLM's pairs after </s>, ties"),
    aside("babylm-pll-word-l2r-ties", "BabyLM's pairs within words from left to right, ties"),
    aside("blimp-changed", "BLiMP, choices that bf16 changed"),
    aside("blimp-eos-changed", "BLiMP after </s>, choices that bf16 changed"),
    aside("blimp-pll-word-l2r-changed", "BLiMP within words from left to right, choices that bf16 changed"),
    aside("babylm-changed", "BabyLM's pairs, choices that bf16 changed"),
    aside("babylm-eos-changed", "BabyLM's pairs after </s>, choices that bf16 changed"),
    aside("babylm-pll-word-l2r-changed", "BabyLM's pairs within words from left to right, choices that bf16 changed"),
    aside("babylm-cut", "BabyLM's pairs, sentences cut"),
    share("blimp-part", "BLiMP, some pairs"),
    share("babylm-part", "BabyLM's pairs, some of them"),
    Metric { name: "train-loss", label: "Training loss", direction: Some(Direction::Lower), unit: "nats per token" },
    Metric { name: "learning-rate", label: "Learning rate", direction: None, unit: "" },
    Metric { name: "gradient-norm", label: "Gradient norm", direction: None, unit: "" },
];

/// The score of a task that models are tuned on, with what the majority class and chance would score.
macro_rules! tuned {
    ($name:literal, $label:literal) => {
        [
            share($name, $label),
            aside(concat!($name, "-majority"), concat!($label, ", majority class")),
            aside(concat!($name, "-random"), concat!($label, ", at random")),
        ]
    };
}

/// The tasks that models are tuned on (see [`crate::fine_tuning`]).
static TUNED: [[Metric; 3]; 22] = [
    tuned!("superglue", "SuperGLUE, mean of its eight tasks"),
    tuned!("boolq", "BoolQ"),
    tuned!("cb", "CB"),
    tuned!("copa", "COPA"),
    tuned!("multirc", "MultiRC"),
    tuned!("record", "ReCoRD"),
    tuned!("rte", "RTE"),
    tuned!("wic", "WiC"),
    tuned!("wsc", "WSC"),
    tuned!("axb", "AX-b"),
    tuned!("axg", "AX-g"),
    tuned!("babylm-cola", "CoLA, BabyLM's"),
    tuned!("babylm-sst2", "SST-2, BabyLM's"),
    tuned!("babylm-mrpc", "MRPC, BabyLM's"),
    tuned!("babylm-qqp", "QQP, BabyLM's"),
    tuned!("babylm-mnli", "MNLI, BabyLM's"),
    tuned!("babylm-mnli-mm", "MNLI mismatched, BabyLM's"),
    tuned!("babylm-qnli", "QNLI, BabyLM's"),
    tuned!("babylm-rte", "RTE, BabyLM's"),
    tuned!("babylm-boolq", "BoolQ, BabyLM's"),
    tuned!("babylm-multirc", "MultiRC, BabyLM's"),
    tuned!("babylm-wsc", "WSC, BabyLM's"),
];

/// All metrics that Seedbed knows, in the order in which they are shown.
pub fn known() -> impl Iterator<Item = &'static Metric> {
    METRICS.iter().chain(TUNED.as_flattened())
}

/// The place of a metric among the [`known`] ones; a part stands where its whole does, and what is not known after all.
pub fn place(name: &str) -> usize {
    let whole = name.split('/').next().unwrap_or(name);
    known().position(|metric| metric.name == whole).unwrap_or(usize::MAX)
}

/// The metric of that name; a part such as `minimal-pairs/anaphor-gender` is found by its whole.
pub fn find(name: &str) -> Option<&'static Metric> {
    let whole = name.split('/').next().unwrap_or(name);
    known().find(|metric| metric.name == whole)
}
