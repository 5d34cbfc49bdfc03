//! Every activation against `reference/activations.json`: values and gradients from formulas of the papers, computed with 50 digits
//! by a program that shares nothing with the trainer (see `make_activations.py` there).
#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use std::path::Path;

use serde::Deserialize;
use spec::feed_forward::{Activation as Spec, FeedForward, Level, level};
use spec::model::ModelSpec;
use spec::setting::{self, Settings};
use spec::train::Precision;
use spec::value::Value;
use tch::{Kind, Tensor};
use trainer::feed_forward::activation::Activation;
use trainer::feed_forward::gated;
use trainer::model::linear::Weights;

/// Inputs that all cases share, `[rows, width]` in row-major order, and the cases.
#[derive(Deserialize)]
struct Reference {
    rows: i64,
    width: i64,
    x: Vec<f64>,
    /// The other half of the hidden layer, where it is gated.
    gated: Vec<f64>,
    upstream: Vec<f64>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Case {
    name: String,
    granularity: String,
    y: Vec<f64>,
    x_gradient: Vec<f64>,
    gated_gradient: Option<Vec<f64>>,
    learned: Vec<LearnedTensor>,
    /// By how much more a value may be off for each unit of |x|, in single precision.
    argument_rounding: f64,
}

#[derive(Deserialize)]
struct LearnedTensor {
    name: String,
    values: Vec<f64>,
    gradient: Vec<f64>,
    /// Sum of the magnitudes of what the gradient is a sum of.
    magnitude: Vec<f64>,
}

/// How far a number may be from its reference.
#[derive(Clone, Copy)]
struct Tolerance {
    kind: Kind,
    /// As a part of 1 + |expected| for values and entries' gradients.
    relative: f64,
    /// As a part of 1 + the sum of magnitudes for learned gradients.
    learned: f64,
}

/// Single precision loses a digit and a half of its seven in the steepest of the functions. In bf16 a value is rounded once, to 8
/// bits, and a product of two once more; what is learned is summed in fp32 in either case.
const TOLERANCES: [Tolerance; 3] = [
    Tolerance { kind: Kind::Double, relative: 1e-9, learned: 1e-9 },
    Tolerance { kind: Kind::Float, relative: 1e-5, learned: 1e-5 },
    Tolerance { kind: Kind::BFloat16, relative: 8e-3, learned: 8e-3 },
];

/// Above 20 libtorch takes x for softplus, where the gradient is off by 2.1e-9.
const SOFTPLUS_THRESHOLD: f64 = 2.1e-9;

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/activations.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The layer of that name, as a run would have it.
fn layer(name: &str, granularity: &str) -> FeedForward {
    let mut settings = Settings::new();
    for (key, value) in [("activation", name), ("model.granularity", granularity)] {
        settings.give(setting::find(key).unwrap(), &Value::from(value)).unwrap();
    }
    ModelSpec::from_settings(&settings).unwrap().feed_forward
}

fn close(found: &[f64], expected: &[f64], tolerance: impl Fn(usize) -> f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        let bound = tolerance(index);
        assert!((found - expected).abs() <= bound, "{what}[{index}]: {found}, expected {expected} ± {bound:e}");
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).flatten(0, -1)).unwrap()
}

