//! The layer that a spec asks for.

use spec::feed_forward::FeedForward as Kind;
use spec::model::ModelSpec;
use tch::Tensor;

use super::activation::{self, Activation};
use super::gated::Gated;
use super::spline::{self, SplineLayer};
use crate::model::declare::Declarations;
use crate::model::linear::{Linear, Weights};

/// What the parts of one layer are called in the state dict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The map into the hidden layer; in a gated layer the one whose result the activation sees.
    pub input: String,
    /// The map whose result a gate multiplies.
    pub gated: String,
    /// The map back.
    pub output: String,
    /// The activation, below which stands what it learns.
    pub activation: String,
    /// The two Kolmogorov-Arnold layers, numbered below this.
    pub splines: String,
}

/// Declares the parameters of one layer.
pub fn declare(spec: &ModelSpec, names: &Names, declarations: &mut Declarations) {
    let (hidden, width) = (spec.hidden_size, spec.feed_forward.width());
    match spec.feed_forward {
        Kind::Plain { activation, .. } => {
            declarations.linear(&names.input, hidden, width);
            activation::declare(activation, &names.activation, width, declarations);
            declarations.linear(&names.output, width, hidden);
        }
        Kind::Gated { activation, .. } => {
            declarations.linear(&names.input, hidden, width);
            activation::declare(activation, &names.activation, width, declarations);
            declarations.linear(&names.gated, hidden, width);
            declarations.linear(&names.output, width, hidden);
        }
        Kind::Spline { grid, .. } => {
            spline::declare(&format!("{}.0", names.splines), [hidden, width], grid, declarations);
            spline::declare(&format!("{}.1", names.splines), [width, hidden], grid, declarations);
        }
    }
}

/// A layer from `[T, hidden]` to `[T, hidden]`.
#[derive(Debug)]
pub enum FeedForward {
    /// W₂·f(W₁x + b₁) + b₂.
    Plain {
        /// W₁ and b₁.
        input: Linear,
        /// f.
        activation: Activation,
        /// W₂ and b₂.
        output: Linear,
    },
    /// A gated linear unit.
    Gated(Gated),
    /// Two Kolmogorov-Arnold layers, nothing between them.
    Spline([SplineLayer; 2]),
}

impl FeedForward {
    /// The layer over these weights.
    pub fn new(spec: &ModelSpec, names: &Names, weights: &mut Weights<'_>) -> Self {
        match spec.feed_forward {
            Kind::Plain { activation, .. } => Self::Plain {
                input: weights.linear(&names.input),
                activation: Activation::new(activation, &names.activation, weights),
                output: weights.linear(&names.output),
            },
            Kind::Gated { activation, on_both, .. } => Self::Gated(Gated {
                gate: weights.linear(&names.input),
                activation: Activation::new(activation, &names.activation, weights),
                on_both,
                gated: weights.linear(&names.gated),
                output: weights.linear(&names.output),
            }),
            Kind::Spline { grid, .. } => Self::Spline([
                SplineLayer::new(&format!("{}.0", names.splines), grid, weights),
                SplineLayer::new(&format!("{}.1", names.splines), grid, weights),
            ]),
        }
    }

    /// The layer's output for the rows of `x`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Plain { input, activation, output } => output.forward(&activation.forward(&input.forward(x))),
            Self::Gated(gated) => gated.forward(x),
            Self::Spline([first, second]) => second.forward(&first.forward(x)),
        }
    }
}
