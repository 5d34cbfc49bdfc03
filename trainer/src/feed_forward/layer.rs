//! The layer that a spec asks for.

use spec::feed_forward::{DelftStart, FeedForward as Kind};
use spec::model::{Initialisation, ModelSpec};
use tch::Tensor;

use super::activation::{self, Activation};
use super::chebyshev::{self, ChebyshevLayer};
use super::delft_spline::{self, DelftSpline};
use super::gated::Gated;
use super::grouped::{self, Grouped};
use super::radial_basis::{self, RadialBasisLayer};
use super::spline::SplineLayer;
use super::spline_start;
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
    /// The learned function before the first map, in a layer that has one there.
    pub entry_activation: String,
    /// A Kolmogorov-Arnold network, below which stand its two layers.
    pub kan: String,
    /// The two networks of one layer each that the study of 2024 had.
    pub delft_first: String,
    /// The second of them.
    pub delft_second: String,
}

impl Names {
    /// The two layers of a Kolmogorov-Arnold network.
    fn kan_layers(&self) -> [String; 2] {
        [0, 1].map(|index| format!("{}.layers.{index}", self.kan))
    }
}

/// Declares the parameters of one layer.
pub fn declare(spec: &ModelSpec, names: &Names, declarations: &mut Declarations) {
    let (hidden, width) = (spec.hidden_size, spec.feed_forward.width());
    let own = match spec.initialisation {
        Initialisation::Delft { .. } => DelftStart::of(&spec.feed_forward, spec.architecture),
        Initialisation::Normal { .. } | Initialisation::FanInUniform { .. } => {
            DelftStart { input: false, output: false, seed: None }
        }
    };
    match spec.feed_forward {
        Kind::Plain { activation, .. } => {
            map(declarations, own.input, &names.input, hidden, width);
            activation::declare(activation, &names.activation, width, declarations);
            map(declarations, own.output, &names.output, width, hidden);
        }
        Kind::Gated { activation, .. } => {
            map(declarations, own.input, &names.input, hidden, width);
            activation::declare(activation, &names.activation, width, declarations);
            map(declarations, own.input, &names.gated, hidden, width);
            map(declarations, own.output, &names.output, width, hidden);
        }
        Kind::Spline { grid, scaled, start, .. } => {
            for (name, sizes) in names.kan_layers().iter().zip([[hidden, width], [width, hidden]]) {
                spline_start::declare(name, sizes, grid, scaled, start, declarations);
            }
        }
        Kind::DelftSpline { grid, scaled, start, output, .. } => {
            let form = delft_spline::Form { grid, scaled, start, output };
            delft_spline::declare([hidden, width], form, names, declarations);
        }
        Kind::RadialBasis { grid, start, .. } => {
            for (name, sizes) in names.kan_layers().iter().zip([[hidden, width], [width, hidden]]) {
                radial_basis::declare(name, sizes, grid, start, declarations);
            }
        }
        Kind::Chebyshev { degree, .. } => {
            for (name, sizes) in names.kan_layers().iter().zip([[hidden, width], [width, hidden]]) {
                chebyshev::declare(name, sizes, degree, declarations);
            }
        }
        Kind::Grouped { groups, function, second, start, .. } => {
            let form = grouped::Form { groups, function, second, start };
            grouped::declare([hidden, width], form, names, declarations);
        }
    }
}

/// Declares a linear map, by the network's rule or as PyTorch starts it.
fn map(declarations: &mut Declarations, as_torch: bool, name: &str, inputs: u32, outputs: u32) {
    if as_torch {
        declarations.linear_of_torch(name, inputs, outputs);
    } else {
        declarations.linear(name, inputs, outputs);
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
    /// Two layers of B-spline edges, nothing between them.
    Spline([SplineLayer; 2]),
    /// Those of the study of 2024, with a gelu between them.
    DelftSpline(DelftSpline),
    /// Two layers of radial basis functions.
    RadialBasis([RadialBasisLayer; 2]),
    /// Two layers of Chebyshev polynomials.
    Chebyshev([ChebyshevLayer; 2]),
    /// Two maps, each with a function before it that groups of channels share.
    Grouped(Grouped),
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
            Kind::Spline { grid, scaled, .. } => {
                Self::Spline(names.kan_layers().map(|name| SplineLayer::new(&name, grid, scaled, weights)))
            }
            Kind::DelftSpline { grid, scaled, start, output, .. } => {
                let form = delft_spline::Form { grid, scaled, start, output };
                Self::DelftSpline(DelftSpline::new(form, names, weights))
            }
            Kind::RadialBasis { grid, .. } => {
                Self::RadialBasis(names.kan_layers().map(|name| RadialBasisLayer::new(&name, grid, weights)))
            }
            Kind::Chebyshev { .. } => {
                Self::Chebyshev(names.kan_layers().map(|name| ChebyshevLayer::new(&name, weights)))
            }
            Kind::Grouped { function, .. } => Self::Grouped(Grouped::new(function, names, weights)),
        }
    }

    /// The layer's output for the rows of `x`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Plain { input, activation, output } => output.forward(&activation.forward(&input.forward(x))),
            Self::Gated(gated) => gated.forward(x),
            Self::Spline([first, second]) => second.forward(&first.forward(x)),
            Self::DelftSpline(network) => network.forward(x),
            Self::RadialBasis([first, second]) => second.forward(&first.forward(x)),
            Self::Chebyshev([first, second]) => second.forward(&first.forward(x)),
            Self::Grouped(grouped) => grouped.forward(x),
        }
    }
}
