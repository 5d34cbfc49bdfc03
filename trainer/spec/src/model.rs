//! The network of a run: architecture, sizes, feed-forward layer, initialisation.

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::feed_forward::{DelftStart, FeedForward};
use crate::setting::Settings;

/// The two families of the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// Decoder, pre-norm, alternating global and local attention without 1/√d; predicts the next token.
    GptNeo,
    /// Encoder, post-norm; guesses masked tokens.
    Roberta,
}

impl Architecture {
    /// Names in sweep files, in the order of the variants.
    pub const NAMES: [&'static str; 2] = ["gpt-neo", "roberta"];

    /// The name in sweep files and reports.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// The rule by which the weights of a run start.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Initialisation {
    /// Weights N(0, std²), biases 0: Hugging Face's rule for both architectures.
    Normal {
        /// Standard deviation.
        std: f64,
    },
    /// Linear weights and biases U(±1/√fan-in), PyTorch's own default; embeddings N(0, std²).
    FanInUniform {
        /// Standard deviation of the embeddings.
        std: f64,
    },
    /// The first, but the second for the maps that [`DelftStart`] names: as the study of 2024 had it.
    Delft {
        /// Standard deviation of the first.
        std: f64,
    },
}

impl Initialisation {
    /// Standard deviation of the embeddings, and of all weights where there is no other rule for them.
    pub fn std(self) -> f64 {
        let (Self::Normal { std } | Self::FanInUniform { std } | Self::Delft { std }) = self;
        std
    }
}

/// A validated network. Only what this network uses is in it: two equal networks have equal specs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ModelSpec {
    /// Decoder or encoder.
    pub architecture: Architecture,
    /// Width of the residual stream; a multiple of `heads`.
    pub hidden_size: u32,
    /// Number of blocks; at least 1.
    pub layers: u32,
    /// Attention heads.
    pub heads: u32,
    /// The layer in the feed-forward place.
    pub feed_forward: FeedForward,
    /// Longest text in tokens.
    pub context: u32,
    /// How far a local layer looks back, itself included; only gpt-neo with two layers or more has such layers.
    pub window: Option<u32>,
    /// Number of token ids.
    pub vocabulary: u32,
    /// Dropout of the residual stream, in [0, 1).
    pub dropout: f64,
    /// Dropout of the attention weights, in [0, 1).
    pub attention_dropout: f64,
    /// ε of layer normalisation.
    pub layer_norm_epsilon: f64,
    /// How the weights start.
    pub initialisation: Initialisation,
}

impl ModelSpec {
    /// The network that `settings` ask for.
    ///
    /// # Errors
    /// When heads or groups do not divide the hidden size, or a grid is empty.
    pub fn from_settings(settings: &Settings) -> Result<Self, SpecError> {
        let architecture = match settings.name("model.architecture").as_str() {
            "roberta" => Architecture::Roberta,
            _ => Architecture::GptNeo,
        };
        let (dropout, epsilon) = match architecture {
            Architecture::GptNeo => (0.0, 1e-5),
            Architecture::Roberta => (0.1, 1e-12),
        };
        let hidden_size = settings.size("model.hidden-size");
        let layers = settings.size("model.layers");
        let context = settings.size("model.context");
        let has_local_layers = architecture == Architecture::GptNeo && layers > 1;
        // A window that reaches over the whole context is no window: global and local layers are then the same.
        let window = has_local_layers.then(|| settings.size("model.window").min(context));
        Ok(Self {
            architecture,
            hidden_size,
            layers,
            heads: heads(settings, hidden_size)?,
            feed_forward: FeedForward::from_settings(settings, architecture, hidden_size)?,
            context,
            window,
            vocabulary: settings.size("model.vocabulary"),
            dropout: settings.float("model.dropout").unwrap_or(dropout),
            attention_dropout: settings.float("model.attention-dropout").unwrap_or(dropout),
            layer_norm_epsilon: settings.float("model.layer-norm-epsilon").unwrap_or(epsilon),
            initialisation: initialisation(settings),
        })
    }

    /// Width of one attention head.
    pub fn head_size(&self) -> u32 {
        self.hidden_size / self.heads
    }

    /// The window of layer `index`: local layers are every second one, from the second on.
    pub fn window_of_layer(&self, index: u32) -> Option<u32> {
        if index % 2 == 1 { self.window } else { None }
    }

    /// The seed from which the weights of a run with this seed start: its own, but in the study of 2024, see
    /// [`DelftStart`].
    pub fn weights_seed(&self, seed: u64) -> u64 {
        match self.initialisation {
            Initialisation::Delft { .. } => DelftStart::of(&self.feed_forward, self.architecture).seed.unwrap_or(seed),
            Initialisation::Normal { .. } | Initialisation::FanInUniform { .. } => seed,
        }
    }

    /// Number of rows of the position table: RoBERTa keeps one for the padding id.
    pub fn positions(&self) -> u32 {
        match self.architecture {
            Architecture::GptNeo => self.context,
            Architecture::Roberta => self.context + 1,
        }
    }
}

fn heads(settings: &Settings, hidden_size: u32) -> Result<u32, SpecError> {
    let heads = settings.size("model.heads");
    if hidden_size.is_multiple_of(heads) {
        return Ok(heads);
    }
    let near = (1..=hidden_size)
        .filter(|candidate| hidden_size.is_multiple_of(*candidate))
        .min_by_key(|candidate| candidate.abs_diff(heads))
        .unwrap_or(1);
    Err(SpecError::Unfit {
        key: "model.heads",
        value: heads.to_string(),
        reason: format!("heads must divide model.hidden-size = {hidden_size}; {near} would"),
    })
}

fn initialisation(settings: &Settings) -> Initialisation {
    let std = settings.number("model.init-std");
    match settings.name("model.initialisation").as_str() {
        "fan-in-uniform" => Initialisation::FanInUniform { std },
        "delft" => Initialisation::Delft { std },
        _ => Initialisation::Normal { std },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting;
    use crate::value::Value;

    fn with(given: &[(&str, Value)]) -> Result<ModelSpec, SpecError> {
        let mut settings = Settings::new();
        for (key, value) in given {
            settings.give(setting::find(key).unwrap(), value)?;
        }
        ModelSpec::from_settings(&settings)
    }

    #[test]
    fn settings_that_a_network_does_not_use_leave_no_trace() {
        let plain = with(&[]).unwrap();
        assert_eq!(plain, with(&[("model.kan.order", Value::Integer(3))]).unwrap());
        assert_eq!(plain, with(&[("model.swish.beta", Value::Float(2.0))]).unwrap());
        let encoder = [("architecture", Value::from("roberta"))];
        let windowed = [("architecture", Value::from("roberta")), ("model.window", Value::Integer(8))];
        assert_eq!(with(&encoder).unwrap(), with(&windowed).unwrap());
    }

    #[test]
    fn a_default_written_out_is_the_default() {
        let implicit = with(&[("architecture", Value::from("roberta"))]).unwrap();
        let explicit = with(&[("architecture", Value::from("roberta")), ("model.dropout", Value::Float(0.1))]).unwrap();
        assert_eq!(implicit, explicit);
    }

    #[test]
    fn heads_that_do_not_divide_are_refused_with_a_proposal() {
        let error = with(&[("model.heads", Value::Integer(7))]).unwrap_err();
        assert_eq!(error.key(), Some("model.heads"));
        assert!(error.to_string().contains("8 would"), "{error}");
    }
}