fn check(reference: &Reference, case: &Case, tolerance: Tolerance) {
    let what = |part: &str| format!("{} by {} in {:?}, {part}", case.name, case.granularity, tolerance.kind);
    let entries =
        |numbers: &[f64]| Tensor::from_slice(numbers).view([reference.rows, reference.width]).to_kind(tolerance.kind);
    let learned_kind = if tolerance.kind == Kind::Double { Kind::Double } else { Kind::Float };
    let learned: Vec<Tensor> = case
        .learned
        .iter()
        .map(|tensor| Tensor::from_slice(&tensor.values).to_kind(learned_kind).set_requires_grad(true))
        .collect();
    // The values of one owner after the other: [owners] or [owners, values].
    let shaped = |name: &str, spec: Spec| {
        let Spec::Learned(spec) = spec else { panic!("a static function asks for {name}") };
        let (position, parameter) = spec
            .function
            .definition()
            .parameters
            .iter()
            .enumerate()
            .find(|(_, parameter)| name == format!("act.{}", parameter.name))
            .unwrap();
        assert_eq!(case.learned[position].name, parameter.name, "{}", what("names"));
        let owners = u32::try_from(spec.owners(parameter.shared, reference.width as u64)).unwrap();
        let shape: Vec<i64> = parameter.shape(owners).into_iter().map(i64::from).collect();
        learned[position].view(shape.as_slice())
    };
    let (spec, on_both) = match layer(&case.name, &case.granularity) {
        FeedForward::Plain { activation, .. } => (activation, None),
        FeedForward::Gated { activation, on_both, .. } => (activation, Some(on_both)),
        FeedForward::Spline { .. } => panic!("{} is no activation", case.name),
    };
    let mut tensor = |name: &str| shaped(name, spec);
    let activation = Activation::new(spec, "act", &mut Weights { tensor: &mut tensor, precision: Precision::Fp32 });

    let x = entries(&reference.x).set_requires_grad(true);
    let gated = entries(&reference.gated).set_requires_grad(true);
    let y = match on_both {
        None => activation.forward(&x),
        Some(on_both) => gated::product(&activation, on_both, &x, &gated),
    };
    assert_eq!(y.kind(), tolerance.kind, "{}", what("kind"));
    (&y * entries(&reference.upstream)).sum(Kind::Double).backward();

    let bound = |expected: &[f64]| {
        let single = if tolerance.kind == Kind::Double { 0.0 } else { case.argument_rounding };
        let threshold = if case.name == "softplus" { SOFTPLUS_THRESHOLD } else { 0.0 };
        let bounds = expected
            .iter()
            .zip(&reference.x)
            .map(|(expected, x)| (tolerance.relative + threshold) * (1.0 + expected.abs()) + single * x.abs());
        bounds.collect::<Vec<f64>>()
    };
    for (part, found, expected) in [
        ("y", &y, Some(&case.y)),
        ("gradient of x", &x.grad(), Some(&case.x_gradient)),
        ("gradient of the gated", &gated.grad(), case.gated_gradient.as_ref()),
    ] {
        if let Some(expected) = expected {
            let bounds = bound(expected);
            close(&numbers(found), expected, |index| bounds[index], &what(part));
        }
    }
    for (tensor, expected) in learned.iter().zip(&case.learned) {
        let single = if tolerance.kind == Kind::Double { 0.0 } else { case.argument_rounding };
        let largest = reference.x.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        let bound = |index: usize| (tolerance.learned + single * largest) * (1.0 + expected.magnitude[index]);
        close(&numbers(&tensor.grad()), &expected.gradient, bound, &what(&expected.name));
    }
}

#[test]
fn values_and_gradients_are_those_of_the_formulas() {
    let reference = reference();
    for tolerance in TOLERANCES {
        for case in &reference.cases {
            check(&reference, case, tolerance);
        }
    }
}

#[test]
fn every_activation_has_a_case_for_each_granularity() {
    let reference = reference();
    for (name, level) in level::LEVELS {
        let (Level::Plain(function) | Level::Gated(function) | Level::GatedBoth(function)) = level else { continue };
        let granularities: &[&str] = match function {
            level::Function::Static(_) => &["channel"],
            level::Function::Learned(_) => &["channel", "layer"],
        };
        for granularity in granularities {
            let is_there = |case: &Case| case.name == name && case.granularity == *granularity;
            assert!(reference.cases.iter().any(is_there), "no reference for {name} by {granularity}");
        }
    }
}

#[test]
fn the_reference_reaches_zero_and_far_to_both_sides() {
    let x = reference().x;
    assert!(x.contains(&0.0) && x.iter().any(|x| *x > 9000.0) && x.iter().any(|x| *x < -9000.0));
}
