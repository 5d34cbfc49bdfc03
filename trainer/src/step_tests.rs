//! What the loss of a step is the mean of, and where fifty steps lead.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use safetensors::SafeTensors;
use spec::execution::ExecutionSpec;
use spec::model::{Architecture, ModelSpec};
use spec::resources::ResourcesSpec;
use spec::run::CommandSpec;
use spec::setting::Settings;
use spec::train::{AdamW, Averaging, Precision, Schedule, ScheduleShape, TrainSpec};
use spec::value::Value;
use spec::{Program, RunId, RunSpec, SCHEMA};
use tch::{Device, Kind, Tensor};

use super::*;
use crate::data::{self, Draw, Masking, Stories, testing};
use crate::model::{declarations, sample};
use crate::schedule::learning_rate;

/// A run of nothing in particular.
fn run() -> RunSpec {
    let settings = Settings::new();
    RunSpec {
        schema: SCHEMA,
        id: RunId::of(b"run"),
        sweep: "tests".to_owned(),
        seed: 5,
        levels: Arc::default(),
        program: Program::Command(CommandSpec { argv: Vec::new(), params: [].into() }),
        execution: ExecutionSpec::from_settings(&settings),
        resources: ResourcesSpec::from_settings(&settings).unwrap(),
        files: [].into(),
        benchmarks: spec::benchmark::Benchmarks::default(),
        network: None,
    }
}

/// Text prepared for these tests, which have no need of more.
fn prepared(cache: &Path) -> Prepared {
    let desk = testing::Desk::of_corpus(40);
    data::prepare(&mut data::Request {
        data: &desk.data,
        files: &desk.files,
        vocabulary: 300,
        context: 16,
        cache,
        note: &mut |_| {},
        stop: &|| false,
    })
    .unwrap()
}

/// The decoder of `make_training.py`, whose stories are packed, cut into passes and put together again by the step
/// itself. (The encoder's answers are drawn there, not masked, and are compared in `tests/training.rs`.)
#[test]
fn fifty_steps_in_micro_batches_are_those_of_transformers() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/training-gpt-neo.safetensors");
    let bytes = std::fs::read(&path).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let spec: ModelSpec = serde_json::from_str(&header.metadata().as_ref().unwrap()["spec"]).unwrap();
    let tensors: BTreeMap<String, Tensor> = Tensor::read_safetensors(&path).unwrap().into_iter().collect();
    let integers = |name: &str| Vec::<i64>::try_from(tensors[name].flatten(0, -1)).unwrap();
    let ids = integers("tokens").into_iter().map(|id| u16::try_from(id).unwrap()).collect();
    let mut bounds = vec![0];
    for length in integers("lengths") {
        bounds.push(bounds[bounds.len() - 1] + length.unsigned_abs());
    }
    let cache = tempfile::tempdir().unwrap();
    let data = Prepared { training: Stories::in_memory(ids, bounds), ..prepared(cache.path()) };
    let losses = Vec::<f64>::try_from(tensors["losses"].to_kind(Kind::Double)).unwrap();
    let run = run();
    let train = TrainSpec {
        schedule: Schedule { peak: 5e-3, warmup_steps: 0, shape: ScheduleShape::Linear, final_fraction: 0.0 },
        optimizer: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.1 },
        clip: Some(1.0),
        ..TrainSpec::from_settings(&Settings::new(), Architecture::GptNeo).unwrap()
    };
    // All four stories in one pass, and hardly ever two.
    for micro_batch_tokens in [8192, 14] {
        let parameters = Parameters::new(declarations(&spec), 0, Device::Cpu).unwrap();
        tch::no_grad(|| {
            for declaration in parameters.declarations() {
                parameters.leaf(&declaration.name).copy_(&tensors[&format!("weight/{}", declaration.name)]);
            }
        });
        let mut optimizer = Optimizer::new(&train, &parameters);
        let bench = Workbench {
            run: &run,
            data: &data,
            micro_batch_tokens,
            averaging: Averaging::Tokens,
            objective: Objective::NextToken,
            device: Device::Cpu,
            model: Model::new(&spec, &mut |name| parameters.leaf(name), Precision::Fp32),
            parameters,
            sums: GradientSums::unwatched(),
            team: Team::alone(),
        };
        for (step, expected) in (0_u32..).zip(&losses) {
            let draws: Vec<Draw> = (4 * step..4 * step + 4).map(|story| Draw { epoch: 0, story }).collect();
            let rate = learning_rate(&train.schedule, u64::from(step), losses.len() as u64);
            let seen = bench
                .step(&mut optimizer, &mut LeakCheck::default(), &bench.packer().pack(&draws), u64::from(step), rate)
                .unwrap();
            let far = (seen.loss / expected - 1.0).abs();
            assert!(far < 1e-4, "step {step}, {micro_batch_tokens} tokens a pass: {} instead of {expected}", seen.loss);
        }
        for declaration in bench.parameters.declarations() {
            let expected = tensors[&format!("end/{}", declaration.name)].to_kind(Kind::Double);
            let found = bench.parameters.leaf(&declaration.name).detach().to_kind(Kind::Double);
            let far = ((found - &expected).abs().max() / expected.abs().max()).double_value(&[]);
            assert!(far < 1e-3, "{} ends {far} away", declaration.name);
        }
    }
}

