//! The function in the hidden layer.

use spec::feed_forward::activation::Learned as Definition;
use spec::feed_forward::learned::Start;
use spec::feed_forward::{Activation as Spec, LearnedFunction, StaticFunction};
use tch::{Kind, Tensor};

use super::{elu, gelu, linear_spline, periodic, polynomial, relu, sigmoid, silu};
use crate::model::declare::Declarations;
use crate::model::linear::Weights;

/// A function of each entry, with the tensors that it learns.
#[derive(Debug)]
pub enum Activation {
    /// One without parameters.
    Static(StaticFunction),
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

/// A start with the setting's value in it.
fn start(learned: &Definition, start: Start) -> Start {
    match start {
        Start::Setting(_) => Start::At(learned.start.expect("invariant: a spec holds what a setting moves")),
        fixed => fixed,
    }
}

impl Activation {
    /// The activation; the names of what it learns begin with `prefix`.
    pub fn new(activation: Spec, prefix: &str, weights: &mut Weights<'_>) -> Self {
        match activation {
            Spec::Static(function) => Self::Static(function),
            Spec::Learned(Definition { function, .. }) => {
                let parameters = function.definition().parameters;
                let tensors = parameters.iter().map(|parameter| weights.get(&format!("{prefix}.{}", parameter.name)));
                Self::Learned(function, tensors.collect())
            }
        }
    }

