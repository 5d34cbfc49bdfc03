//! The function in the hidden layer: one that is fixed, or one that learns.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::learned::{Granularity, LearnedFunction, Start};
use super::level::{self, Function, LEVELS, Level};
use crate::setting::{self, Settings};

/// A function without parameters. [`super::level`] sorts them by family; formulas and sources are with the code, in the
/// trainer's file of the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaticFunction {
    /// x: no activation, two linear maps. The floor of any study.
    Identity,
    /// max(0, x).
    Relu,
    /// max(0, x) + 0.01·min(0, x).
    LeakyRelu,
    /// min(max(0, x), 6).
    Relu6,
    /// max(0, x)².
    Relu2,
    /// x above 0, eˣ − 1 below.
    Elu,
    /// λx above 0, λα(eˣ − 1) below, with which unit variance is a fixed point.
    Selu,
    /// ELU continuous in its slope whatever its α; at the usual α = 1 the same function as ELU.
    Celu,
    /// tanh x.
    Tanh,
    /// σ(x).
    Sigmoid,
    /// ln(1 + eˣ).
    Softplus,
    /// Φ((x − √½) / √(1/4π)).
    Laplace,
    /// exp(−x²).
    Gaussian,
    /// sin x.
    Sin,
    /// x·σ(x).
    Silu,
    /// x·min(max(0, x + 3), 6)/6.
    Hardswish,
    /// x·tanh(ln(1 + eˣ)).
    Mish,
    /// x·exp(−e⁻ˣ).
    Golu,
    /// x·Φ(x), exact.
    Gelu,
    /// The tanh approximation of GELU.
    GeluTanh,
    /// x·σ(1.702x).
    QuickGelu,
}

/// A function with parameters, how many it has, and where the one starts that a setting may move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Learned {
    /// The function.
    #[serde(deserialize_with = "learned_function")]
    pub function: LearnedFunction,
    /// Whether each channel has parameters of its own.
    pub granularity: Granularity,
    /// The initial value of the parameter that a setting moves, for a function that has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<f64>,
}

/// A function applied to each entry of the hidden layer.
///
/// One without parameters is written as its name, one with parameters as an object.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Activation {
    /// One without parameters.
    Static(StaticFunction),
    /// One with parameters.
    Learned(Learned),
}

impl<'de> Deserialize<'de> for Activation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Reads either form; a name that is not known is answered with the nearest.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Activation;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of an activation, or an object with its `function`")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Activation, E> {
        named(name).map(Activation::Static)
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Activation, A::Error> {
        Learned::deserialize(MapAccessDeserializer::new(fields)).map(Activation::Learned)
    }
}

fn learned_function<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LearnedFunction, D::Error> {
    named(&String::deserialize(deserializer)?)
}

/// The function of this name, of the kind that is asked for.
fn named<'de, T: Deserialize<'de>, E: Error>(name: &'de str) -> Result<T, E> {
    let deserializer: StrDeserializer<'de, E> = name.into_deserializer();
    T::deserialize(deserializer).map_err(|_| E::custom(unknown(name)))
}

