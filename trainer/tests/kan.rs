//! Every Kolmogorov-Arnold layer against `reference/kan.json`: outputs and all gradients from formulas, in double
//! precision, by a program that shares nothing with the trainer and was itself compared with the layers' packages (see
//! `make_kan.py` there).
#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use spec::feed_forward::{Curve, FeedForward as Spec, GroupedFunction, Level, level};
use spec::model::ModelSpec;
use spec::setting::{self, Settings};
use spec::train::Precision;
use spec::value::Value;
use tch::{Device, Kind, Tensor};
use trainer::feed_forward::delft_spline::Second;
use trainer::feed_forward::grouped::GroupedActivation;
use trainer::feed_forward::grouped_start;
use trainer::feed_forward::{self, FeedForward, Names};
use trainer::model::declare::Declarations;
use trainer::model::linear::Weights;
use trainer::parameters::Parameters;

#[derive(Deserialize)]
struct Reference {
    rows: i64,
    hidden: u32,
    starts: Vec<FittedStart>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct FittedStart {
    degree: u32,
    curve: String,
    coefficients: Vec<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Case {
    layer: Spec,
    x: Vec<f64>,
    upstream: Vec<f64>,
    y: Vec<f64>,
    x_gradient: Vec<f64>,
    weights: Vec<Weight>,
}

#[derive(Deserialize)]
struct Weight {
    name: String,
    shape: Vec<i64>,
    values: Vec<f64>,
    gradient: Vec<f64>,
}

/// A kind of number, and how far an entry of a tensor may be from its reference, for each unit of the largest entry.
const TOLERANCES: [(Kind, Precision, f64); 3] = [
    (Kind::Double, Precision::Fp32, 1e-12),
    (Kind::Float, Precision::Fp32, 1e-5),
    // Factors with 8 bits, 2⁻⁹ away each, in products through two layers with a curve between them: enough to see that
    // the right numbers are rounded.
    (Kind::Float, Precision::Bf16, 8e-2),
];

/// How much further, where functions are steep and what rounding does to their argument grows: the slope of Tₙ reaches
/// n² where tanh x is near ±1, and a bell rises within the distance of two centres of what a first layer rounded to
/// bf16.
fn steepness(layer: &Spec, precision: Precision) -> f64 {
    let factor = match (layer, precision) {
        (Spec::Chebyshev { degree, .. }, _) => f64::from(*degree).powi(2) / 16.0,
        (Spec::RadialBasis { grid, .. }, Precision::Bf16) => grid.distance().recip(),
        _ => 1.0,
    };
    factor.max(1.0)
}

fn reference() -> Reference {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/kan.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn names() -> Names {
    Names {
        input: "input".to_owned(),
        gated: "gated".to_owned(),
        output: "output".to_owned(),
        activation: "act".to_owned(),
        entry_activation: "act_in".to_owned(),
        kan: "kan".to_owned(),
        delft_first: "first".to_owned(),
        delft_second: "second".to_owned(),
    }
}

fn model(given: &[(&str, Value)]) -> ModelSpec {
    let mut settings = Settings::new();
    for (key, value) in given {
        settings.give(setting::find(key).unwrap(), value).unwrap();
    }
    ModelSpec::from_settings(&settings).unwrap()
}

/// A layer over leaves of this kind, which multiplies its matrices in double precision if that is the kind.
fn over(spec: &ModelSpec, leaves: &BTreeMap<String, Tensor>, kind: Kind, precision: Precision) -> FeedForward {
    let mut tensor = |name: &str| leaves[name].shallow_clone();
    let mut layer = FeedForward::new(spec, &names(), &mut Weights { tensor: &mut tensor, precision });
    if kind != Kind::Double {
        return layer;
    }
    match &mut layer {
        FeedForward::Spline(layers) => layers.iter_mut().for_each(|layer| layer.kind = kind),
        FeedForward::DelftSpline(network) => {
            network.first.kind = kind;
            match &mut network.second {
                Second::Spline(layer) => layer.kind = kind,
                Second::Linear(map) => map.multiply_in(kind),
            }
        }
        FeedForward::RadialBasis(layers) => layers.iter_mut().for_each(|layer| layer.base.multiply_in(kind)),
        FeedForward::Chebyshev(layers) => layers.iter_mut().for_each(|layer| layer.kind = kind),
        FeedForward::Grouped(layer) => {
            layer.input.multiply_in(kind);
            layer.output.multiply_in(kind);
        }
        FeedForward::Plain { .. } | FeedForward::Gated(_) => panic!("this is no Kolmogorov-Arnold layer"),
    }
    layer
}

fn numbers(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.to_kind(Kind::Double).flatten(0, -1)).unwrap()
}

fn close(found: &Tensor, expected: &[f64], tolerance: f64, what: &str) {
    let found = numbers(found);
    assert_eq!(found.len(), expected.len(), "{what}");
    let bound = tolerance * expected.iter().fold(0.0_f64, |largest, entry| largest.max(entry.abs()));
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= bound, "{what}[{index}]: {found}, expected {expected} ± {bound:e}");
    }
}