#[test]
fn means_of_micro_batches_are_averaged_where_that_is_asked_for() {
    let cache = tempfile::tempdir().unwrap();
    let data = prepared(cache.path());
    let draws: Vec<Draw> = (0..11).map(|story| Draw { epoch: 0, story }).collect();
    for architecture in [Architecture::GptNeo, Architecture::Roberta] {
        for averaging in [Averaging::Tokens, Averaging::MicroBatches { stories: 4 }] {
            // The second bound cuts micro-batches into passes, which must change nothing.
            for micro_batch_tokens in [8192, 24] {
                check_means(&data, architecture, averaging, micro_batch_tokens, &draws);
            }
        }
    }
}

fn check_means(
    data: &Prepared,
    architecture: Architecture,
    averaging: Averaging,
    micro_batch_tokens: u64,
    draws: &[Draw],
) {
    let no_dropout = [("model.dropout", Value::Float(0.0)), ("model.attention-dropout", Value::Float(0.0))];
    let spec = sample::spec(architecture, &no_dropout);
    let parameters = Parameters::new(declarations(&spec), 5, Device::Cpu).unwrap();
    let model = Model::new(&spec, &mut |name| parameters.leaf(name), Precision::Fp32);
    let masking = Masking { probability: 0.3, vocabulary: 300, specials: data.tokenizer.specials() };
    let objective = match architecture {
        Architecture::GptNeo => Objective::NextToken,
        Architecture::Roberta => Objective::Masked(masking),
    };
    let run = run();
    let train = TrainSpec::from_settings(&Settings::new(), architecture).unwrap();

    // By the definition: the mean of each micro-batch in one pass, and the mean of these.
    let size = if averaging == Averaging::Tokens { draws.len() } else { 4 };
    let mean = |part: &[Draw]| {
        let batch: PackedBatch = objective.training(run.seed, &data.training, part);
        let scored = batch.scored.len() as f64;
        model.loss(&Packed::new(&batch.view(), Device::Cpu), Dropout::off()) / scored
    };
    let means: Vec<Tensor> = draws.chunks(size).map(mean).collect();
    let expected = Tensor::stack(&means, 0).mean(Kind::Float);
    parameters.clear_gradients();
    expected.backward();
    let expected_norm = parameters.gradients().norm().double_value(&[]);
    let expected_loss = expected.double_value(&[]);

    let mut optimizer = Optimizer::new(&train, &parameters);
    let bench = Workbench {
        run: &run,
        data,
        micro_batch_tokens,
        averaging,
        objective,
        device: Device::Cpu,
        model,
        parameters,
        sums: GradientSums::unwatched(),
        team: Team::alone(),
    };
    let seen = bench.step(&mut optimizer, &mut LeakCheck::default(), &bench.packer().pack(draws), 0, 1e-3).unwrap();
    let tokens: u64 = draws.iter().map(|draw| data.training.length(draw.story as usize)).sum();
    assert_eq!(seen.tokens, tokens);
    assert!((seen.loss / expected_loss - 1.0).abs() < 1e-6, "{averaging:?}: {} {expected_loss}", seen.loss);
    let norm = seen.gradient_norm;
    assert!((norm / expected_norm - 1.0).abs() < 1e-5, "{averaging:?}: {norm} {expected_norm}");
}
