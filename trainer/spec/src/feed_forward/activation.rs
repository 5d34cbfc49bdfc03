//! The function in the hidden layer.

use serde::{Deserialize, Serialize};

use super::level::ActivationName;
use crate::setting::Settings;

/// How many parameters a learnable activation has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Granularity {
    /// One per hidden channel.
    Channel,
    /// One per layer.
    Layer,
}

/// A function applied to each entry of the hidden layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Activation {
    /// x.
    Identity,
    /// max(0, x).
    Relu,
    /// max(0, x) + a·min(0, x) (He et al. 2015, arXiv:1502.01852).
    Prelu {
        /// Parameters per layer.
        granularity: Granularity,
        /// Initial a.
        slope: f64,
    },
    /// x·σ(x) (Hendrycks and Gimpel 2016; Elfwing et al. 2017).
    Silu,
    /// x·σ(βx) (Ramachandran et al. 2017, arXiv:1710.05941).
    Swish {
        /// Parameters per layer.
        granularity: Granularity,
        /// Initial β.
        beta: f64,
    },
    /// x·Φ(x) with the exact error function (Hendrycks and Gimpel 2016, arXiv:1606.08415).
    Gelu,
    /// 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))), from the same paper.
    GeluTanh,
    /// x·Φ(βx): the GELU paper's Φ((x−µ)/σ) with µ = 0 and β = 1/σ learned.
    LearnableGelu {
        /// Parameters per layer.
        granularity: Granularity,
        /// Initial β.
        beta: f64,
    },
}

impl Activation {
    /// The function of that name, with what `settings` say of it.
    pub(super) fn from_settings(name: ActivationName, settings: &Settings) -> Self {
        let granularity = match settings.name("model.granularity").as_str() {
            "layer" => Granularity::Layer,
            _ => Granularity::Channel,
        };
        match name {
            ActivationName::Identity => Activation::Identity,
            ActivationName::Relu => Activation::Relu,
            ActivationName::Prelu => Activation::Prelu { granularity, slope: settings.number("model.prelu.slope") },
            ActivationName::Silu => Activation::Silu,
            ActivationName::Swish => Activation::Swish { granularity, beta: settings.number("model.swish.beta") },
            ActivationName::Gelu => Activation::Gelu,
            ActivationName::GeluTanh => Activation::GeluTanh,
            ActivationName::LearnableGelu => {
                Activation::LearnableGelu { granularity, beta: settings.number("model.learnable-gelu.beta") }
            }
            ActivationName::Geglu | ActivationName::Kan => {
                unreachable!("invariant: gated and spline layers are made by the caller")
            }
        }
    }
}