#[test]
fn outputs_and_gradients_are_those_of_the_formulas() {
    let reference = reference();
    for (kind, precision, tolerance) in TOLERANCES {
        for case in &reference.cases {
            let tolerance = tolerance * steepness(&case.layer, precision);
            let spec = ModelSpec { hidden_size: reference.hidden, feed_forward: case.layer, ..model(&[]) };
            let leaf = |weight: &Weight| {
                let tensor = Tensor::from_slice(&weight.values).view(weight.shape.as_slice()).to_kind(kind);
                (weight.name.clone(), tensor.set_requires_grad(true))
            };
            let leaves: BTreeMap<_, _> = case.weights.iter().map(leaf).collect();
            let entries = |numbers: &[f64]| Tensor::from_slice(numbers).view([reference.rows, -1]).to_kind(kind);
            let x = entries(&case.x).set_requires_grad(true);
            let y = over(&spec, &leaves, kind, precision).forward(&x);
            (&y * entries(&case.upstream)).sum(kind).backward();
            let what = |part: &str| format!("{:?} in {kind:?} and {precision:?}, {part}", case.layer);
            close(&y, &case.y, tolerance, &what("y"));
            close(&x.grad(), &case.x_gradient, tolerance, &what("gradient of x"));
            for weight in &case.weights {
                close(&leaves[&weight.name].grad(), &weight.gradient, tolerance, &what(&weight.name));
            }
        }
    }
}

#[test]
fn a_layer_asks_for_the_weights_of_its_reference() {
    let reference = reference();
    for case in &reference.cases {
        let spec = ModelSpec { hidden_size: reference.hidden, feed_forward: case.layer, ..model(&[]) };
        let mut declarations = Declarations::new(spec.initialisation);
        feed_forward::declare(&spec, &names(), &mut declarations);
        let declared: BTreeMap<_, _> = declarations.into_list().into_iter().map(|one| (one.name, one.shape)).collect();
        let expected = case.weights.iter().map(|weight| (weight.name.clone(), weight.shape.clone())).collect();
        assert_eq!(declared, expected, "{:?}", case.layer);
    }
}

/// Every Kolmogorov-Arnold layer by its name, in both architectures, by both or all three starts.
fn levels() -> Vec<(String, ModelSpec)> {
    let mut all = Vec::new();
    for (name, level) in level::LEVELS {
        if !matches!(level, Level::Kan(_)) {
            continue;
        }
        for architecture in ["gpt-neo", "roberta"] {
            for start in ["network", "source"] {
                let sizes = [("hidden-size", 4), ("heads", 1), ("ffn-size", 8), ("kan.groups", 2)];
                let mut given: Vec<(String, Value)> =
                    sizes.map(|(key, size)| (format!("model.{key}"), Value::Integer(size))).to_vec();
                for (key, value) in
                    [("activation", name), ("architecture", architecture), ("kan.initialisation", start)]
                {
                    given.push((format!("model.{key}"), Value::from(value)));
                }
                let given: Vec<_> = given.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
                all.push((format!("{name} in {architecture} from {start}"), model(&given)));
            }
        }
    }
    all
}

/// The weights of a layer at its start.
fn started(spec: &ModelSpec, kind: Kind) -> BTreeMap<String, Tensor> {
    let mut declarations = Declarations::new(spec.initialisation);
    feed_forward::declare(spec, &names(), &mut declarations);
    let list = declarations.into_list();
    let parameters = Parameters::new(list.clone(), 3, Device::Cpu).unwrap();
    let leaf = |name: String| {
        let leaf = parameters.leaf(&name).detach().to_kind(kind).copy().set_requires_grad(true);
        (name, leaf)
    };
    list.into_iter().map(|declaration| leaf(declaration.name)).collect()
}

