//! Numbers, weights and batches for tests: the same in every test run, and drawn without libtorch's generator, which
//! belongs to the tests of dropout.

use std::collections::BTreeMap;

use rand_chacha::rand_core::Rng;
use spec::model::{Architecture, ModelSpec};
use spec::setting::{self, Settings};
use spec::value::Value;
use tch::{Device, Kind, Tensor};

use super::{Packed, Stories, declarations};
use crate::parameters::Start;
use crate::streams;

/// A tensor of numbers from U(−2, 2), the same for the same name and shape.
pub(crate) fn tensor(name: &str, shape: &[i64], kind: Kind) -> Tensor {
    let mut generator = streams::generator(0, name, &[]);
    let mut number = || 4.0 * streams::unit(generator.next_u64()) - 2.0;
    let numbers: Vec<f64> = (0..shape.iter().product()).map(|_| number()).collect();
    Tensor::from_slice(&numbers).view(shape).to_kind(kind)
}

/// A tiny network, with these settings besides.
pub(crate) fn spec(architecture: Architecture, settings: &[(&str, Value)]) -> ModelSpec {
    let tiny = [
        ("architecture", Value::from(architecture.name())),
        ("model.hidden-size", Value::Integer(12)),
        ("model.heads", Value::Integer(2)),
        ("model.layers", Value::Integer(2)),
        ("model.ffn-size", Value::Integer(20)),
        ("model.context", Value::Integer(16)),
        ("model.window", Value::Integer(4)),
        ("model.kan.groups", Value::Integer(4)),
        ("model.vocabulary", Value::Integer(300)),
    ];
    let mut all = Settings::new();
    for (key, value) in tiny.iter().chain(settings) {
        all.give(setting::find(key).unwrap_or_else(|| panic!("no setting {key}")), value).unwrap();
    }
    ModelSpec::from_settings(&all).unwrap()
}

/// Leaf tensors for a network: what activations learn at its start, all else far from it.
pub(crate) fn weights(spec: &ModelSpec) -> BTreeMap<String, Tensor> {
    declarations(spec)
        .into_iter()
        .map(|declaration| {
            let learned = declaration.name.contains("act");
            let noise = |size: f64| tensor(&declaration.name, &declaration.shape, Kind::Float) * size;
            let tensor = match declaration.start {
                Start::Constant(value) if learned => noise(0.0) + value,
                Start::Rows(ref values) if learned => noise(0.0) + Tensor::from_slice(values).to_kind(Kind::Float),
                Start::Normal { std } if learned => noise(std),
                Start::Constant(value) => noise(0.25) + value,
                _ => noise(0.25),
            };
            (declaration.name, tensor.set_requires_grad(true))
        })
        .collect()
}

/// A batch of stories of these lengths, every second position scored.
pub(crate) fn batch(lengths: &[usize]) -> Packed {
    let mut bounds = vec![0];
    let (mut tokens, mut positions, mut scored, mut targets) = (vec![], vec![], vec![], vec![]);
    for (story, length) in lengths.iter().enumerate() {
        let first = tokens.len();
        for position in 0..*length {
            tokens.push((1 + (story * 31 + position * 17 + position * position) % 290) as i64);
            positions.push(position as i64);
            if position % 2 == 0 {
                scored.push((first + position) as i64);
                targets.push((1 + (story * 7 + position * 5) % 290) as i64);
            }
        }
        bounds.push(tokens.len());
    }
    let stories =
        Stories { tokens: &tokens, positions: &positions, bounds: &bounds, scored: &scored, targets: &targets };
    Packed::new(&stories, Device::Cpu)
}
