//! The layer in the feed-forward place of a block: a plain, a gated or a spline layer.

use serde::{Deserialize, Serialize};

use super::activation::{Activation, Learned};
use super::level::{Function, Level};
use super::spline_grid::SplineGrid;
use crate::budget;
use crate::error::SpecError;
use crate::setting::Settings;

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
        /// Whether f is on Vx + c too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        on_both: bool,
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

impl FeedForward {
    /// The layer that `settings` ask for, shrunk to the plain layer's parameter count unless the budget is unmatched.
    pub(crate) fn from_settings(settings: &Settings, hidden_size: u32) -> Result<Self, SpecError> {
        let plain_width = settings.size("model.ffn-size");
        let level = Level::from_name(&settings.name("model.activation"))
            .expect("invariant: the setting takes known names only");
        let layer = match level {
            Level::Plain(function) => {
                return Ok(Self::Plain { activation: activation(function, settings), width: plain_width });
            }
            Level::Gated(function) => gated(activation(function, settings), false, plain_width),
            Level::GatedBoth(function) => gated(activation(function, settings), true, plain_width),
            Level::Spline => Self::Spline { width: plain_width, grid: SplineGrid::from_settings(settings)? },
        };
        let is_matched = settings.name("model.budget") == "matched";
        Ok(if is_matched { budget::match_width(layer, hidden_size, plain_width) } else { layer })
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
            Self::Gated { activation, on_both, .. } => Self::Gated { activation, on_both, width },
            Self::Spline { grid, .. } => Self::Spline { width, grid },
        }
    }
}

fn gated(activation: Activation, on_both: bool, width: u32) -> FeedForward {
    FeedForward::Gated { activation, on_both, width }
}

fn activation(function: Function, settings: &Settings) -> Activation {
    match function {
        Function::Static(function) => Activation::Static(function),
        Function::Learned(function) => Activation::Learned(Learned::from_settings(function, settings)),
    }
}
