//! The function in the hidden layer.

use spec::feed_forward::{Activation as Kind, Granularity};
use tch::Tensor;

use super::{gelu, relu, silu};
use crate::model::declare::Declarations;
use crate::model::linear::Weights;

/// A function of each entry, with the tensor that it learns: `[width]` for one value a channel, `[1]` for one a layer.
#[derive(Debug)]
pub enum Activation {
    /// f(x) = x: the two maps around it are then one linear map, the floor of any comparison.
    Identity,
    /// [`relu::relu`].
    Relu,
    /// [`relu::prelu`] and its slopes.
    Prelu(Tensor),
    /// [`silu::silu`].
    Silu,
    /// [`silu::swish`] and its β.
    Swish(Tensor),
    /// [`gelu::gelu`].
    Gelu,
    /// [`gelu::gelu_tanh`].
    GeluTanh,
    /// [`gelu::learnable_gelu`] and its β.
    LearnableGelu(Tensor),
}

/// Declares what the activation of a hidden layer of this width learns, if it learns.
pub fn declare(activation: Kind, name: &str, width: u32, declarations: &mut Declarations) {
    let (granularity, start) = match activation {
        Kind::Prelu { granularity, slope } => (granularity, slope),
        Kind::Swish { granularity, beta } | Kind::LearnableGelu { granularity, beta } => (granularity, beta),
        Kind::Identity | Kind::Relu | Kind::Silu | Kind::Gelu | Kind::GeluTanh => return,
    };
    let size = match granularity {
        Granularity::Channel => width,
        Granularity::Layer => 1,
    };
    declarations.constant(name, &[size], start);
}

impl Activation {
    /// The activation; `name` is that of what it learns.
    pub fn new(activation: Kind, name: &str, weights: &mut Weights<'_>) -> Self {
        match activation {
            Kind::Identity => Self::Identity,
            Kind::Relu => Self::Relu,
            Kind::Prelu { .. } => Self::Prelu(weights.get(name)),
            Kind::Silu => Self::Silu,
            Kind::Swish { .. } => Self::Swish(weights.get(name)),
            Kind::Gelu => Self::Gelu,
            Kind::GeluTanh => Self::GeluTanh,
            Kind::LearnableGelu { .. } => Self::LearnableGelu(weights.get(name)),
        }
    }

    /// f of each entry of `[T, width]`, of the kind that came in.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Identity => x.shallow_clone(),
            Self::Relu => relu::relu(x),
            Self::Prelu(slope) => in_kind_of(slope, x, relu::prelu),
            Self::Silu => silu::silu(x),
            Self::Swish(beta) => in_kind_of(beta, x, silu::swish),
            Self::Gelu => gelu::gelu(x),
            Self::GeluTanh => gelu::gelu_tanh(x),
            Self::LearnableGelu(beta) => in_kind_of(beta, x, gelu::learnable_gelu),
        }
    }
}

/// `f(x, learned)` computed in the kind of what is learned. The functions without parameters need no such care: libtorch's
/// kernels compute them in fp32 and round once.
fn in_kind_of(learned: &Tensor, x: &Tensor, f: fn(&Tensor, &Tensor) -> Tensor) -> Tensor {
    f(&x.to_kind(learned.kind()), learned).to_kind(x.kind())
}
