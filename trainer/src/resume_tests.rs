//! A run that is stopped and taken up again is the run that was never stopped, bit for bit: every layer of the table in
//! both precisions, both architectures and every schedule, with dropout, through the session and the training loop
//! themselves.

use std::path::Path;
use std::sync::Arc;

use spec::evaluate::EvaluateSpec;
use spec::execution::ExecutionSpec;
use spec::feed_forward::level::NAMES;
use spec::layout::RunLayout;
use spec::model::Architecture;
use spec::resources::ResourcesSpec;
use spec::setting::Settings;
use spec::train::{Batch, Length, Precision, Schedule, ScheduleShape, TrainSpec};
use spec::value::Value;
use spec::{Program, RunId, RunSpec, SCHEMA, Study};
use tch::{Device, Tensor};

use crate::collective::Team;
use crate::data::testing::Desk;
use crate::model::sample;
use crate::session::Session;
use crate::signal::StopRequest;
use crate::train::Ending;

const STEPS: u64 = 4;

/// What a run leaves.
#[derive(Debug, PartialEq)]
struct Left {
    metrics: String,
    weights: Tensor,
    moments: [Tensor; 2],
}

fn open<'a>(run: &'a RunSpec, study: &'a Study, layout: &RunLayout, cache: &Path) -> Session<'a> {
    let alone = (Device::Cpu, Team::alone());
    Session::open(run, study, layout, cache, alone, &StopRequest::after(u64::MAX)).unwrap()
}

/// Carries the run out, stopped and taken up again after each of `stops` steps more.
fn carried_out(run: &RunSpec, study: &Study, cache: &Path, stops: &[u64]) -> Left {
    let home = tempfile::tempdir().unwrap();
    let layout = RunLayout::new(home.path());
    for stop in stops {
        let mut session = open(run, study, &layout, cache);
        let ending = session.training(&layout).unwrap().train(&StopRequest::after(*stop)).unwrap();
        assert_eq!(ending, Ending::Stopped);
    }
    let mut session = open(run, study, &layout, cache);
    let mut training = session.training(&layout).unwrap();
    assert_eq!(training.progress.step, stops.iter().sum::<u64>(), "it began anew");
    assert_eq!(training.train(&StopRequest::after(u64::MAX)).unwrap(), Ending::Finished);
    let (first, second) = training.optimizer.moments();
    Left {
        metrics: std::fs::read_to_string(layout.metrics()).unwrap(),
        weights: training.workbench.parameters.weights().copy(),
        moments: [first.copy(), second.copy()],
    }
}

fn study(
    desk: &Desk,
    architecture: Architecture,
    activation: &str,
    precision: Precision,
    shape: ScheduleShape,
) -> Study {
    let settings = Settings::new();
    let dropout = [("model.dropout", Value::Float(0.2)), ("model.attention-dropout", Value::Float(0.2))];
    let given: Vec<_> = [("activation", Value::from(activation))].into_iter().chain(dropout).collect();
    let final_fraction = if shape == ScheduleShape::Constant { 1.0 } else { 0.1 };
    Study {
        data: desk.data.clone(),
        evaluate: EvaluateSpec::from_settings(&settings, &|_| None).unwrap(),
        model: sample::spec(architecture, &given),
        train: TrainSpec {
            length: Length::Steps(STEPS),
            batch: Batch::Stories(3),
            // A step has several passes, each with dropout of its own.
            micro_batch_tokens: 24,
            schedule: Schedule { peak: 1e-2, warmup_steps: 1, shape, final_fraction },
            precision,
            ..TrainSpec::from_settings(&settings, architecture).unwrap()
        },
    }
}

#[test]
fn a_stop_leaves_no_trace_whatever_the_layer_precision_and_schedule() {
    let desk = Desk::of_corpus(40);
    let shapes = [ScheduleShape::Linear, ScheduleShape::Cosine, ScheduleShape::Constant];
    let settings = Settings::new();
    let mut turn = 0;
    for activation in NAMES {
        for precision in [Precision::Fp32, Precision::Bf16] {
            // Each of a layer's two precisions has an architecture and a schedule; over the table all six meet.
            let architecture = [Architecture::GptNeo, Architecture::Roberta][(turn / 2 % 2) ^ (turn % 2)];
            let shape = shapes[turn % shapes.len()];
            turn += 1;
            let study = study(&desk, architecture, activation, precision, shape);
            let run = RunSpec {
                schema: SCHEMA,
                id: RunId::of(b"run"),
                sweep: "tests".to_owned(),
                seed: 5,
                levels: Arc::default(),
                program: Program::Builtin(Arc::new(study.clone())),
                execution: ExecutionSpec {
                    log_every: 1,
                    validate_every: Some(3),
                    ..ExecutionSpec::from_settings(&settings)
                },
                resources: ResourcesSpec::from_settings(&settings).unwrap(),
                files: desk.files.clone(),
                benchmarks: spec::benchmark::Benchmarks::default(),
                network: None,
            };
            let whole = carried_out(&run, &study, &desk.cache(), &[]);
            assert!(whole.weights.isfinite().all().int64_value(&[]) == 1, "{activation} diverged");
            let stopped = carried_out(&run, &study, &desk.cache(), &[2]);
            assert_eq!(stopped, whole, "{architecture:?} {activation} in {precision:?}, {shape:?}");
        }
    }
}
