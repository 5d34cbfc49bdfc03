//! What makes runs of one seed comparable and a run one run, for every layer of the table: weights that start alike, a stop that
//! leaves no trace, and what the loss of a step is the mean of.

use spec::execution::ExecutionSpec;
use spec::feed_forward::Level;
use spec::feed_forward::level::{LEVELS, NAMES};
use spec::model::{Architecture, ModelSpec};
use spec::resources::ResourcesSpec;
use spec::run::CommandSpec;
use spec::setting::Settings;
use spec::train::{Averaging, Precision, TrainSpec};
use spec::value::Value;
use spec::{Program, RunId, RunSpec, SCHEMA};
use tch::{Device, Kind, Tensor};

use crate::checkpoint::{self, Progress};
use crate::data::{self, testing};
use crate::data::{Cursor, Draw, LeakCheck, Masking, PackedBatch, Prepared};
use crate::divergence::DivergenceWatch;
use crate::evaluate::objective::Objective;
use crate::model::{Model, Packed, declarations, declarations_with_padding, sample};
use crate::optimizer::Optimizer;
use crate::parameters::{Parameters, Start};
use crate::schedule::learning_rate;
use crate::step::Workbench;
use crate::streams::Dropout;

const ARCHITECTURES: [Architecture; 2] = [Architecture::GptNeo, Architecture::Roberta];

fn started(spec: &ModelSpec, seed: u64) -> Parameters {
    Parameters::new(declarations(spec), spec.weights_seed(seed), Device::Cpu).unwrap()
}

fn spec_of(architecture: Architecture, activation: &str, more: &[(&str, Value)]) -> ModelSpec {
    let mut settings = vec![("activation", Value::from(activation))];
    settings.extend(more.iter().cloned());
    sample::spec(architecture, &settings)
}

#[test]
fn levels_of_one_seed_share_every_weight_outside_of_the_layer() {
    let is_outside = |name: &str| {
        let of_layer = [".mlp.", ".intermediate.", ".output.dense.", ".kan."];
        !of_layer.iter().any(|part| name.contains(part)) || name.contains(".attention.")
    };
    for architecture in ARCHITECTURES {
        let plain = started(&spec_of(architecture, "gelu", &[]), 5);
        for activation in NAMES {
            let other = started(&spec_of(architecture, activation, &[]), 5);
            let mut shared = 0;
            for declaration in plain.declarations().iter().filter(|one| is_outside(&one.name)) {
                assert_eq!(other.leaf(&declaration.name), plain.leaf(&declaration.name), "{activation}");
                shared += declaration.size();
            }
            let outside = |parameters: &Parameters| -> i64 {
                let declarations = parameters.declarations().iter().filter(|one| is_outside(&one.name));
                declarations.map(crate::parameters::Declaration::size).sum()
            };
            assert_eq!((shared, shared), (outside(&plain), outside(&other)), "{activation}");
        }
    }
}

#[test]
fn the_vector_of_the_padding_id_starts_at_zero_whatever_the_id() {
    let spec = spec_of(Architecture::Roberta, "gelu", &[]);
    for padding in [0, 1, 299] {
        let found = Parameters::new(declarations_with_padding(&spec, padding), 5, Device::Cpu).unwrap();
        let sizes = found.leaf("roberta.embeddings.word_embeddings.weight").abs().sum_dim_intlist(1, false, None);
        let sizes = Vec::<f64>::try_from(sizes.to_kind(Kind::Double)).unwrap();
        let zeros: Vec<usize> = (0..sizes.len()).filter(|row| sizes[*row] == 0.0).collect();
        assert_eq!(zeros, [usize::from(padding)]);
    }
}

/// Seven steps on batches of three stories, stopped and taken up again after `stop` of them; the weights at the end.
fn trained(spec: &ModelSpec, precision: Precision, stop: Option<u64>) -> Tensor {
    const STEPS: u64 = 7;
    let mut settings = Settings::new();
    for (key, value) in [("train.schedule", "cosine"), ("architecture", spec.architecture.name())] {
        settings.give(spec::setting::find(key).unwrap(), &Value::from(value)).unwrap();
    }
    let train = TrainSpec { precision, ..TrainSpec::from_settings(&settings, spec.architecture).unwrap() };
    let folder = tempfile::tempdir().unwrap();
    let (run, size) = (RunId::of(b"run"), started(spec, 5).size());
    let mut at = 0;
    loop {
        let parameters = started(spec, 5);
        let mut optimizer = Optimizer::new(&train, &parameters);
        if at > 0 {
            let found = checkpoint::newest(folder.path(), run, size, |_| true, &mut |note| panic!("{note}"));
            found.unwrap().unwrap().restore(&parameters, &optimizer).unwrap();
        }
        let model = Model::new(spec, &mut |name| parameters.leaf(name), precision);
        let end = stop.filter(|stop| at < *stop).unwrap_or(STEPS);
        while at < end {
            parameters.clear_gradients();
            let lengths = [9, 4 + usize::try_from(at).unwrap(), 13];
            (model.loss(&sample::batch(&lengths), Dropout::at(5, at, 0)) / 13.0).backward();
            optimizer.step(&parameters, learning_rate(&train.schedule, at, STEPS), at).unwrap();
            at += 1;
        }
        if at == STEPS {
            return parameters.weights().copy();
        }
        let progress = Progress {
            schema: SCHEMA,
            run,
            step: at,
            tokens: at,
            cursor: Cursor::default(),
            watch: DivergenceWatch::new(300),
            metrics_bytes: 0,
        };
        checkpoint::save(folder.path(), &progress, &parameters, &optimizer).unwrap();
    }
}

