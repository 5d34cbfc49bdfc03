//! What the network of a run is made of and costs, as `run.json` says it.

use serde::{Deserialize, Serialize};

use crate::budget::{ParameterCount, attended, flops_per_token};
use crate::model::ModelSpec;
use crate::run::Program;

/// The size of a network: it follows from the study, and stands in `run.json` for whoever reads that file alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NetworkSize {
    /// Parameters by component.
    pub parameters: ParameterCount,
    /// All of them.
    pub total_parameters: u64,
    /// Width of the feed-forward layer after matching.
    pub feed_forward_width: u32,
    /// Floating-point operations of one trained token, by [`flops_per_token`], in a story that fills the context: the
    /// most that a token can take. With the lengths of the run's own stories it stands in `facts.json`, once they have
    /// been read.
    pub most_flops_per_token: f64,
}

impl NetworkSize {
    /// The size of this network.
    pub fn of(model: &ModelSpec) -> Self {
        let parameters = ParameterCount::of(model);
        Self {
            parameters,
            total_parameters: parameters.total(),
            feed_forward_width: model.feed_forward.width(),
            most_flops_per_token: flops_per_token(model, attended(model.architecture, f64::from(model.context))),
        }
    }

    /// The size of a program's network, where it is known.
    pub fn of_program(program: &Program) -> Option<Self> {
        match program {
            Program::Builtin(study) => Some(Self::of(&study.model)),
            Program::Command(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::{self, Settings};
    use crate::value::Value;

    #[test]
    fn a_small_network_is_counted_as_by_hand() {
        let mut settings = Settings::new();
        for (key, value) in [
            ("architecture", Value::from("gpt-neo")),
            ("activation", Value::from("swiglu")),
            ("model.hidden-size", Value::Integer(8)),
            ("model.layers", Value::Integer(2)),
            ("model.heads", Value::Integer(2)),
            ("model.ffn-size", Value::Integer(96)),
            ("model.context", Value::Integer(16)),
            ("model.vocabulary", Value::Integer(300)),
        ] {
            settings.give(setting::find(key).unwrap(), &value).unwrap();
        }
        let size = NetworkSize::of(&ModelSpec::from_settings(&settings).unwrap());
        // The plain layer has 2 · 8 · 96 + 96 + 8 = 1640 parameters, a gated one of width 63 3 · 8 · 63 + 2 · 63 + 8 =
        // 1646, and of width 64 1672, which is not within 1 %.
        assert_eq!(size.feed_forward_width, 63);
        assert_eq!(size.parameters.feed_forward, 2 * 1646);
        assert_eq!(size.parameters.embeddings, (300 + 16) * 8);
        assert_eq!(size.parameters.attention, 2 * (4 * 64 + 8));
        assert_eq!(size.parameters.norms, 5 * 2 * 8);
        assert_eq!(size.total_parameters, 2528 + 528 + 3292 + 80);
        // Matrices with the biases that go with them, and the tied head; a token of a whole context attends to half of
        // it.
        let matrices = f64::from(528 + 3292 + 300 * 8);
        let products = 6.0 * matrices + 12.0 * 8.0 * 8.0 * 2.0;
        assert!((size.most_flops_per_token - products).abs() < 1e-9, "{size:?}");
        let text = serde_json::to_string(&size).unwrap();
        assert_eq!(serde_json::from_str::<NetworkSize>(&text).unwrap(), size);
    }
}
