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

#[cfg(test)]
mod tests {
    use tch::Kind as Number;

    use super::*;
    use crate::model::sample;

    const WIDTH: i64 = 7;
    const STEP: f64 = 1e-5;

    /// erf by its series of positive terms, 2/√π · exp(−x²) · Σ 2ⁿx²ⁿ⁺¹/(1·3·…·(2n + 1)).
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= 2.0 * x * x / f64::from(2 * n + 1);
            sum += term;
        }
        std::f64::consts::FRAC_2_SQRT_PI * (-x * x).exp() * sum
    }

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    fn normal_distribution(x: f64) -> f64 {
        0.5 * (1.0 + erf(x / 2.0_f64.sqrt()))
    }

    /// An activation's formula in the entry and the learned value.
    type Formula = fn(f64, f64) -> f64;

    /// Each activation over the given learned tensor, and its formula.
    fn all(learned: &Tensor) -> Vec<(Activation, Formula)> {
        let learned = || learned.shallow_clone();
        vec![
            (Activation::Identity, |x, _| x),
            (Activation::Relu, |x, _| x.max(0.0)),
            (Activation::Prelu(learned()), |x, slope| if x > 0.0 { x } else { slope * x }),
            (Activation::Silu, |x, _| x * sigmoid(x)),
            (Activation::Swish(learned()), |x, beta| x * sigmoid(beta * x)),
            (Activation::Gelu, |x, _| x * normal_distribution(x)),
            (Activation::GeluTanh, |x, _| {
                let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
                0.5 * x * (1.0 + inner.tanh())
            }),
            (Activation::LearnableGelu(learned()), |x, beta| x * normal_distribution(beta * x)),
        ]
    }

    fn numbers(tensor: &Tensor) -> Vec<f64> {
        Vec::try_from(tensor.to_kind(Number::Double).flatten(0, -1)).unwrap()
    }

    /// Checks one activation's values and both gradients at `[5, WIDTH]` entries, with one learned value a channel or a layer.
    fn check(activation: &Activation, formula: Formula, learned: &Tensor, tolerance: f64) {
        let x =
            (sample::tensor("x", &[5, WIDTH], Number::Double) * 2.0).to_kind(learned.kind()).set_requires_grad(true);
        let y = activation.forward(&x);
        y.sum(y.kind()).backward();
        let values = numbers(learned);
        let of_channel = |index: usize| values[if values.len() == 1 { 0 } else { index % WIDTH as usize }];
        let mut learned_gradient = vec![0.0; values.len()];
        let (found, gradient) = (numbers(&y), numbers(&x.grad()));
        for (index, x) in numbers(&x).into_iter().enumerate() {
            let a = of_channel(index);
            let close = |found: f64, expected: f64| {
                assert!(
                    (found - expected).abs() < tolerance * (1.0 + expected.abs()),
                    "{activation:?}: {found} {expected}"
                );
            };
            close(found[index], formula(x, a));
            close(gradient[index], (formula(x + STEP, a) - formula(x - STEP, a)) / (2.0 * STEP));
            learned_gradient[if values.len() == 1 { 0 } else { index % WIDTH as usize }] +=
                (formula(x, a + STEP) - formula(x, a - STEP)) / (2.0 * STEP);
        }
        let found = learned.grad();
        if found.defined() {
            for (found, expected) in numbers(&found).into_iter().zip(learned_gradient) {
                assert!((found - expected).abs() < 10.0 * tolerance * (1.0 + expected.abs()), "{activation:?}");
            }
        }
    }

    #[test]
    fn values_and_gradients_are_those_of_the_formulas() {
        for (kind, tolerance) in [(Number::Double, 1e-9), (Number::Float, 1e-5)] {
            for size in [1, WIDTH] {
                for index in 0..8 {
                    let learned = (sample::tensor("learned", &[size], Number::Double) + 0.3).to_kind(kind);
                    let learned = learned.set_requires_grad(true);
                    let (activation, formula) = all(&learned).swap_remove(index);
                    check(&activation, formula, &learned, tolerance);
                    let learns = matches!(
                        activation,
                        Activation::Prelu(_) | Activation::Swish(_) | Activation::LearnableGelu(_)
                    );
                    assert_eq!(learned.grad().defined(), learns, "{activation:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_learned_is_not_rounded_to_bf16() {
        let x = sample::tensor("x", &[5, WIDTH], Number::BFloat16) * 8.0;
        let output = |beta: f64| Activation::Swish(Tensor::from_slice(&[beta as f32])).forward(&x);
        assert_eq!(output(1.0).kind(), Number::BFloat16);
        // 1.003 is nearer to 1 than to the next number of bf16.
        assert_ne!(output(1.0), output(1.003));
    }
}
