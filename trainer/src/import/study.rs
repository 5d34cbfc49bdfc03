//! Checkpoints in the layout of the study's own classes (tiny-transformers, code/filip), block by block.
//!
//! | its layer | what it computes | what it becomes |
//! | --- | --- | --- |
//! | `prelu` | max(0, x) + α·min(0, x) | `delft-prelu` |
//! | `learnable_gelu` | α·gelu(x), by tanh | `delft-learnable-gelu` |
//! | `swish` | x·silu(βx), which is no Swish | `delft-swish` |
//! | `geglu` | a·gelu(b) of the halves (a, b) of one map, by tanh | `delft-geglu`: two maps |
//! | `no_act` | nothing between the maps | `identity` |
//! | `kan` | spline edges, gelu, and spline edges or, in the encoder, a linear map | `delft-kan`: see [`study_kan`] |

use serde_json::{Value, json};
use spec::feed_forward::FeedForward;
use spec::model::Architecture;
use tch::Tensor;

use super::config::{Config, describe};
use super::error::ImportError;
use super::names::Tensors;
use super::study_kan;

/// A layer of the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StudyLayer {
    /// A slope for each channel
    Prelu,
    /// α·gelu(x), a factor for each channel
    LearnableGelu,
    /// The function that the study called Swish: x·silu(βx)
    Swish,
    /// One map in two halves
    Geglu,
    /// No activation
    NoAct,
    /// Spline edges with a gelu between the layers
    Kan,
}

/// What a `custom_activation` may say.
pub const NAMES: [&str; 6] = ["prelu", "learnable_gelu", "swish", "geglu", "no_act", "kan"];

impl StudyLayer {
    /// The layer that a `custom_activation` names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "prelu" => Self::Prelu,
            "learnable_gelu" => Self::LearnableGelu,
            "swish" => Self::Swish,
            "geglu" => Self::Geglu,
            "no_act" => Self::NoAct,
            "kan" => Self::Kan,
            _ => return None,
        })
    }

    /// The layer that learned tensors give away by their names, where nothing else says it.
    ///
    /// `alpha` alone does not: the study's prelu and its learnable gelu both have it.
    pub fn from_tensors(tensors: &Tensors) -> Option<Self> {
        let any = |end: &str| tensors.keys().any(|name| name.ends_with(end));
        if any(".layers.0.spline_weight") {
            Some(Self::Kan)
        } else if any(".mlp.act.bias") {
            Some(Self::Swish)
        } else {
            None
        }
    }
}

/// What the parts of a layer are called below a block.
struct Parts {
    blocks: &'static str,
    input: &'static str,
    gated: &'static str,
    activation: &'static str,
}

fn parts(architecture: Architecture) -> Parts {
    match architecture {
        Architecture::GptNeo => {
            Parts { blocks: "transformer.h", input: "mlp.c_fc", gated: "mlp.c_gated", activation: "mlp.act" }
        }
        Architecture::Roberta => Parts {
            blocks: "roberta.encoder.layer",
            input: "intermediate.dense",
            gated: "intermediate.gated",
            activation: "intermediate.intermediate_act_fn",
        },
    }
}

/// Turns the tensors of a layer of the study into those of the layer that is returned.
///
/// # Errors
/// When a grid of splines is one that the trainer does not have. Tensors that are missing or misshaped are left for the
/// check that names them all.
pub fn take_over(
    layer: StudyLayer,
    config: &Config,
    tensors: &mut Tensors,
    changes: &mut Vec<String>,
) -> Result<FeedForward, ImportError> {
    let parts = parts(config.architecture()?);
    let width = config.width()?;
    let learned = |function: &str, start: Value| {
        let activation = json!({ "function": function, "granularity": "channel", "start": start });
        describe(&json!({ "plain": { "activation": activation, "width": width } }))
    };
    let found = match layer {
        StudyLayer::Prelu => {
            rename_learned(&parts, "alpha", tensors);
            learned("delft-prelu", Value::Null)
        }
        StudyLayer::LearnableGelu => {
            rename_learned(&parts, "alpha", tensors);
            learned("delft-learnable-gelu", Value::Null)
        }
        StudyLayer::Swish => {
            rename_learned(&parts, "beta", tensors);
            changes
                .push("The study's swish is x·silu(βx), which is no Swish: here it is called delft-swish.".to_owned());
            learned("delft-swish", json!(1.0))
        }
        StudyLayer::Geglu => {
            split_halves(&parts, tensors);
            changes.push("The two halves of the gated layer's map became two maps.".to_owned());
            describe(&json!({ "gated": { "activation": "gelu-tanh", "width": width } }))
        }
        StudyLayer::NoAct => describe(&json!({ "plain": { "activation": "identity", "width": width } })),
        StudyLayer::Kan => return study_kan::take_over(width, config, tensors, changes),
    };
    Ok(found.expect("invariant: the trainer has these layers"))
}

/// The names of a part in every block.
fn in_blocks(parts: &Parts, tensors: &Tensors, end: &str) -> Vec<String> {
    let is_one = |name: &&String| name.starts_with(parts.blocks) && name.ends_with(end);
    tensors.keys().filter(is_one).map(|name| name[..name.len() - end.len()].to_owned()).collect()
}

/// What versions of the study's classes call the tensor that an activation learns.
const LEARNED: [&str; 4] = ["alpha", "beta", "bias", "weight"];

fn rename_learned(parts: &Parts, ours: &str, tensors: &mut Tensors) {
    for learned in LEARNED {
        let end = format!(".{}.{learned}", parts.activation);
        for block in in_blocks(parts, tensors, &end) {
            if let Some(tensor) = tensors.remove(&format!("{block}{end}")) {
                tensors.insert(format!("{block}.{}.{ours}", parts.activation), tensor);
            }
        }
    }
}

/// The first half of the map is multiplied, the second goes through the activation. What has no two halves stays as it
/// is, for the check that names it with its shape.
fn split_halves(parts: &Parts, tensors: &mut Tensors) {
    for kind in ["weight", "bias"] {
        let end = format!(".{}.{kind}", parts.input);
        for block in in_blocks(parts, tensors, &end) {
            let whole = &tensors[&format!("{block}{end}")];
            let Some(rows) = whole.size().first().copied().filter(|rows| rows % 2 == 0) else { continue };
            let half = |from: i64| -> Tensor { whole.narrow(0, from, rows / 2).contiguous() };
            let (gated, gate) = (half(0), half(rows / 2));
            tensors.insert(format!("{block}.{}.{kind}", parts.gated), gated);
            tensors.insert(format!("{block}{end}"), gate);
        }
    }
}
