//! Tests of all activations at once; values are compared with a reference in `trainer/tests/activations.rs`.

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
            Start::Constant(value) => Tensor::full(&shape, value, (Kind::Double, Device::Cpu)),
            Start::Rows(values) => Tensor::from_slice(&values).expand(&shape, false),
            _ => sample::tensor(name, &shape, Kind::Double),
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
fn a_table_in_bf16_may_be_made_by_who_asks_for_no_gradients() {
    for (name, spec) in all() {
        let (measured, _) = over(spec, Kind::Float, 0.2);
        let (trained, leaves) = over(spec, Kind::Float, 0.2);
        // So many that a function that is learned is looked up, too.
        let x = (sample::tensor("x", &[60_000, WIDTH], Kind::Double) * 2.0).to_kind(Kind::BFloat16);
        let found = tch::no_grad(|| measured.forward(&x));
        assert!(!found.requires_grad());
        assert_eq!(found, trained.forward(&x).detach(), "{name}");
        // What was made so is as good for training.
        let slopes = |activation: &Activation| {
            let x = x.detach().set_requires_grad(true);
            activation.forward(&x).sum(Kind::Float).backward();
            x.grad()
        };
        assert_eq!(slopes(&measured), slopes(&trained), "{name}");
        drop(leaves);
    }
}

#[test]
fn in_bf16_it_is_the_formula_rounded() {
    for (name, spec) in all() {
        let learns_by_layer = matches!(spec, Spec::Learned(learned) if learned.granularity == Granularity::Layer);
        // A table that is made anew is made for many entries only.
        for rows in if learns_by_layer { vec![0, 1, 60_000] } else { vec![0, 1, 300] } {
            let (activation, mut leaves) = over(spec, Kind::Float, 0.2);
            let (exact, mut exact_leaves) = over(spec, Kind::Double, 0.2);
            let entries = (sample::tensor("x", &[rows, WIDTH], Kind::Double) * 2.0).to_kind(Kind::BFloat16);
            let x = entries.detach().set_requires_grad(true);
            let exact_x = entries.to_kind(Kind::Double).set_requires_grad(true);
            let upstream = sample::tensor("upstream", &[rows, WIDTH], Kind::BFloat16);
            let (y, exact_y) = (activation.forward(&x), exact.forward(&exact_x));
            (y.to_kind(Kind::Double) * &upstream).sum(Kind::Double).backward();
            (&exact_y * &upstream).sum(Kind::Double).backward();
            leaves.push(x);
            exact_leaves.push(exact_x);
            let gradients = leaves.iter().map(Tensor::grad).zip(exact_leaves.iter().map(Tensor::grad));
            for (found, expected) in gradients.chain([(y, exact_y)]) {
                let far: f64 =
                    numbers(&(found.to_kind(Kind::Double) - &expected)).into_iter().map(f64::abs).fold(0.0, f64::max);
                let size = numbers(&expected).into_iter().map(f64::abs).fold(1.0, f64::max);
                assert!(far < 4e-3 * size, "{name} {rows}: {far} of {size}");
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

#[test]
fn starts_are_those_of_the_papers() {
    let grid = Tensor::linspace(-5.0, 5.0, 1000 * WIDTH, (Kind::Double, Device::Cpu)).view([-1, WIDTH]);
    let (above, below) = (grid.clamp_min(0.0), grid.clamp_max(0.0));
    let start = |name: &str| {
        let (_, spec) = all().find(|(known, _)| *known == name).unwrap();
        over(spec, Kind::Double, 0.0).0.forward(&grid)
    };
    let square = |x: &Tensor| x.square();
    for (name, expected, distance) in [
        ("star-relu", square(&above) * 0.8944 - 0.4472, 1e-12),
        ("prelu", &above + &below * 0.25, 1e-12),
        ("delft-prelu", above.shallow_clone(), 1e-12),
        ("erf-relu", &above + below.erf(), 1e-12),
        ("xiprelu", square(&grid) * 0.8 + &grid * 0.5, 1e-12),
        ("xielu", square(&above) * 0.8 + (below.exp() - 1.0 - &below) * 0.8 + &grid * 0.5, 1e-12),
        ("dyt", (&grid * 0.5).tanh(), 1e-12),
        ("snake", &grid + square(&grid.sin()), 1e-12),
        ("xatlu", &grid * (grid.atan() / std::f64::consts::PI + 0.5), 1e-12),
        ("shifted-gelu", gelu::gelu(&grid), 1e-12),
        ("scaled-gelu", gelu::gelu(&grid), 1e-12),
        ("delft-swish", square(&grid) * grid.sigmoid(), 1e-12),
        ("poly-relu", (&above + square(&above) + square(&above) * &above) / 3.0, 1e-12),
        ("rational", gelu::gelu(&grid), 0.0036),
        ("linear-spline", grid.shallow_clone(), 1e-12),
    ] {
        let found = (start(name) - expected).abs().max().double_value(&[]);
        assert!(found < distance, "{name} starts {found} away");
    }
}
