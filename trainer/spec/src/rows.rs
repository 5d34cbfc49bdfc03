//! The two tidy tables of a run: `metrics.csv` (curves) and `results.csv` (final values).
//!
//! Both are UTF-8 with a header line, `\n` line ends and no wall-clock column, so that a run that was killed and
//! resumed leaves the same bytes as one that was not. Times are in `timing.csv`. A reader looks columns up by name and
//! ignores those that it does not know; another trainer needs to write `metric` and `value` only.

use serde::{Deserialize, Serialize};

/// A row of `metrics.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricRow {
    /// Optimiser steps taken when the value was measured.
    pub step: u64,
    /// Training tokens seen by then.
    pub tokens: u64,
    /// Name of the metric: `train-loss`, `validation-loss`, `learning-rate`, `gradient-norm`.
    pub metric: String,
    /// The value, in the shortest decimal that reads back as the same 64-bit float.
    pub value: f64,
}

/// A row of `results.csv`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResultRow {
    /// Name of the metric, the same in no other row; a part of another is written `minimal-pairs/anaphor-gender`.
    pub metric: String,
    /// The value.
    pub value: f64,
    /// How many items it is a mean of: tokens, pairs; 0 where that has no meaning.
    pub n: u64,
    /// The task that it belongs to: `validation`, `blimp`, `rte`.
    #[serde(default)]
    pub task: String,
    /// How the task was done, where there is more than one way: `bos`, `pll`, `superglue`.
    #[serde(default)]
    pub protocol: String,
    /// The part of the task's data that the value was measured on: `validation`, `test`.
    #[serde(default)]
    pub split: String,
    /// The seed of the fine-tuning, where there was one.
    #[serde(default)]
    pub fine_tuning_seed: Option<u64>,
}

/// A row of `timing.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimingRow {
    /// Which start of the trainer, counting those that logged a row.
    pub attempt: u32,
    /// Optimiser steps taken.
    pub step: u64,
    /// Training tokens seen.
    pub tokens: u64,
    /// Wall-clock seconds since this attempt began to train.
    pub seconds: f64,
}
