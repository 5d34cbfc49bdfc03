//! Kolmogorov-Arnold layers whose channels share their functions in groups: two linear maps, and a learned function
//! before each.

use spec::feed_forward::{Curve, GroupedFunction, KanStart};
use tch::Tensor;

use super::grouped_start::{self, Role};
use super::layer::Names;
use super::{chebyshev, polynomial};
use crate::model::declare::Declarations;
use crate::model::linear::{Linear, Weights};

/// W₂·f₂(W₁·f₁(x) + b₁) + b₂: GR-KAN (Yang & Wang 2024, Kolmogorov-Arnold transformer, arXiv:2409.10594) with rational
/// functions, or the same with Chebyshev polynomials (Alves & Vicente 2026, kan-lm-study).
///
/// W₁ is `[width, hidden]`, W₂ `[hidden, width]`, both with biases. f₁ starts as the identity, f₂ as swish or gelu; see
/// [`grouped_start`].
#[derive(Debug)]
pub struct Grouped {
    /// f₁.
    pub first: GroupedActivation,
    /// W₁ and b₁.
    pub input: Linear,
    /// f₂.
    pub second: GroupedActivation,
    /// W₂ and b₂.
    pub output: Linear,
}

/// What a spec says of one.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Number of groups.
    pub groups: u32,
    /// f₁ and f₂.
    pub function: GroupedFunction,
    /// As what f₂ starts.
    pub second: Curve,
    /// How W₁ and W₂ start.
    pub start: KanStart,
}

/// A function of each entry, with coefficients for each group of neighbouring channels.
#[derive(Debug)]
pub enum GroupedActivation {
    /// (a₀ + a₁x + … + a₅x⁵) / (1 + |b₁x + … + b₄x⁴|).
    ///
    /// The paper's formula, with one a for all groups and a b for each, as in the authors' code. That code divides by
    /// something else, 1 + |b₁x| + … + |b₄x⁴| on a GPU and 1 + |b₁|x + … + |b₄|x⁴ without one; all three agree where x
    /// ≥ 0 and b ≥ 0. The slope of |q| at q = 0 is taken for 1, as in its kernel: with 0, the b of a function that
    /// starts as the identity would never move.
    Rational {
        /// `[1, 6]`, lowest power first.
        numerator: Tensor,
        /// `[groups, 4]`, lowest power first.
        denominator: Tensor,
    },
    /// Σₙ cₙ·Tₙ(tanh x).
    Chebyshev {
        /// `[groups, degree + 1]`.
        coefficients: Tensor,
    },
}

/// Declares the parameters for `hidden` entries and `width` channels.
pub fn declare([hidden, width]: [u32; 2], form: Form, names: &Names, declarations: &mut Declarations) {
    let Form { groups, function, second, .. } = form;
    grouped_start::declare_function(&names.entry_activation, function, groups, None, declarations);
    grouped_start::declare_map(&names.input, [hidden, width], Role::Input, form, declarations);
    grouped_start::declare_function(&names.activation, function, groups, Some(second), declarations);
    grouped_start::declare_map(&names.output, [width, hidden], Role::Output, form, declarations);
}

impl Grouped {
    /// The layer over these weights.
    pub fn new(function: GroupedFunction, names: &Names, weights: &mut Weights<'_>) -> Self {
        Self {
            first: GroupedActivation::new(function, &names.entry_activation, weights),
            input: weights.linear(&names.input),
            second: GroupedActivation::new(function, &names.activation, weights),
            output: weights.linear(&names.output),
        }
    }

    /// `[T, hidden]` for `[T, hidden]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let hidden = self.input.forward(&self.first.forward(x));
        self.output.forward(&self.second.forward(&hidden))
    }
}

impl GroupedActivation {
    /// The function; the names of its coefficients begin with `prefix`.
    pub fn new(function: GroupedFunction, prefix: &str, weights: &mut Weights<'_>) -> Self {
        match function {
            GroupedFunction::Rational => Self::Rational {
                numerator: weights.get(&format!("{prefix}.weight_numerator")),
                denominator: weights.get(&format!("{prefix}.weight_denominator")),
            },
            GroupedFunction::Chebyshev { .. } => {
                Self::Chebyshev { coefficients: weights.get(&format!("{prefix}.coeff")) }
            }
        }
    }

    /// f of each entry of `[T, channels]`, in the kind of the coefficients: they are not rounded to bf16.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let of_group = match self {
            Self::Rational { denominator, .. } => denominator,
            Self::Chebyshev { coefficients } => coefficients,
        };
        // A row of channels is a row of groups, each of neighbours.
        let channels = x.size()[1];
        let x = x.to_kind(of_group.kind()).view([-1, of_group.size()[0], channels / of_group.size()[0]]);
        let y = match self {
            Self::Rational { numerator, denominator } => {
                let quotient = polynomial::polynomial(&x, &denominator.unsqueeze(1)) * &x;
                let magnitude = quotient.where_self(&quotient.ge(0.0), &quotient.neg());
                polynomial::polynomial(&x, &numerator.unsqueeze(1)) / (magnitude + 1.0)
            }
            Self::Chebyshev { coefficients } => chebyshev::series(&x, &coefficients.unsqueeze(1)),
        };
        y.view([-1, channels])
    }
}