    /// f of each entry of `[T, width]`, of the kind that came in.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        match self {
            Self::Static(function) => apply_static(*function, x),
            Self::Learned(function, learned) => {
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
        StaticFunction::Tanh => sigmoid::tanh(x),
        StaticFunction::Sigmoid => sigmoid::sigmoid(x),
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

/// `f(x)` computed in fp32 where x is bf16. A single kernel of libtorch does so by itself and rounds once; a function of several
/// would round in between.
fn widened(x: &Tensor, f: fn(&Tensor) -> Tensor) -> Tensor {
    match x.kind() {
        Kind::BFloat16 => f(&x.to_kind(Kind::Float)).to_kind(Kind::BFloat16),
        _ => f(x),
    }
}

#[cfg(test)]
mod tests {
    use spec::feed_forward::{Activation as Spec, FeedForward, Granularity, Level, level};
    use spec::model::Architecture;
    use spec::value::Value;
    use tch::Device;

    use super::*;
    use crate::model::sample;

    const WIDTH: i64 = 5;
    const STEP: f64 = 1e-6;

    /// Every plain activation by its name, with one learned set a channel and with one a layer.
    fn all() -> impl Iterator<Item = (&'static str, Spec)> {
        let plain = level::LEVELS.into_iter().filter(|(_, level)| matches!(level, Level::Plain(_)));
        plain.flat_map(|(name, _)| {
            ["channel", "layer"].map(|granularity| {
                let given = [("activation", Value::from(name)), ("model.granularity", Value::from(granularity))];
                match sample::spec(Architecture::GptNeo, &given).feed_forward {
                    FeedForward::Plain { activation, .. } => (name, activation),
                    other => panic!("{name} is {other:?}"),
                }
            })
        })
    }

    /// The activation over tensors of this kind at their starts, moved by `noise`.
    fn over(spec: Spec, kind: Kind, noise: f64) -> (Activation, Vec<Tensor>) {
        let mut leaves = Vec::new();
        let mut tensor = |name: &str| {
            let Spec::Learned(learned) = spec else { panic!("a static function asks for {name}") };
            let parameters = learned.function.definition().parameters;
            let parameter = parameters.iter().find(|one| name == format!("act.{}", one.name)).unwrap();
            let owners = u32::try_from(learned.owners(parameter.shared, WIDTH as u64)).unwrap();
            let shape: Vec<i64> = parameter.shape(owners).into_iter().map(i64::from).collect();
            let begin = match start(&learned, parameter.start) {
                Start::At(value) => Tensor::full(&shape, value, (Kind::Double, Device::Cpu)),
                Start::Values(values) => Tensor::from_slice(values).expand(&shape, false),
                Start::Normal | Start::Setting(_) => Tensor::zeros(&shape, (Kind::Double, Device::Cpu)),
            };
            let moved = begin + sample::tensor(name, &shape, Kind::Double) * noise;
            let leaf = moved.to_kind(kind).set_requires_grad(true);
            leaves.push(leaf.shallow_clone());
            leaf
        };
        let precision = spec::train::Precision::Fp32;
        let activation = Activation::new(spec, "act", &mut Weights { tensor: &mut tensor, precision });
        (activation, leaves)
    }

    /// The derivative of `loss` by central differences, entry by entry of `leaf`, which `loss` reads.
    fn differences(leaf: &Tensor, loss: impl Fn() -> f64) -> Vec<f64> {
        let entries = leaf.detach().view([-1]);
        let at = |index: i64, value: f64| {
            let _ = entries.get(index).fill_(value);
            loss()
        };
        (0..entries.size()[0])
            .map(|index| {
                let value = entries.double_value(&[index]);
                let difference = (at(index, value + STEP) - at(index, value - STEP)) / (2.0 * STEP);
                at(index, value);
                difference
            })
            .collect()
    }

    fn numbers(tensor: &Tensor) -> Vec<f64> {
        Vec::try_from(tensor.to_kind(Kind::Double).flatten(0, -1)).unwrap()
    }

    #[test]
    fn gradients_are_those_of_central_differences() {
        for (name, spec) in all() {
            let (activation, mut leaves) = over(spec, Kind::Double, 0.2);
            let x = (sample::tensor("x", &[4, WIDTH], Kind::Double) * 2.0).set_requires_grad(true);
            let upstream = sample::tensor("upstream", &[4, WIDTH], Kind::Double);
            let loss = || (activation.forward(&x) * &upstream).sum(Kind::Double);
            loss().backward();
            leaves.push(x.shallow_clone());
            for leaf in &leaves {
                let expected = tch::no_grad(|| differences(leaf, || loss().double_value(&[])));
                for (found, expected) in numbers(&leaf.grad()).into_iter().zip(expected) {
                    let bound = 1e-6 * (1.0 + expected.abs());
                    assert!((found - expected).abs() < bound, "{name}, {:?}: {found} {expected}", leaf.size());
                }
            }
        }
    }

    #[test]
    fn finite_entries_have_finite_values_and_gradients() {
        let entries = [0.0, -0.0, 1e-30, -1e-30, 88.0, -88.0, 709.0, -709.0, 1e4, -1e4];
        for kind in [Kind::Double, Kind::Float, Kind::BFloat16] {
            for (name, spec) in all() {
                let learned_kind = if kind == Kind::Double { Kind::Double } else { Kind::Float };
                let (activation, mut leaves) = over(spec, learned_kind, 0.2);
                let x = Tensor::from_slice(&entries).to_kind(kind).view([-1, WIDTH]).set_requires_grad(true);
                let y = activation.forward(&x);
                y.sum(Kind::Double).backward();
                leaves.push(x);
                let gradients = leaves.iter().map(Tensor::grad);
                for tensor in gradients.chain([y]) {
                    assert!(numbers(&tensor).into_iter().all(f64::is_finite), "{name} in {kind:?}: {tensor:?}");
                }
            }
        }
    }

    #[test]
    fn snake_is_the_identity_where_its_frequency_is_zero() {
        let x = sample::tensor("x", &[4, WIDTH], Kind::Float);
        let alpha = Tensor::zeros([1], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        let y = periodic::snake(&x, &[alpha.shallow_clone()]);
        y.sum(Kind::Float).backward();
        assert!((y - x).abs().max().double_value(&[]) < 1e-6);
        assert!(alpha.grad().double_value(&[0]).is_finite());
    }

    #[test]
    fn what_is_learned_is_not_rounded_to_bf16() {
        let x = sample::tensor("x", &[5, WIDTH], Kind::BFloat16) * 8.0;
        let output = |beta: f64| {
            let beta = Tensor::from_slice(&[beta as f32]);
            Activation::Learned(LearnedFunction::Swish, vec![beta]).forward(&x)
        };
        assert_eq!(output(1.0).kind(), Kind::BFloat16);
        // 1.003 is nearer to 1 than to the next number of bf16.
        assert_ne!(output(1.0), output(1.003));
    }

    #[test]
    fn a_row_is_normalised_by_itself() {
        let granularity = Granularity::Layer;
        let spec = Spec::Learned(Definition { function: LearnedFunction::PolyNorm, granularity, start: None });
        let (activation, _) = over(spec, Kind::Double, 0.0);
        let x = sample::tensor("x", &[6, WIDTH], Kind::Double) * 50.0;
        let alone: Vec<Tensor> = (0..6).map(|row| activation.forward(&x.narrow(0, row, 1))).collect();
        assert_eq!(activation.forward(&x), Tensor::cat(&alone, 0));
    }

    #[test]
    fn an_entry_that_is_no_number_reaches_the_output() {
        let x = Tensor::from_slice(&[f32::NAN; WIDTH as usize]).view([1, WIDTH]);
        for (name, spec) in all() {
            let (activation, _) = over(spec, Kind::Float, 0.2);
            assert!(numbers(&activation.forward(&x)).into_iter().all(f64::is_nan), "{name}");
        }
    }
}
