//! Where a model comes from: the part of `seedbed.json` and of the model card that is history.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use spec::rows::ResultRow;
use spec::train::TrainSpec;
use spec::value::Value;
use spec::{RunId, data::DataSpec};

/// A model's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Origin {
    /// Trained by Seedbed.
    Run(Box<RunOrigin>),
    /// Taken over from elsewhere.
    Import(ImportOrigin),
}

/// The run that trained a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunOrigin {
    /// The run.
    pub run: RunId,
    /// Its sweep.
    pub sweep: String,
    /// Its level of every factor.
    pub levels: BTreeMap<String, Value>,
    /// Its seed.
    pub seed: u64,
    /// Its text, by content.
    pub data: DataSpec,
    /// Its optimisation.
    pub train: TrainSpec,
    /// Optimiser steps that the weights have seen.
    pub step: u64,
    /// Optimiser steps of the whole run, if its trainer had said so.
    pub steps: Option<u64>,
    /// Training tokens that the weights have seen.
    pub tokens: u64,
    /// The device in words, if its trainer had said so.
    pub device: Option<String>,
    /// Versions of trainer and libraries.
    pub versions: BTreeMap<String, String>,
    /// The last training loss that was logged, in nats per token.
    pub train_loss: Option<f64>,
    /// The last validation loss on the way, in nats per token.
    pub validation_loss: Option<f64>,
    /// The final values, if the run has ended.
    pub results: Vec<ResultRow>,
}

/// The checkpoint that a model was taken over from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImportOrigin {
    /// The folder's path as it was given.
    pub from: String,
    /// The `model_type` of its `config.json`.
    pub model_type: String,
    /// What was changed on the way and what a person should know of the rest, in words.
    pub changes: Vec<String>,
}
