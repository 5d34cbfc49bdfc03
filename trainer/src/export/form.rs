//! How transformers is told which feed-forward layer a model has: by a name that it knows, or by code beside the
//! weights.

use serde_json::{Map, Value, json};
use spec::model::{Architecture, ModelSpec};

use super::error::ExportError;
use crate::model::declarations;
use crate::parameters::{Declaration, Start};
use crate::trained::portable::portable_name;

/// The layers as Python, shipped with a model that needs them.
pub const LAYERS: &str = include_str!("feed_forward_seedbed.py");
/// Those of the Kolmogorov-Arnold family.
pub const KAN_LAYERS: &str = include_str!("kan_seedbed.py");
/// The networks around them.
pub const MODELING: &str = include_str!("modeling_seedbed.py");

/// The activations that transformers knows in every version since 4.40: our name, theirs.
const KNOWN: [(&str, &str); 13] = [
    ("identity", "linear"),
    ("relu", "relu"),
    ("leaky-relu", "leaky_relu"),
    ("relu6", "relu6"),
    ("relu2", "relu2"),
    ("tanh", "tanh"),
    ("sigmoid", "sigmoid"),
    ("laplace", "laplace"),
    ("silu", "silu"),
    ("mish", "mish"),
    ("gelu", "gelu"),
    ("gelu-tanh", "gelu_new"),
    ("quick-gelu", "quick_gelu"),
];

/// How a feed-forward layer is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A plain layer with an activation of this name: stock classes load it.
    Stock(&'static str),
    /// Anything else: the Python of [`MODELING`], [`LAYERS`] and [`KAN_LAYERS`] builds it.
    Shipped {
        /// The layer, as a spec is written.
        layer: Value,
        /// What its activation learns: shape and start by name. Empty for a layer whose fields say it all.
        learned: Value,
    },
}

/// The form of the layer of a network.
///
/// Layer and activation are looked up by the names in which a spec is written, and what is learned by the declared
/// names, so a new one needs a function in `feed_forward_seedbed.py`, or a line in the table of known names, and
/// nothing else here. A new layer needs a class there or in `kan_seedbed.py`.
///
/// # Errors
/// When neither knows it.
pub fn of(spec: &ModelSpec) -> Result<Form, ExportError> {
    let layer = serde_json::to_value(spec.feed_forward).expect("invariant: a spec has text keys only");
    let (kind, fields) =
        layer.as_object().and_then(|layer| layer.iter().next()).expect("invariant: a layer is {kind: fields}");
    let activation = fields.get("activation").map(|activation| activation.get("function").unwrap_or(activation));
    let activation = activation.and_then(Value::as_str);
    let learned = activation.map(|_| learned(spec)).unwrap_or_default();
    if kind == "plain"
        && learned.is_empty()
        && let Some((_, theirs)) = KNOWN.iter().find(|(ours, _)| Some(*ours) == activation)
    {
        return Ok(Form::Stock(theirs));
    }
    let is_written = |decorator: String| [LAYERS, KAN_LAYERS].iter().any(|file| file.contains(&decorator));
    if !is_written(format!("@layer(\"{kind}\")")) {
        return Err(ExportError::Unwritten { what: "layer", name: kind.clone() });
    }
    match activation.filter(|name| !is_written(format!("@activation(\"{name}\")"))) {
        Some(name) => Err(ExportError::Unwritten { what: "activation", name: name.to_owned() }),
        None => Ok(Form::Shipped { layer, learned: Value::Object(learned) }),
    }
}

/// What the activation of the first block learns, which is what that of every block does.
fn learned(spec: &ModelSpec) -> Map<String, Value> {
    let prefix = match spec.architecture {
        Architecture::GptNeo => "transformer.h.0.mlp.act.",
        Architecture::Roberta => "roberta.encoder.layer.0.intermediate.intermediate_act_fn.",
    };
    let of_activation = |declaration: Declaration| {
        let name = portable_name(&declaration.name).strip_prefix(prefix)?.to_owned();
        let start = match declaration.start {
            Start::Constant(value) => json!(value),
            Start::Rows(values) => json!(values),
            Start::Normal { .. } => json!("normal"),
            Start::NormalExceptRow { .. } | Start::Uniform { .. } | Start::Combined { .. } => {
                unreachable!("invariant: an activation starts from constants, rows or normal numbers")
            }
        };
        Some((name, json!({ "shape": declaration.shape, "start": start })))
    };
    declarations(spec).into_iter().filter_map(of_activation).collect()
}

/// The names of activations that [`from_hugging_face`] knows, but for second names of the same.
pub fn known_to_hugging_face() -> impl Iterator<Item = &'static str> {
    KNOWN.iter().map(|(_, theirs)| *theirs).chain(["hardswish"])
}

/// Our name of an activation of transformers.
pub fn from_hugging_face(theirs: &str) -> Option<&'static str> {
    // Other names of the same function; `gelu_fast` writes √(2/π) with ten digits.
    let theirs = match theirs {
        "swish" => "silu",
        "gelu_pytorch_tanh" | "gelu_fast" => "gelu_new",
        "gelu_python" => "gelu",
        // Known to versions 5 only, so never exported by name.
        "hardswish" => return Some("hardswish"),
        other => other,
    };
    KNOWN.iter().find(|(_, name)| *name == theirs).map(|(ours, _)| *ours)
}

#[cfg(test)]
mod tests {
    use spec::feed_forward::level::NAMES;
    use spec::value::Value as Level;

    use super::*;
    use crate::model::sample;

    fn form(activation: &str) -> Form {
        let spec = sample::spec(Architecture::GptNeo, &[("activation", Level::from(activation))]);
        of(&spec).unwrap_or_else(|error| panic!("{activation}: {error}"))
    }

    #[test]
    fn every_level_can_be_exported() {
        for activation in NAMES {
            form(activation);
        }
    }

    #[test]
    fn what_transformers_knows_needs_no_code() {
        for (ours, theirs) in KNOWN {
            assert_eq!(form(ours), Form::Stock(theirs));
            assert_eq!(from_hugging_face(theirs), Some(ours));
        }
        for ours in ["prelu", "swish", "learnable-gelu", "geglu", "kan"] {
            assert!(matches!(form(ours), Form::Shipped { .. }), "{ours}");
        }
        assert_eq!(from_hugging_face("swish"), Some("silu"));
        assert_eq!(from_hugging_face("prelu"), None);
    }

    #[test]
    fn what_is_learned_is_described() {
        let Form::Shipped { layer, learned } = form("swish") else { panic!("transformers knows no swish") };
        assert_eq!(layer["plain"]["activation"]["function"], "swish");
        assert_eq!(learned, json!({ "slope": { "shape": [20], "start": 1.0 } }));
    }
}
