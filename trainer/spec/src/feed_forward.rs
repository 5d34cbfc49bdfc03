//! What stands in the feed-forward place of a block: a plain, a gated or a spline layer, and the activation in it.

use serde::{Deserialize, Serialize};

use crate::budget;
use crate::error::SpecError;
use crate::setting::Settings;

/// The name of a level of the factor `activation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActivationName {
    /// No activation: two linear maps. The floor of any study.
    Identity,
    /// max(0, x).
    Relu,
    /// max(0, x) + a·min(0, x), a learned.
    Prelu,
    /// x·σ(x).
    Silu,
    /// x·σ(βx), β learned.
    Swish,
    /// x·Φ(x), exact.
    Gelu,
    /// The tanh approximation of GELU, `gelu_new` in transformers.
    GeluTanh,
    /// x·Φ(βx), β learned.
    LearnableGelu,
    /// W₂(GELU(xW) · xV).
    Geglu,
    /// A Kolmogorov-Arnold network of B-spline edges in place of the whole layer.
    Kan,
}

impl ActivationName {
    /// Every name, in the order of the variants.
    pub const NAMES: [&'static str; 10] =
        ["identity", "relu", "prelu", "silu", "swish", "gelu", "gelu-tanh", "learnable-gelu", "geglu", "kan"];

    const ALL: [Self; 10] = [
        Self::Identity,
        Self::Relu,
        Self::Prelu,
        Self::Silu,
        Self::Swish,
        Self::Gelu,
        Self::GeluTanh,
        Self::LearnableGelu,
        Self::Geglu,
        Self::Kan,
    ];

    /// The activation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).map(|index| Self::ALL[index])
    }

    /// The name in sweep files and reports.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

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

/// The layer in the feed-forward place of every block.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum FeedForward {
    /// W₂·f(W₁x + b₁) + b₂.
    Plain {
        /// f.
        activation: Activation,
        /// Rows of W₁.
        width: u32,
    },
    /// W₂(f(Wx + b) · (Vx + c)) + b₂ (Shazeer 2020, arXiv:2002.05202).
    Gated {
        /// f.
        activation: Activation,
        /// Rows of W and of V.
        width: u32,
    },
    /// Two Kolmogorov-Arnold layers, hidden → width → hidden, without biases.
    Spline {
        /// Outputs of the first layer.
        width: u32,
        /// The splines of both layers.
        grid: SplineGrid,
    },
}

/// A uniform B-spline grid shared by all edges of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SplineGrid {
    /// Number of intervals between `low` and `high`; at least 1.
    pub intervals: u32,
    /// Polynomial order; at least 1.
    pub order: u32,
    /// Lower end.
    pub low: f64,
    /// Upper end, above `low`.
    pub high: f64,
}

impl SplineGrid {
    /// Number of basis functions per edge: intervals + order.
    pub fn bases(&self) -> u32 {
        self.intervals + self.order
    }
}

impl FeedForward {
    /// The layer that `settings` ask for, shrunk to the plain layer's parameter count unless the budget is unmatched.
    pub(crate) fn from_settings(settings: &Settings, hidden_size: u32) -> Result<Self, SpecError> {
        let plain_width = settings.size("model.ffn-size");
        let name = settings.name("model.activation");
        let name = ActivationName::from_name(&name).expect("invariant: the setting takes known names only");
        let matched = settings.name("model.budget") == "matched";
        let fit = |candidate: Self| {
            if matched { budget::match_width(candidate, hidden_size, plain_width) } else { candidate }
        };
        Ok(match name {
            ActivationName::Geglu => fit(Self::Gated { activation: Activation::Gelu, width: plain_width }),
            ActivationName::Kan => fit(Self::Spline { width: plain_width, grid: spline_grid(settings)? }),
            plain => Self::Plain { activation: plain_activation(plain, settings), width: plain_width },
        })
    }

    /// The width of the hidden layer.
    pub fn width(&self) -> u32 {
        match self {
            Self::Plain { width, .. } | Self::Gated { width, .. } | Self::Spline { width, .. } => *width,
        }
    }

    /// The same layer with another width.
    #[must_use]
    pub fn with_width(self, width: u32) -> Self {
        match self {
            Self::Plain { activation, .. } => Self::Plain { activation, width },
            Self::Gated { activation, .. } => Self::Gated { activation, width },
            Self::Spline { grid, .. } => Self::Spline { width, grid },
        }
    }
}

fn plain_activation(name: ActivationName, settings: &Settings) -> Activation {
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

fn spline_grid(settings: &Settings) -> Result<SplineGrid, SpecError> {
    let grid = SplineGrid {
        intervals: settings.size("model.kan.intervals"),
        order: settings.size("model.kan.order"),
        low: settings.number("model.kan.low"),
        high: settings.number("model.kan.high"),
    };
    if grid.low < grid.high {
        return Ok(grid);
    }
    Err(SpecError::Unfit {
        key: "model.kan.high",
        value: grid.high.to_string(),
        reason: format!("the grid must end above model.kan.low = {}", grid.low),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for name in ActivationName::NAMES {
            assert_eq!(ActivationName::from_name(name).map(ActivationName::name), Some(name));
        }
    }
}
