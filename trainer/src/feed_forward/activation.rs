//! The function in the hidden layer.

use std::cell::OnceCell;

use spec::feed_forward::activation::Learned as Definition;
use spec::feed_forward::learned;
use spec::feed_forward::{Activation as Spec, LearnedFunction, StaticFunction};
use tch::{Kind, Tensor};

use super::tabulated::{self, Table};
use super::{elu, gelu, linear_spline, periodic, polynomial, relu, sigmoid, silu};
use crate::model::declare::Declarations;
use crate::model::linear::Weights;
use crate::parameters::Start;

/// A function of each entry, with the tensors that it learns.
#[derive(Debug)]
pub enum Activation {
    /// One without parameters, and its values in bf16 once they were asked for.
    Static(StaticFunction, OnceCell<Table>),
    /// One with parameters, in the order of its definition.
    Learned(LearnedFunction, Vec<Tensor>),
}

/// Declares what the activation of a hidden layer of this width learns, if it learns; names begin with `prefix`.
pub fn declare(activation: Spec, prefix: &str, width: u32, declarations: &mut Declarations) {
    let Spec::Learned(learned) = activation else { return };
    for parameter in learned.function.definition().parameters {
        let owners = u32::try_from(learned.owners(parameter.shared, width.into()))
            .expect("invariant: there are no more owners than channels");
        declarations.learned(
            &format!("{prefix}.{}", parameter.name),
            &parameter.shape(owners),
            start(&learned, parameter.start),
        );
    }
}

/// Where a tensor of this activation starts.
fn start(learned: &Definition, start: learned::Start) -> Start {
    match start {
        learned::Start::At(value) => Start::Constant(value),
        learned::Start::Setting(_) => {
            Start::Constant(learned.start.expect("invariant: a spec holds the value that a setting moves"))
        }
        learned::Start::Values(values) => Start::Rows(values.to_vec()),
        learned::Start::Normal => Start::Normal { std: 1.0 },
    }
}

impl Activation {
    /// The activation; the names of what it learns begin with `prefix`.
    pub fn new(activation: Spec, prefix: &str, weights: &mut Weights<'_>) -> Self {
        match activation {
            Spec::Static(function) => Self::of(function),
            Spec::Learned(Definition { function, .. }) => {
                let parameters = function.definition().parameters;
                let tensors = parameters.iter().map(|parameter| weights.get(&format!("{prefix}.{}", parameter.name)));
                Self::Learned(function, tensors.collect())
            }
        }
    }

    /// A function without parameters.
    pub fn of(function: StaticFunction) -> Self {
        Self::Static(function, OnceCell::new())
    }

    /// f of each entry of `[T, width]`, of the kind that came in.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Static(StaticFunction::Identity, _) => x.shallow_clone(),
            Self::Static(function, table) if tabulated::is_fit(x) => {
                table.get_or_init(|| Table::of(|x| apply_static(*function, x))).look_up(x)
            }
            Self::Static(function, _) => apply_static(*function, x),
            Self::Learned(function, learned) => {
                let quick =
                    || tabulated::learned(*function, x, learned, |x, learned| apply_learned(*function, x, learned));
                if let Some(y) = tabulated::is_fit(x).then(quick).flatten() {
                    return y;
                }
                let kind = learned.first().map_or(x.kind(), Tensor::kind);
                apply_learned(*function, &x.to_kind(kind), learned).to_kind(x.kind())
            }
        }
    }
}

fn apply_static(function: StaticFunction, x: &Tensor) -> Tensor {
    match function {
        StaticFunction::Identity => x.shallow_clone(),
        StaticFunction::Relu => relu::relu(x),
        StaticFunction::LeakyRelu => relu::leaky_relu(x),
        StaticFunction::Relu6 => relu::relu6(x),
        StaticFunction::Relu2 => relu::relu2(x),
        StaticFunction::Elu => elu::elu(x),
        StaticFunction::Selu => elu::selu(x),
        StaticFunction::Celu => elu::celu(x),
        StaticFunction::Tanh => widened(x, sigmoid::tanh),
        StaticFunction::Sigmoid => widened(x, sigmoid::sigmoid),
        StaticFunction::Softplus => sigmoid::softplus(x),
        StaticFunction::Laplace => widened(x, sigmoid::laplace),
        StaticFunction::Gaussian => widened(x, sigmoid::gaussian),
        StaticFunction::Sin => periodic::sin(x),
        StaticFunction::Silu => silu::silu(x),
        StaticFunction::Hardswish => silu::hardswish(x),
        StaticFunction::Mish => silu::mish(x),
        StaticFunction::Golu => widened(x, silu::golu),
        StaticFunction::Gelu => gelu::gelu(x),
        StaticFunction::GeluTanh => gelu::gelu_tanh(x),
        StaticFunction::QuickGelu => widened(x, gelu::quick_gelu),
    }
}

fn apply_learned(function: LearnedFunction, x: &Tensor, learned: &[Tensor]) -> Tensor {
    match function {
        LearnedFunction::StarRelu => relu::star_relu(x, these(learned)),
        LearnedFunction::Prelu | LearnedFunction::DelftPrelu => relu::prelu(x, these(learned)),
        LearnedFunction::ErfRelu => relu::erf_relu(x, these(learned)),
        LearnedFunction::Xiprelu => relu::xiprelu(x, these(learned)),
        LearnedFunction::Xielu => elu::xielu(x, these(learned)),
        LearnedFunction::Dyt => sigmoid::dyt(x, these(learned)),
        LearnedFunction::Snake => periodic::snake(x, these(learned)),
        LearnedFunction::Swish => silu::swish(x, these(learned)),
        LearnedFunction::DelftSwish => silu::delft_swish(x, these(learned)),
        LearnedFunction::Xsilu => silu::xsilu(x, these(learned)),
        LearnedFunction::Xatlu => silu::xatlu(x, these(learned)),
        LearnedFunction::AconC => silu::acon_c(x, these(learned)),
        LearnedFunction::ScaledGelu => gelu::scaled_gelu(x, these(learned)),
        LearnedFunction::LearnableGelu => gelu::learnable_gelu(x, these(learned)),
        LearnedFunction::ShiftedGelu => gelu::shifted_gelu(x, these(learned)),
        LearnedFunction::ScaledLearnableGelu => gelu::scaled_learnable_gelu(x, these(learned)),
        LearnedFunction::DelftLearnableGelu => gelu::delft_learnable_gelu(x, these(learned)),
        LearnedFunction::Xgelu => gelu::xgelu(x, these(learned)),
        LearnedFunction::PolyRelu => polynomial::poly_relu(x, these(learned)),
        LearnedFunction::PolyNorm => polynomial::poly_norm(x, these(learned)),
        LearnedFunction::Rational => polynomial::rational(x, these(learned)),
        LearnedFunction::LinearSpline => linear_spline::linear_spline(x, these(learned)),
    }
}

/// The tensors, of which a function takes so many.
fn these<const COUNT: usize>(learned: &[Tensor]) -> &[Tensor; COUNT] {
    learned.try_into().expect("invariant: a function takes what its definition says")
}

/// `f(x)` computed in fp32 where x is bf16. A single kernel of libtorch does so by itself and rounds once; a function
/// of several would round in between, and tanh and σ would take their slopes from a result that is rounded.
fn widened(x: &Tensor, f: fn(&Tensor) -> Tensor) -> Tensor {
    match x.kind() {
        Kind::BFloat16 => f(&x.to_kind(Kind::Float)).to_kind(Kind::BFloat16),
        _ => f(x),
    }
}

#[cfg(test)]
#[path = "activation_tests.rs"]
mod tests;
