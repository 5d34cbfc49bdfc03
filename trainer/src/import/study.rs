//! Checkpoints in the layout of the study's own classes (tiny-transformers, code/filip), block by block.
//!
//! | its layer | what it computes | what it becomes |
//! | --- | --- | --- |
//! | `prelu` | max(0, x) + α·min(0, x) | prelu, a slope for each channel |
//! | `learnable_gelu` | α·gelu(x), by tanh | gelu-tanh, with α in the columns of the map that follows |
//! | `geglu` | a·gelu(b) of the halves (a, b) of one map, by tanh | a gated layer of two maps |
//! | `swish` | x·silu(βx), which is no Swish | `delft-swish`, if this trainer has it |
//! | `kan` | two spline maps with a gelu between them | `delft-kan`, if this trainer has it |

use serde_json::{Value, json};
use spec::feed_forward::FeedForward;
use spec::model::Architecture;
use tch::Tensor;

use super::config::{Config, describe};
use super::error::ImportError;
use super::names::Tensors;

/// A layer of the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum StudyLayer {
    /// A slope for each channel
    Prelu,
    /// A factor for each channel before gelu
    LearnableGelu,
    /// The function that the study called Swish: x·silu(βx)
    Swish,
    /// One map in two halves
    Geglu,
    /// Two spline maps with a gelu between them
    Kan,
}

impl StudyLayer {
    /// The layer that a `custom_activation` names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "prelu" => Self::Prelu,
            "learnable_gelu" => Self::LearnableGelu,
            "swish" => Self::Swish,
            "geglu" => Self::Geglu,
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
    output: &'static str,
    activation: &'static str,
}

fn parts(architecture: Architecture) -> Parts {
    match architecture {
        Architecture::GptNeo => Parts {
            blocks: "transformer.h",
            input: "mlp.c_fc",
            gated: "mlp.c_gated",
            output: "mlp.c_proj",
            activation: "mlp.act",
        },
        Architecture::Roberta => Parts {
            blocks: "roberta.encoder.layer",
            input: "intermediate.dense",
            gated: "intermediate.gated",
            output: "output.dense",
            activation: "intermediate.intermediate_act_fn",
        },
    }
}

/// Turns the tensors of a layer of the study into those of the layer that is returned.
///
/// # Errors
/// When the trainer has no such layer. Tensors that are missing or misshaped are left for the check that names them all.
pub fn take_over(
    layer: StudyLayer,
    config: &Config,
    tensors: &mut Tensors,
    changes: &mut Vec<String>,
) -> Result<FeedForward, ImportError> {
    let parts = parts(config.architecture()?);
    let width = config.width()?;
    let plain = |activation: Value| json!({ "plain": { "activation": activation, "width": width } });
    let (description, missing) = match layer {
        StudyLayer::Prelu => {
            rename_learned(&parts, tensors);
            (plain(json!({ "prelu": { "granularity": "channel", "slope": 0.0 } })), "prelu")
        }
        StudyLayer::LearnableGelu => {
            fold_factors(&parts, tensors);
            changes.push(
                "The study's learnable gelu, α·gelu(x), became gelu-tanh; α went into the columns of the map that follows."
                    .to_owned(),
            );
            (plain(json!("gelu-tanh")), "gelu-tanh")
        }
        StudyLayer::Geglu => {
            split_halves(&parts, tensors);
            changes.push("The two halves of the gated layer's map became two maps.".to_owned());
            (json!({ "gated": { "activation": "gelu-tanh", "width": width } }), "geglu")
        }
        StudyLayer::Swish => {
            rename_learned(&parts, tensors);
            (plain(json!({ "delft-swish": { "granularity": "channel", "beta": 1.0 } })), "the study's x·silu(βx)")
        }
        StudyLayer::Kan => {
            let grid = json!({ "intervals": 3, "order": 3, "low": -1.0, "high": 1.0 });
            (
                json!({ "delft-kan": { "width": width, "grid": grid } }),
                "the study's spline maps with a gelu between them",
            )
        }
    };
    describe(&description)
        .ok_or_else(|| config.unsupported(&format!("a layer that this trainer does not have, {missing}")))
}

/// The names of a part in every block.
fn in_blocks(parts: &Parts, tensors: &Tensors, end: &str) -> Vec<String> {
    let is_one = |name: &&String| name.starts_with(parts.blocks) && name.ends_with(end);
    tensors.keys().filter(is_one).map(|name| name[..name.len() - end.len()].to_owned()).collect()
}

/// What versions of the study's classes call the tensor that an activation learns.
const LEARNED: [&str; 4] = ["alpha", "beta", "bias", "weight"];

fn rename_learned(parts: &Parts, tensors: &mut Tensors) {
    for learned in LEARNED {
        let end = format!(".{}.{learned}", parts.activation);
        for block in in_blocks(parts, tensors, &end) {
            if let Some(tensor) = tensors.remove(&format!("{block}{end}")) {
                tensors.insert(format!("{block}.{}.weight", parts.activation), tensor);
            }
        }
    }
}

/// W₂·(α ⊙ f(x)) = (W₂·diag α)·f(x).
fn fold_factors(parts: &Parts, tensors: &mut Tensors) {
    rename_learned(parts, tensors);
    let end = format!(".{}.weight", parts.activation);
    for block in in_blocks(parts, tensors, &end) {
        let output = format!("{block}.{}.weight", parts.output);
        let factors = tensors[&format!("{block}{end}")].shallow_clone();
        let Some(weight) = tensors.get_mut(&output) else {
            continue;
        };
        if weight.size().last() == factors.size().first() && factors.dim() == 1 {
            *weight = &*weight * factors.unsqueeze(0);
            tensors.remove(&format!("{block}{end}"));
        }
    }
}

/// The first half of the map is multiplied, the second goes through the activation.
fn split_halves(parts: &Parts, tensors: &mut Tensors) {
    for kind in ["weight", "bias"] {
        let end = format!(".{}.{kind}", parts.input);
        for block in in_blocks(parts, tensors, &end) {
            let whole = &tensors[&format!("{block}{end}")];
            let rows = whole.size().first().copied().unwrap_or(0);
            let half = |from: i64| -> Tensor { whole.narrow(0, from, rows / 2).contiguous() };
            let (gated, gate) = (half(0), half(rows - rows / 2));
            tensors.insert(format!("{block}.{}.{kind}", parts.gated), gated);
            tensors.insert(format!("{block}{end}"), gate);
        }
    }
}