/// Why `name` is not what was expected, and what would be right.
fn unknown(name: &str) -> String {
    match Level::from_name(name) {
        Some(Level::Plain(Function::Static(_))) => {
            return format!("the activation `{name}` learns nothing: its name alone is expected");
        }
        Some(Level::Plain(Function::Learned(_))) => {
            return format!("the activation `{name}` learns: an object with `function` and `granularity` is expected");
        }
        _ => {}
    }
    let is_function = |(name, level): (&'static str, Level)| matches!(level, Level::Plain(_)).then_some(name);
    let functions: Vec<&str> = LEVELS.into_iter().filter_map(is_function).collect();
    let near = level::called_elsewhere(name).filter(|name| functions.contains(name));
    match near.or_else(|| setting::closest(name, functions)) {
        Some(near) => format!("there is no activation `{name}`; did you mean `{near}`?"),
        None => format!("there is no activation `{name}`; `seedbed new` lists them"),
    }
}

impl Learned {
    /// The function with what `settings` say of it.
    pub(super) fn from_settings(function: LearnedFunction, settings: &Settings) -> Self {
        let definition = function.definition();
        let granularity = match settings.text("model.granularity").as_deref() {
            Some("channel") => Granularity::Channel,
            Some("layer") => Granularity::Layer,
            _ => definition.granularity,
        };
        let start = definition.parameters.iter().find_map(|parameter| match parameter.start {
            Start::Setting(key) => Some(settings.number(key)),
            _ => None,
        });
        Self { function, granularity, start }
    }

    /// Parameters of a layer of `width` channels.
    pub fn parameters(&self, width: u64) -> u64 {
        let parameters = self.function.definition().parameters;
        parameters.iter().map(|parameter| u64::from(parameter.values()) * self.owners(parameter.shared, width)).sum()
    }

    /// How many sets of a parameter's values a layer of `width` channels has.
    pub fn owners(&self, shared: bool, width: u64) -> u64 {
        match self.granularity {
            Granularity::Channel if !shared => width,
            Granularity::Channel | Granularity::Layer => 1,
        }
    }
}

impl Activation {
    /// Parameters of a layer of `width` channels.
    pub fn parameters(&self, width: u64) -> u64 {
        match self {
            Self::Static(_) => 0,
            Self::Learned(learned) => learned.parameters(width),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_reads_back() {
        let swish = Learned { function: LearnedFunction::Swish, granularity: Granularity::Layer, start: Some(1.5) };
        let rational = Learned { function: LearnedFunction::Rational, granularity: Granularity::Channel, start: None };
        for (activation, record) in [
            (Activation::Static(StaticFunction::GeluTanh), r#""gelu-tanh""#),
            (Activation::Learned(swish), r#"{"function":"swish","granularity":"layer","start":1.5}"#),
            (Activation::Learned(rational), r#"{"function":"rational","granularity":"channel"}"#),
        ] {
            assert_eq!(serde_json::to_string(&activation).unwrap(), record);
            assert_eq!(serde_json::from_str::<Activation>(record).unwrap(), activation);
        }
        assert!(serde_json::from_str::<Activation>(r#"{"function":"swish","granularity":"layer","slope":1}"#).is_err());
    }

    #[test]
    fn a_name_that_is_not_known_is_answered_with_the_nearest() {
        let error = |record: &str| serde_json::from_str::<Activation>(record).unwrap_err().to_string();
        for (record, expected) in [
            (r#""gelo""#, "there is no activation `gelo`; did you mean `gelu`?"),
            (r#""gelu_new""#, "there is no activation `gelu_new`; did you mean `gelu-tanh`?"),
            (r#""kolmogorov""#, "there is no activation `kolmogorov`; `seedbed new` lists them"),
            (r#""swish""#, "the activation `swish` learns: an object with `function` and `granularity` is expected"),
            (r#"{"function":"swihs","granularity":"layer"}"#, "there is no activation `swihs`; did you mean `swish`?"),
            (r#"{"function":"gelu"}"#, "the activation `gelu` learns nothing: its name alone is expected"),
            ("3", "invalid type: integer `3`, expected the name of an activation, or an object with its `function`"),
        ] {
            assert!(error(record).starts_with(expected), "{record}: {}", error(record));
        }
    }

    #[test]
    fn parameters_are_counted_by_granularity() {
        let count = |function, granularity| Learned { function, granularity, start: None }.parameters(20);
        assert_eq!(count(LearnedFunction::Rational, Granularity::Channel), 200);
        assert_eq!(count(LearnedFunction::Rational, Granularity::Layer), 10);
        // α of DyT is one for the layer in any case.
        assert_eq!(count(LearnedFunction::Dyt, Granularity::Channel), 41);
    }
}
