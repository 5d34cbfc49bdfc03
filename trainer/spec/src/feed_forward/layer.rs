//! The layer in the feed-forward place of a block.

use serde::{Deserialize, Serialize};

use super::activation::{Activation, Learned};
use super::grouped::{Curve, GroupedFunction};
use super::kan::{KanLevel, KanStart, SplineOutput, check_groups, check_least};
use super::level::{Function, Level};
use super::radial_grid::RadialGrid;
use super::spline_grid::SplineGrid;
use crate::budget;
use crate::error::SpecError;
use crate::model::Architecture;
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
    /// Two Kolmogorov-Arnold layers with B-spline edges, hidden → width → hidden, without biases.
    Spline {
        /// Outputs of the first layer.
        width: u32,
        /// The splines of both layers.
        grid: SplineGrid,
        /// Whether each edge has a scale for its spline.
        scaled: bool,
        /// How they start.
        start: KanStart,
    },
    /// The same with a gelu between the layers, as the study of 2024 ran it.
    DelftSpline {
        /// Outputs of the first layer.
        width: u32,
        /// The splines.
        grid: SplineGrid,
        /// Whether each edge has a scale for its spline.
        scaled: bool,
        /// How they start.
        start: KanStart,
        /// What the second layer is.
        output: SplineOutput,
    },
    /// Two Kolmogorov-Arnold layers with radial basis functions on their edges, hidden → width → hidden.
    RadialBasis {
        /// Outputs of the first layer.
        width: u32,
        /// The centres of both layers.
        grid: RadialGrid,
        /// How they start.
        start: KanStart,
    },
    /// Two Kolmogorov-Arnold layers with Chebyshev polynomials on their edges, hidden → width → hidden, without biases.
    Chebyshev {
        /// Outputs of the first layer.
        width: u32,
        /// The highest degree.
        degree: u32,
    },
    /// W₂·f₂(W₁·f₁(x) + b₁) + b₂, with functions that groups of channels share.
    Grouped {
        /// Rows of W₁; a multiple of `groups`.
        width: u32,
        /// Number of groups; they divide the hidden size too.
        groups: u32,
        /// f₁ and f₂.
        function: GroupedFunction,
        /// As what f₂ starts.
        second: Curve,
        /// How W₁ and W₂ start.
        start: KanStart,
    },
}

impl FeedForward {
    /// The layer that `settings` ask for, shrunk to the plain layer's parameter count unless the budget is unmatched.
    pub(crate) fn from_settings(
        settings: &Settings,
        architecture: Architecture,
        hidden_size: u32,
    ) -> Result<Self, SpecError> {
        let plain_width = settings.size("model.ffn-size");
        let level = Level::from_name(&settings.name("model.activation"))
            .expect("invariant: the setting takes known names only");
        let layer = match level {
            Level::Plain(function) => {
                return Ok(Self::Plain { activation: activation(function, settings), width: plain_width });
            }
            Level::Gated(function) => gated(activation(function, settings), false, plain_width),
            Level::GatedBoth(function) => gated(activation(function, settings), true, plain_width),
            // The study gave its layer a quarter of the width that the others had.
            Level::Kan(KanLevel::DelftSpline) => {
                KanLevel::DelftSpline.layer(settings, architecture, (plain_width / 4).max(1))?
            }
            Level::Kan(level) => level.layer(settings, architecture, plain_width)?,
        };
        let is_matched = settings.name("model.budget") == "matched";
        let layer = if is_matched { budget::match_width(layer, hidden_size, plain_width) } else { layer };
        layer.check(hidden_size)?;
        Ok(layer)
    }

    /// Checks that there is such a layer in a network of this hidden size, wherever its description was read.
    ///
    /// # Errors
    /// When a grid is empty or groups do not divide the channels: the key, the value, and what would be right.
    pub fn check(&self, hidden_size: u32) -> Result<(), SpecError> {
        match self {
            Self::Plain { .. } | Self::Gated { .. } => Ok(()),
            Self::Spline { grid, .. } | Self::DelftSpline { grid, .. } => grid.check(),
            Self::RadialBasis { grid, .. } => grid.check(),
            Self::Chebyshev { degree, .. } => check_degree(*degree),
            Self::Grouped { width, groups, function, .. } => {
                if let GroupedFunction::Chebyshev { degree } = function {
                    check_degree(*degree)?;
                }
                check_groups(*groups, hidden_size, *width)
            }
        }
    }

    /// The width of the hidden layer.
    pub fn width(&self) -> u32 {
        match self {
            Self::Plain { width, .. }
            | Self::Gated { width, .. }
            | Self::Spline { width, .. }
            | Self::DelftSpline { width, .. }
            | Self::RadialBasis { width, .. }
            | Self::Chebyshev { width, .. }
            | Self::Grouped { width, .. } => *width,
        }
    }

    /// The same layer with another width.
    #[must_use]
    pub fn with_width(mut self, changed: u32) -> Self {
        match &mut self {
            Self::Plain { width, .. }
            | Self::Gated { width, .. }
            | Self::Spline { width, .. }
            | Self::DelftSpline { width, .. }
            | Self::RadialBasis { width, .. }
            | Self::Chebyshev { width, .. }
            | Self::Grouped { width, .. } => *width = changed,
        }
        self
    }

    /// What the width must be a multiple of.
    pub fn width_step(&self) -> u32 {
        if let Self::Grouped { groups, .. } = self { *groups } else { 1 }
    }
}

fn check_degree(degree: u32) -> Result<(), SpecError> {
    check_least("model.kan.degree", degree, 1, "a polynomial of degree 0 is a constant")
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
