//! How transformers is told which feed-forward layer a model has: by a name that it knows, or by code beside the weights.

use serde_json::Value;
use spec::feed_forward::FeedForward;

use super::error::ExportError;

/// The layers as Python, shipped with a model that needs them.
pub const LAYERS: &str = include_str!("feed_forward_seedbed.py");
/// The networks around them.
pub const MODELING: &str = include_str!("modeling_seedbed.py");

/// The activations that transformers knows in every version since 4.40: our name, theirs.
const KNOWN: [(&str, &str); 12] = [
    ("identity", "linear"),
    ("relu", "relu"),
    ("silu", "silu"),
    ("gelu", "gelu"),
    ("gelu-tanh", "gelu_new"),
    ("relu6", "relu6"),
    ("leaky-relu", "leaky_relu"),
    ("mish", "mish"),
    ("tanh", "tanh"),
    ("sigmoid", "sigmoid"),
    ("quick-gelu", "quick_gelu"),
    ("laplace", "laplace"),
];

/// How a feed-forward layer is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A plain layer with an activation of this name: stock classes load it.
    Stock(&'static str),
    /// Anything else: the Python of [`MODELING`] and [`LAYERS`] builds it from this description.
    Shipped(Value),
}

/// The form of a layer.
///
/// Layer and activation are looked up by the names in which a spec is written, so a new one needs a class in
/// `feed_forward_seedbed.py`, or a line in the table of known names, and nothing else here.
///
/// # Errors
/// When neither knows it.
pub fn of(feed_forward: FeedForward) -> Result<Form, ExportError> {
    let described = serde_json::to_value(feed_forward).expect("invariant: a spec has text keys only");
    let (kind, fields) = one(&described);
    let activation = fields.get("activation");
    if let ("plain", Some(Value::String(name))) = (kind, activation)
        && let Some((_, theirs)) = KNOWN.iter().find(|(ours, _)| ours == name)
    {
        return Ok(Form::Stock(theirs));
    }
    let activation = activation.map(|activation| one(activation).0);
    let is_written = |decorator: String| LAYERS.contains(&decorator);
    if !is_written(format!("@layer(\"{kind}\")")) {
        return Err(ExportError::Unwritten { what: "layer", name: kind.to_owned() });
    }
    match activation.filter(|name| !is_written(format!("@activation(\"{name}\")"))) {
        Some(name) => Err(ExportError::Unwritten { what: "activation", name: name.to_owned() }),
        None => Ok(Form::Shipped(described)),
    }
}

/// Our name of an activation of transformers.
pub fn from_hugging_face(theirs: &str) -> Option<&'static str> {
    // Other names of the same function; `gelu_fast` writes √(2/π) with ten digits.
    let theirs = match theirs {
        "swish" => "silu",
        "gelu_pytorch_tanh" | "gelu_fast" => "gelu_new",
        "gelu_python" => "gelu",
        other => other,
    };
    KNOWN.iter().find(|(_, name)| *name == theirs).map(|(ours, _)| *ours)
}

/// The name and the fields of a choice, which is written as a name alone where it has no fields.
fn one(choice: &Value) -> (&str, &Value) {
    match choice {
        Value::String(name) => (name, &Value::Null),
        Value::Object(fields) => fields.iter().next().map_or(("", &Value::Null), |(name, fields)| (name, fields)),
        _ => ("", &Value::Null),
    }
}

#[cfg(test)]
mod tests {
    use spec::feed_forward::ActivationName;
    use spec::model::Architecture;
    use spec::value::Value as Level;

    use super::*;
    use crate::model::sample;

    fn form(activation: &str) -> Form {
        let spec = sample::spec(Architecture::GptNeo, &[("activation", Level::from(activation))]);
        of(spec.feed_forward).unwrap_or_else(|error| panic!("{activation}: {error}"))
    }

    #[test]
    fn every_level_can_be_exported() {
        for activation in ActivationName::NAMES {
            form(activation);
        }
    }

    #[test]
    fn what_transformers_knows_needs_no_code() {
        for (ours, theirs) in [("relu", "relu"), ("gelu-tanh", "gelu_new"), ("identity", "linear")] {
            assert_eq!(form(ours), Form::Stock(theirs));
            assert_eq!(from_hugging_face(theirs), Some(ours));
        }
        for ours in ["prelu", "swish", "learnable-gelu", "geglu", "kan"] {
            assert!(matches!(form(ours), Form::Shipped(_)), "{ours}");
        }
        assert_eq!(from_hugging_face("swish"), Some("silu"));
        assert_eq!(from_hugging_face("prelu"), None);
    }
}
