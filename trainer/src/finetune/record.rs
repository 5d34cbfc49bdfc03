//! What is known of a finished (task, seed), and the rows that are made of it.

use serde::{Deserialize, Serialize};
use spec::identity::Digest;
use spec::rows::ResultRow;

use super::tuning::Look;

/// An item of a predictions file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The task.
    pub task: String,
    /// The set.
    pub split: String,
    /// The item's id.
    pub item: String,
    /// The right answer; several, joined by `|`.
    pub gold: String,
    /// The model's.
    pub predicted: String,
    /// The probability that the model gave it.
    pub probability: f64,
}

/// What is known of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SetFacts {
    /// `training`, `selection`, or the task and split that were reported.
    pub name: String,
    /// Its file's name.
    pub file: String,
    /// Items.
    pub items: u64,
    /// Items of which a text lost its end.
    pub cut: u64,
}

/// A finished (task, seed).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Record {
    /// Its weights' digest.
    pub model: Digest,
    /// Digest of everything that the result depends on.
    pub fingerprint: Digest,
    /// The task.
    pub task: String,
    /// The protocol.
    pub protocol: super::protocol::Protocol,
    /// The seed.
    pub fine_tuning_seed: u64,
    /// The sets.
    pub sets: Vec<SetFacts>,
    /// Optimiser steps taken.
    pub steps: u64,
    /// The step whose weights were scored.
    pub chosen: u64,
    /// Mean loss over the last steps.
    pub training_loss: f64,
    /// Why there are no values, if there are none.
    pub diverged: bool,
    /// The looks on the way.
    pub looks: Vec<Look>,
    /// The values.
    pub rows: Vec<ResultRow>,
}

/// A task without a score.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Missing {
    /// The task.
    pub task: String,
    /// The protocol.
    pub protocol: String,
    /// Why.
    pub reason: String,
}
