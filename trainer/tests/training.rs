//! Fifty optimiser steps against transformers and torch's AdamW: the files `reference/training-*` hold the weights at
//! the start, the stories of every step, and what `make_training.py` there found: the loss of each step, and the
//! weights at the end.
#![expect(clippy::unwrap_used, reason = "a run that cannot be read is a failed test")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use spec::model::ModelSpec;
use spec::train::{AdamW, Averaging, Batch, Length, Precision, Schedule, ScheduleShape, TrainSpec};
use tch::{Device, Kind, Tensor};
use trainer::model::{Model, Packed, Stories, declarations};
use trainer::optimizer::Optimizer;
use trainer::parameters::Parameters;
use trainer::schedule::learning_rate;
use trainer::streams::Dropout;

const STEPS: u64 = 50;

/// Largest distance of a step's loss, as a part of it.
const LOSS: f64 = 1e-4;

/// Largest distance of a weight at the end, as a part of the largest of its tensor.
const WEIGHT: f64 = 1e-3;

/// As `make_training.py` has it, and the `Trainer` of transformers by default but for peak and decay.
fn train() -> TrainSpec {
    TrainSpec {
        length: Length::Steps(STEPS),
        batch: Batch::Stories(4),
        micro_batch_tokens: 64,
        averaging: Averaging::Tokens,
        schedule: Schedule { peak: 5e-3, warmup_steps: 0, shape: ScheduleShape::Linear, final_fraction: 0.0 },
        optimizer: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 },
        clip: Some(1.0),
        precision: Precision::Fp32,
        mask_probability: None,
    }
}

/// The folder of the reference values: that of the repository, or one of the same form that `tests/transformers` has
/// just made.
fn folder() -> PathBuf {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference");
    std::env::var_os("SEEDBED_REFERENCE").map_or(ours, PathBuf::from)
}

/// The stories of every step, consumed from the front.
struct Data {
    tokens: std::vec::IntoIter<i64>,
    scored: std::vec::IntoIter<i64>,
    targets: std::vec::IntoIter<i64>,
}

impl Data {
    /// The packed batch of stories of these lengths, `count` of their positions scored.
    fn batch(&mut self, lengths: &[i64], count: usize) -> Packed {
        let mut bounds = vec![0];
        for length in lengths {
            bounds.push(bounds[bounds.len() - 1] + usize::try_from(*length).unwrap());
        }
        let tokens: Vec<i64> = self.tokens.by_ref().take(bounds[lengths.len()]).collect();
        let positions: Vec<i64> = lengths.iter().flat_map(|length| 0..*length).collect();
        let scored: Vec<i64> = self.scored.by_ref().take(count).collect();
        let targets: Vec<i64> = self.targets.by_ref().take(count).collect();
        let stories =
            Stories { tokens: &tokens, positions: &positions, bounds: &bounds, scored: &scored, targets: &targets };
        Packed::new(&stories, Device::Cpu)
    }
}

fn check(name: &str) {
    let path = folder().join(format!("{name}.safetensors"));
    let bytes = std::fs::read(&path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let spec: ModelSpec = serde_json::from_str(&header.metadata().as_ref().unwrap()["spec"]).unwrap();
    let tensors: BTreeMap<String, Tensor> = Tensor::read_safetensors(&path).unwrap().into_iter().collect();
    let integers = |name: &str| Vec::<i64>::try_from(tensors[name].flatten(0, -1)).unwrap();
    let losses = Vec::<f64>::try_from(tensors["losses"].to_kind(Kind::Double)).unwrap();

    let parameters = Parameters::new(declarations(&spec), 0, Device::Cpu).unwrap();
    tch::no_grad(|| {
        for declaration in parameters.declarations() {
            parameters.leaf(&declaration.name).copy_(&tensors[&format!("weight/{}", declaration.name)]);
        }
    });
    let model = Model::new(&spec, &mut |name| parameters.leaf(name), Precision::Fp32);
    let train = train();
    let mut optimizer = Optimizer::new(&train, &parameters);
    let mut data = Data {
        tokens: integers("tokens").into_iter(),
        scored: integers("scored").into_iter(),
        targets: integers("targets").into_iter(),
    };
    let (lengths, counts) = (integers("lengths"), integers("counts"));
    assert_eq!(losses.len() as u64, STEPS);
    for (step, expected) in losses.iter().enumerate() {
        let count = usize::try_from(counts[step]).unwrap();
        let batch = data.batch(&lengths[4 * step..4 * step + 4], count);
        parameters.clear_gradients();
        let loss = model.loss(&batch, Dropout::off()) / count as f64;
        loss.backward();
        let found = loss.double_value(&[]);
        assert!((found / expected - 1.0).abs() < LOSS, "{name}: step {step}: loss {found}, expected {expected}");
        let rate = learning_rate(&train.schedule, step as u64, STEPS);
        optimizer.step(&parameters, rate, step as u64).unwrap();
    }
    assert!(data.tokens.next().is_none() && data.scored.next().is_none(), "{name}: something is left over");
    for declaration in parameters.declarations() {
        // A key's bias shifts all scores of a query alike: its gradient is rounding alone, which Adam makes as large as
        // any.
        if declaration.name.ends_with("key.bias") {
            continue;
        }
        let expected = tensors[&format!("end/{}", declaration.name)].to_kind(Kind::Double);
        let found = parameters.leaf(&declaration.name).detach().to_kind(Kind::Double);
        let far = ((found - &expected).abs().max() / expected.abs().max()).double_value(&[]);
        assert!(far < WEIGHT, "{name}: {} ends {far} away", declaration.name);
    }
}

#[test]
fn a_decoder_trains_as_under_transformers() {
    check("training-gpt-neo");
}

#[test]
fn an_encoder_trains_as_under_transformers() {
    check("training-roberta");
}