/// Entries without a pattern, of the size of 1.
fn scattered(rows: i64, columns: i64, kind: Kind) -> Tensor {
    let place = Tensor::arange(rows * columns, (Kind::Double, Device::Cpu));
    ((place * 12.9898 + 1.0).sin() * 2.3).view([rows, columns]).to_kind(kind)
}

#[test]
fn gradients_are_those_of_central_differences() {
    const STEP: f64 = 1e-6;
    for (name, spec) in levels() {
        let mut leaves = started(&spec, Kind::Double);
        let x = scattered(5, 4, Kind::Double).set_requires_grad(true);
        let upstream = scattered(5, 4, Kind::Double).cos();
        let layer = over(&spec, &leaves, Kind::Double, Precision::Fp32);
        let loss = || (layer.forward(&x) * &upstream).sum(Kind::Double);
        loss().backward();
        leaves.insert("x".to_owned(), x.shallow_clone());
        // A rational function starts with q = 0, where |q| has its kink and differences say nothing.
        for (part, leaf) in leaves.iter().filter(|(part, _)| *part != "act_in.weight_denominator") {
            let gradients = numbers(&leaf.grad());
            let entries = leaf.detach().view([-1]);
            for (index, gradient) in gradients.into_iter().enumerate() {
                let place = entries.get(index as i64);
                let value = place.double_value(&[]);
                let at = |value: f64| {
                    let _ = place.shallow_clone().fill_(value);
                    tch::no_grad(|| loss().double_value(&[]))
                };
                let [above, below] = [at(value + STEP), at(value - STEP)];
                at(value);
                let expected = (above - below) / (2.0 * STEP);
                assert!(
                    (gradient - expected).abs() < 1e-6 * (1.0 + expected.abs()),
                    "{name}, {part}[{index}]: {gradient} {expected}"
                );
            }
        }
    }
}

#[test]
fn finite_entries_have_finite_values_and_gradients() {
    let entries = [0.0, -0.0, 1e-30, -1e-30, 88.0, -88.0, 709.0, -709.0, 1e4, -1e4, 1.0, -1.0];
    for (name, spec) in levels() {
        for (kind, precision) in
            [(Kind::Double, Precision::Fp32), (Kind::Float, Precision::Fp32), (Kind::Float, Precision::Bf16)]
        {
            let leaves = started(&spec, kind);
            let x = Tensor::from_slice(&entries).to_kind(kind).view([-1, 4]).set_requires_grad(true);
            let y = over(&spec, &leaves, kind, precision).forward(&x);
            y.sum(kind).backward();
            let gradients = leaves.values().chain([&x]).map(Tensor::grad);
            for tensor in gradients.chain([y.shallow_clone()]) {
                assert!(numbers(&tensor).into_iter().all(f64::is_finite), "{name} in {kind:?} and {precision:?}");
            }
        }
    }
}

#[test]
fn grouped_functions_start_as_what_they_are_said_to() {
    for fitted in reference().starts {
        let curve = match fitted.curve.as_str() {
            "identity" => None,
            "swish" => Some(Curve::Swish),
            _ => Some(Curve::Gelu),
        };
        let found = Tensor::from_slice(&grouped_start::chebyshev_fit(fitted.degree, curve));
        close(&found, &fitted.coefficients, 1e-9, &format!("{} by degree {}", fitted.curve, fitted.degree));
    }
    let x = Tensor::linspace(-5.0, 5.0, 2000, (Kind::Double, Device::Cpu)).view([-1, 4]);
    let curves: [(Option<Curve>, Tensor, f64); 3] = [
        (None, x.shallow_clone(), 1e-12),
        (Some(Curve::Swish), x.sigmoid() * &x, 6.3e-5),
        (Some(Curve::Gelu), x.gelu("none"), 3.6e-3),
    ];
    for (curve, expected, distance) in curves {
        let mut declarations = Declarations::new(model(&[]).initialisation);
        grouped_start::declare_function("f", GroupedFunction::Rational, 2, curve, &mut declarations);
        let parameters = Parameters::new(declarations.into_list(), 0, Device::Cpu).unwrap();
        let mut tensor = |name: &str| parameters.leaf(name).detach().to_kind(Kind::Double);
        let mut weights = Weights { tensor: &mut tensor, precision: Precision::Fp32 };
        let found = GroupedActivation::new(GroupedFunction::Rational, "f", &mut weights).forward(&x);
        let found = (found - expected).abs().max().double_value(&[]);
        assert!(found < distance, "{curve:?} starts {found} away");
    }
}
