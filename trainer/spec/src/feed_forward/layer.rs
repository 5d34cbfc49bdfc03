//! The layer in the feed-forward place of a block: a plain, a gated or a spline layer.

use serde::{Deserialize, Serialize};

use super::activation::Activation;
use super::level::ActivationName;
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
        let name = settings.name("model.activation");
        let name = ActivationName::from_name(&name).expect("invariant: the setting takes known names only");
        let matched = settings.name("model.budget") == "matched";
        let fit = |candidate: Self| {
            if matched { budget::match_width(candidate, hidden_size, plain_width) } else { candidate }
        };
        Ok(match name {
            ActivationName::Geglu => fit(Self::Gated { activation: Activation::Gelu, width: plain_width }),
            ActivationName::Kan => fit(Self::Spline { width: plain_width, grid: SplineGrid::from_settings(settings)? }),
            plain => Self::Plain { activation: Activation::from_settings(plain, settings), width: plain_width },
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
