//! What the loss of a step is the mean of.

use spec::execution::ExecutionSpec;
use spec::model::Architecture;
use spec::resources::ResourcesSpec;
use spec::run::CommandSpec;
use spec::setting::Settings;
use spec::train::{Averaging, Precision, TrainSpec};
use spec::value::Value;
use spec::{Program, RunId, RunSpec, SCHEMA};
use tch::{Device, Kind, Tensor};

use super::*;
use crate::data::{self, Masking, testing};
use crate::model::{declarations, sample};

/// A run of nothing in particular.
fn run() -> RunSpec {
    let settings = Settings::new();
    RunSpec {
        schema: SCHEMA,
        id: RunId::of(b"run"),
        sweep: "tests".to_owned(),
        seed: 5,
        levels: [].into(),
        program: Program::Command(CommandSpec { argv: Vec::new(), params: [].into() }),
        execution: ExecutionSpec::from_settings(&settings),
        resources: ResourcesSpec::from_settings(&settings).unwrap(),
        files: [].into(),
        benchmarks: spec::benchmark::Benchmarks::default(),
    }
}

#[test]
fn means_of_micro_batches_are_averaged_where_that_is_asked_for() {
    let desk = testing::Desk::of_corpus(40);
    let cache = tempfile::tempdir().unwrap();
    let data = data::prepare(&mut data::Request {
        data: &desk.data,
        files: &desk.files,
        vocabulary: 300,
        context: 16,
        cache: cache.path(),
        note: &mut |_| {},
        stop: &|| false,
    })
    .unwrap();
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
        let batch: PackedBatch = objective.training(&run, &data.training, part);
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
        team: Team::alone(),
    };
    let seen = bench.step(&mut optimizer, &mut LeakCheck::default(), draws, 0, 1e-3).unwrap();
    let tokens: u64 = draws.iter().map(|draw| data.training.length(draw.story as usize)).sum();
    assert_eq!(seen.tokens, tokens);
    assert!((seen.loss / expected_loss - 1.0).abs() < 1e-6, "{averaging:?}: {} {expected_loss}", seen.loss);
    let norm = seen.gradient_norm;
    assert!((norm / expected_norm - 1.0).abs() < 1e-5, "{averaging:?}: {norm} {expected_norm}");
}
