//! Every activation against `reference/activations.json`: values and gradients from formulas of the papers, computed
//! with 50 digits by a program that shares nothing with the trainer (see `make_activations.py` there).
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

/// How far a number may be from its reference: a part of the magnitude that is expected, and something besides.
#[derive(Clone, Copy)]
struct Tolerance {
    kind: Kind,
    /// Part of the magnitude of a value or of an entry's gradient.
    relative: f64,
    /// The same in a gated layer, whose product is rounded once more.
    gated: f64,
    /// Part of the sum of magnitudes of what a learned gradient is a sum of.
    learned: f64,
    /// Besides.
    absolute: f64,
}

/// In bf16 a value is computed in fp32 and rounded once, to 8 bits; what is learned never is, but for what a gate
/// passes on.
const TOLERANCES: [Tolerance; 3] = [
    Tolerance { kind: Kind::Double, relative: 1e-12, gated: 1e-12, learned: 1e-12, absolute: 1e-14 },
    Tolerance { kind: Kind::Float, relative: 1e-5, gated: 1e-5, learned: 2e-5, absolute: 1e-6 },
    Tolerance { kind: Kind::BFloat16, relative: 4e-3, gated: 1.2e-2, learned: 2e-5, absolute: 1e-6 },
];

/// Above 20 libtorch takes x for softplus, where the gradient is off by 2.1e-9.
const SOFTPLUS_THRESHOLD: f64 = 2.1e-9;

impl Tolerance {
    /// How far values and entries' gradients of this case may be from `expected`.
    fn of_entries(self, case: &Case, expected: &[f64], x: &[f64]) -> Vec<f64> {
        let is_gated = case.gated_gradient.is_some();
        let relative = if is_gated { self.gated } else { self.relative };
        let threshold = if case.name == "softplus" { SOFTPLUS_THRESHOLD } else { 0.0 };
        let one = |(expected, x): (&f64, &f64)| {
            relative * expected.abs() + self.absolute + threshold + self.argument_rounding(case) * x.abs()
        };
        expected.iter().zip(x).map(one).collect()
    }

    /// How far the gradient of a learned tensor may be from what is expected.
    fn of_learned(self, case: &Case, magnitude: &[f64], x: &[f64]) -> Vec<f64> {
        let passes_gate = case.gated_gradient.is_some() && self.kind == Kind::BFloat16;
        let relative = if passes_gate { self.gated } else { self.learned };
        let largest = x.iter().fold(0.0_f64, |largest, x| largest.max(x.abs()));
        let part = relative + self.argument_rounding(case) * largest;
        magnitude.iter().map(|magnitude| part * magnitude + self.absolute).collect()
    }

    fn argument_rounding(self, case: &Case) -> f64 {
        if self.kind == Kind::Double { 0.0 } else { case.argument_rounding }
    }
}

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

fn close(found: &Tensor, expected: &[f64], bounds: &[f64], what: &str) {
    let found = numbers(found);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, ((found, expected), bound)) in found.iter().zip(expected).zip(bounds).enumerate() {
        assert!((found - expected).abs() <= *bound, "{what}[{index}]: {found}, expected {expected} ± {bound:e}");
    }
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).flatten(0, -1)).unwrap()
}

/// The activation of a case over its learned tensors, which are of this kind, and whether it is on both halves of a
/// gated layer.
fn activation(reference: &Reference, case: &Case, kind: Kind) -> (Activation, Option<bool>, Vec<Tensor>) {
    let (spec, on_both) = match layer(&case.name, &case.granularity) {
        FeedForward::Plain { activation, .. } => (activation, None),
        FeedForward::Gated { activation, on_both, .. } => (activation, Some(on_both)),
        _ => panic!("{} is no activation", case.name),
    };
    let mut leaves = Vec::new();
    let mut tensor = |name: &str| {
        let Spec::Learned(spec) = spec else { panic!("a static function asks for {name}") };
        let parameters = spec.function.definition().parameters;
        let parameter = parameters.iter().find(|one| name == format!("act.{}", one.name)).unwrap();
        let values = &case.learned[leaves.len()];
        assert_eq!(values.name, parameter.name, "{}", case.name);
        let owners = u32::try_from(spec.owners(parameter.shared, reference.width as u64)).unwrap();
        let shape: Vec<i64> = parameter.shape(owners).into_iter().map(i64::from).collect();
        let leaf = Tensor::from_slice(&values.values).view(shape.as_slice()).to_kind(kind).set_requires_grad(true);
        leaves.push(leaf.shallow_clone());
        leaf
    };
    let activation = Activation::new(spec, "act", &mut Weights { tensor: &mut tensor, precision: Precision::Fp32 });
    (activation, on_both, leaves)
}

fn check(reference: &Reference, case: &Case, tolerance: Tolerance) {
    let what = |part: &str| format!("{} by {} in {:?}, {part}", case.name, case.granularity, tolerance.kind);
    let entries =
        |numbers: &[f64]| Tensor::from_slice(numbers).view([reference.rows, reference.width]).to_kind(tolerance.kind);
    let learned_kind = if tolerance.kind == Kind::Double { Kind::Double } else { Kind::Float };
    let (activation, on_both, leaves) = activation(reference, case, learned_kind);
    assert_eq!(leaves.len(), case.learned.len(), "{}", what("learned tensors"));

    let x = entries(&reference.x).set_requires_grad(true);
    let gated = entries(&reference.gated).set_requires_grad(true);
    let y = match on_both {
        None => activation.forward(&x),
        Some(on_both) => gated::product(&activation, on_both, &x, &gated),
    };
    assert_eq!(y.kind(), tolerance.kind, "{}", what("kind"));
    (&y * entries(&reference.upstream)).sum(Kind::Double).backward();

    for (part, found, expected) in [
        ("y", &y, Some(&case.y)),
        ("gradient of x", &x.grad(), Some(&case.x_gradient)),
        ("gradient of the gated", &gated.grad(), case.gated_gradient.as_ref()),
    ] {
        if let Some(expected) = expected {
            close(found, expected, &tolerance.of_entries(case, expected, &reference.x), &what(part));
        }
    }
    for (leaf, expected) in leaves.iter().zip(&case.learned) {
        let bounds = tolerance.of_learned(case, &expected.magnitude, &reference.x);
        close(&leaf.grad(), &expected.gradient, &bounds, &what(&expected.name));
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
