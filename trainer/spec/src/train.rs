//! The optimisation of a run.

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::model::Architecture;
use crate::setting::Settings;

/// How long a run trains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Length {
    /// Optimiser steps; at least 1.
    Steps(u64),
    /// Passes over the training stories; above 0.
    Epochs(f64),
}

/// What one optimiser step sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Batch {
    /// Whole stories up to a budget of tokens.
    Tokens(u64),
    /// A fixed number of stories, whatever their length.
    Stories(u64),
}

/// What the loss of a step is the mean of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Averaging {
    /// Its scored tokens, all alike.
    #[default]
    Tokens,
    /// The means of micro-batches, so that a token of a short one weighs more: gradient accumulation in transformers
    /// before 4.46.
    MicroBatches {
        /// Stories of each micro-batch; at least 1.
        stories: u64,
    },
}

impl Averaging {
    fn is_over_tokens(&self) -> bool {
        *self == Self::Tokens
    }
}

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScheduleShape {
    /// On a straight line.
    Linear,
    /// On half a cosine.
    Cosine,
    /// Not at all.
    Constant,
}

/// The learning rate over time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Schedule {
    /// Peak learning rate, above 0.
    pub peak: f64,
    /// Steps of linear rise from zero.
    pub warmup_steps: u64,
    /// The shape of the fall.
    pub shape: ScheduleShape,
    /// Where the fall ends, as a part of the peak; 1 for a constant schedule.
    pub final_fraction: f64,
}

/// AdamW (Loshchilov and Hutter 2019, arXiv:1711.05101).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AdamW {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
    /// Decoupled decay of matrices and embeddings.
    pub weight_decay: f64,
}

/// The precision of matrix products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Precision {
    /// 32-bit floats throughout.
    Fp32,
    /// bfloat16 products over fp32 master weights.
    Bf16,
}

/// The optimisation of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrainSpec {
    /// How long.
    pub length: Length,
    /// What one step sees.
    pub batch: Batch,
    /// Most tokens in one forward pass; at least 2. Part of the science because each pass draws its own dropout.
    pub micro_batch_tokens: u64,
    /// What the loss of a step is the mean of.
    #[serde(default, skip_serializing_if = "Averaging::is_over_tokens")]
    pub averaging: Averaging,
    /// The learning rate over time.
    pub schedule: Schedule,
    /// The optimiser.
    pub optimizer: AdamW,
    /// Largest gradient norm, if clipping is on.
    pub clip: Option<f64>,
    /// The precision of matrix products.
    pub precision: Precision,
    /// Part of the tokens an encoder must guess; absent for a decoder.
    pub mask_probability: Option<f64>,
}

impl TrainSpec {
    /// The optimisation that `settings` ask for, for a model of this architecture.
    ///
    /// # Errors
    /// When two settings that exclude each other are given, or a story cannot fit a step.
    pub fn from_settings(settings: &Settings, architecture: Architecture) -> Result<Self, SpecError> {
        let clip = settings.number("train.clip");
        Ok(Self {
            length: length(settings)?,
            batch: batch(settings)?,
            micro_batch_tokens: settings.integer("train.micro-batch-tokens").map_or(0, i64::unsigned_abs),
            averaging: averaging(settings),
            schedule: schedule(settings),
            optimizer: AdamW {
                beta1: settings.number("train.beta1"),
                beta2: settings.number("train.beta2"),
                epsilon: settings.number("train.epsilon"),
                weight_decay: settings.number("train.weight-decay"),
            },
            clip: (clip > 0.0).then_some(clip),
            precision: match settings.name("train.precision").as_str() {
                "bf16" => Precision::Bf16,
                _ => Precision::Fp32,
            },
            mask_probability: match architecture {
                Architecture::GptNeo => None,
                Architecture::Roberta => Some(settings.number("train.mask-probability")),
            },
        })
    }
}

fn length(settings: &Settings) -> Result<Length, SpecError> {
    match (settings.integer("train.steps"), settings.float("train.epochs")) {
        (Some(_), Some(_)) => Err(SpecError::Exclusive { key: "train.steps", other: "train.epochs" }),
        (Some(steps), None) => Ok(Length::Steps(steps.unsigned_abs())),
        (None, epochs) => Ok(Length::Epochs(epochs.unwrap_or(1.0))),
    }
}

fn batch(settings: &Settings) -> Result<Batch, SpecError> {
    let context = settings.integer("model.context").unwrap_or(0);
    match (settings.integer("train.tokens-per-step"), settings.integer("train.stories-per-step")) {
        (Some(_), Some(_)) => {
            Err(SpecError::Exclusive { key: "train.tokens-per-step", other: "train.stories-per-step" })
        }
        (Some(tokens), None) if tokens < context => Err(SpecError::Unfit {
            key: "train.tokens-per-step",
            value: tokens.to_string(),
            reason: format!("a step must hold one text of model.context = {context} tokens"),
        }),
        (Some(tokens), None) => Ok(Batch::Tokens(tokens.unsigned_abs())),
        (None, stories) => Ok(Batch::Stories(stories.map_or(256, i64::unsigned_abs))),
    }
}

fn averaging(settings: &Settings) -> Averaging {
    match settings.name("train.averaging").as_str() {
        "micro-batches" => Averaging::MicroBatches { stories: u64::from(settings.size("train.micro-batch-stories")) },
        _ => Averaging::Tokens,
    }
}

fn schedule(settings: &Settings) -> Schedule {
    let shape = match settings.name("train.schedule").as_str() {
        "cosine" => ScheduleShape::Cosine,
        "constant" => ScheduleShape::Constant,
        _ => ScheduleShape::Linear,
    };
    Schedule {
        peak: settings.number("train.learning-rate"),
        warmup_steps: settings.integer("train.warmup-steps").map_or(0, i64::unsigned_abs),
        shape,
        final_fraction: match shape {
            ScheduleShape::Constant => 1.0,
            ScheduleShape::Linear | ScheduleShape::Cosine => settings.number("train.final-learning-rate"),
        },
    }
}