#[test]
fn a_stop_leaves_no_trace_in_any_kolmogorov_arnold_network() {
    let dropout = [("model.dropout", Value::Float(0.2)), ("model.attention-dropout", Value::Float(0.2))];
    for architecture in ARCHITECTURES {
        for (activation, level) in LEVELS {
            if !matches!(level, Level::Kan(_)) {
                continue;
            }
            let spec = spec_of(architecture, activation, &dropout);
            for precision in [Precision::Fp32, Precision::Bf16] {
                let whole = trained(&spec, precision, None);
                assert!(whole.isfinite().all().int64_value(&[]) == 1, "{activation} diverged");
                assert_ne!(whole, *started(&spec, 5).weights(), "{activation} learned nothing");
                for stop in [1, 4] {
                    let stopped = trained(&spec, precision, Some(stop));
                    assert_eq!(stopped, whole, "{architecture:?} {activation} in {precision:?}, stopped at {stop}");
                }
            }
        }
    }
}

#[test]
fn layers_start_as_they_did_in_the_study() {
    let delft = [("model.initialisation", Value::from("delft")), ("model.budget", Value::from("unmatched"))];
    // Which maps started as PyTorch's, and whether the weights came from seed 42.
    for (architecture, activation, own, is_fixed) in [
        (Architecture::GptNeo, "gelu-tanh", &[][..], false),
        (Architecture::GptNeo, "relu", &[], false),
        (Architecture::GptNeo, "delft-learnable-gelu", &["mlp.c_fc", "mlp.c_proj"], false),
        (Architecture::GptNeo, "delft-prelu", &["mlp.c_fc", "mlp.c_proj"], true),
        (Architecture::GptNeo, "identity", &["mlp.c_fc", "mlp.c_proj"], true),
        (Architecture::GptNeo, "delft-geglu", &["mlp.c_fc", "mlp.c_gated", "mlp.c_proj"], true),
        (Architecture::GptNeo, "delft-kan", &[], true),
        (Architecture::Roberta, "gelu", &[], false),
        (Architecture::Roberta, "delft-swish", &["intermediate.dense"], true),
        (Architecture::Roberta, "delft-kan", &[], true),
    ] {
        let spec = spec_of(architecture, activation, &delft);
        let found = started(&spec, 7);
        for declaration in found.declarations() {
            let is_own = own.iter().any(|map| declaration.name.contains(&format!(".{map}.")));
            let fan_in = if declaration.name.contains("c_proj") { spec.feed_forward.width() } else { spec.hidden_size };
            let uniform = Start::Uniform { bound: f64::from(fan_in).sqrt().recip() };
            assert_eq!(declaration.start == uniform, is_own, "{activation}: {}", declaration.name);
        }
        let from = |seed| Parameters::new(declarations(&spec), seed, Device::Cpu).unwrap().weights().copy();
        assert_eq!(*found.weights(), from(if is_fixed { 42 } else { 7 }), "{activation}");
    }
}

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
    for architecture in ARCHITECTURES {
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
    let spec = spec_of(architecture, "gelu", &no_dropout);
    let parameters = started(&spec, 5);
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
    let bench =
        Workbench { run: &run, data, micro_batch_tokens, averaging, objective, device: Device::Cpu, model, parameters };
    let seen = bench.step(&mut optimizer, &mut LeakCheck::default(), draws, 0, 1e-3).unwrap();
    let tokens: u64 = draws.iter().map(|draw| data.training.length(draw.story as usize)).sum();
    assert_eq!(seen.tokens, tokens);
    assert!((seen.loss / expected_loss - 1.0).abs() < 1e-6, "{averaging:?}: {} {expected_loss}", seen.loss);
    let norm = seen.gradient_norm;
    assert!((norm / expected_norm - 1.0).abs() < 1e-5, "{averaging:?}: {norm} {expected_norm}");
}
