//! `seedbed-trainer run`: one run from its spec to its results.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use native::cuda::Availability;
use serde::Deserialize;
use spec::evaluate::Task;
use spec::layout::RunLayout;
use spec::rows::ResultRow;
use spec::status::{Facts, Outcome};
use spec::{ExitCode, Failure, Program, RunSpec, SCHEMA, SpecError, Study};
use tch::Device;

use crate::evaluate::folder::{self, Of};
use crate::evaluate::minimal_pairs::{Judgement, PairTask};
use crate::evaluate::protocol::Protocol;
use crate::evaluate::validation::Validation;
use crate::failure::{as_failure, write_failure};
use crate::files::{write_atomically, write_json};
use crate::inspect::Machine;
use crate::session::Session;
use crate::signal::StopRequest;
use crate::train::{Ending, Training};
use crate::{device, logbook};

/// Carries out the run whose `run.json` lies in `directory`.
///
/// # Errors
/// What is wrong, with the exit code that says whose fault it is.
pub fn carry_out(directory: &Path, cache: Option<PathBuf>, cuda: &Availability) -> Result<ExitCode, Failure> {
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let layout = RunLayout::new(directory);
    let run = read_spec(&layout)?;
    let Program::Builtin(study) = &run.program else {
        return Err(Failure::new(ExitCode::BadSpec, "this run belongs to another program")
            .hint("its command stands under `program` in run.json"));
    };
    device::prepare(&run)?;
    let device = device::choose(run.execution.device, device::Said::InSweep, cuda)?;
    logbook::say(Machine::look(cuda).to_string().trim_end());
    logbook::say(&format!("run             {} ({})", run.id, run.label()));
    if let Some(note) = device::make_ready(study.train.precision, device) {
        logbook::say(&note);
    }
    let cache = cache.unwrap_or_else(|| directory.join("../../cache"));
    let session = Session::open(&run, study, &layout, &cache, device, &stop)?;
    let mut training = session.training(&layout)?;
    let facts = facts(&training, study, device);
    write_json(&layout.facts(), &facts).map_err(write_failure)?;
    let ending = training.train(&stop).map_err(as_failure)?;
    finish(&mut training, study, &layout, ending, &stop)
}

/// The part of `run.json` that every version has.
#[derive(Debug, Deserialize)]
struct Header {
    schema: u32,
}

fn read_spec(layout: &RunLayout) -> Result<RunSpec, Failure> {
    let path = layout.spec();
    let bad = |reason: String| Failure::new(ExitCode::BadSpec, format!("cannot use {}: {reason}", path.display()));
    let text = fs::read_to_string(&path).map_err(|error| bad(error.to_string()))?;
    parse_spec(&text).map_err(bad)
}

/// The run of a `run.json` with this content, checked.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_spec(text: &str) -> Result<RunSpec, String> {
    let header: Header = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if header.schema != SCHEMA {
        return Err(SpecError::Schema { what: "the run", found: header.schema, known: SCHEMA }.to_string());
    }
    let run: RunSpec = serde_json::from_str(text).map_err(|error| error.to_string())?;
    run.verify().map_err(|error| error.to_string())?;
    Ok(run)
}

fn facts(training: &Training<'_>, study: &Study, device: Device) -> Facts {
    let bench = &training.workbench;
    Facts {
        schema: SCHEMA,
        run: bench.run.id,
        device: device::describe(device),
        versions: device::versions(),
        parameters: spec::budget::ParameterCount::of(&study.model),
        feed_forward_width: study.model.feed_forward.width(),
        steps: training.steps,
        training_stories: bench.data.training.len() as u64,
        training_tokens: bench.data.training.tokens(),
    }
}

/// Says how training ended and, where it ended well, measures the model.
fn finish(
    training: &mut Training<'_>,
    study: &Study,
    layout: &RunLayout,
    ending: Ending,
    stop: &StopRequest,
) -> Result<ExitCode, Failure> {
    let step = training.progress.step;
    let (exit, divergence) = match ending {
        Ending::Stopped => {
            logbook::say(&format!("stopped at step {step} of {}; a checkpoint is written", training.steps));
            return Ok(ExitCode::Resume);
        }
        Ending::Diverged(reason) => (ExitCode::Diverged, Some(reason)),
        Ending::Finished => {
            let Some(rows) = measure(training, study, layout, stop)? else {
                logbook::say("stopped while the trained model was measured; that will begin again");
                return Ok(ExitCode::Resume);
            };
            if let Some(row) = rows.iter().find(|row| row.value.is_nan()) {
                (ExitCode::Diverged, Some(format!("{} is not a number", row.metric)))
            } else {
                write_results(layout, &rows)?;
                (ExitCode::Done, None)
            }
        }
    };
    if let Some(reason) = &divergence {
        logbook::say(&format!("diverged at step {step}: {reason}"));
    }
    let outcome = Outcome { schema: SCHEMA, run: training.workbench.run.id, step, divergence };
    write_json(&layout.outcome(), &outcome).map_err(write_failure)?;
    Ok(exit)
}

/// The rows of results; nothing if somebody asked for a stop.
fn measure(
    training: &Training<'_>,
    study: &Study,
    layout: &RunLayout,
    stop: &StopRequest,
) -> Result<Option<Vec<ResultRow>>, Failure> {
    let (examiner, data) = (training.examiner(), training.workbench.data);
    let mut rows = Vec::new();
    for task in &study.evaluate.tasks {
        match task {
            Task::Validation => rows.extend(validation_rows(&examiner.validate(&data.validation))),
            Task::MinimalPairs => {
                let [protocol, _] = Protocol::of(study.model.architecture);
                let pairs = &training.pairs.own;
                let task = PairTask { name: "minimal-pairs", split: "test", pairs, protocols: &[protocol] };
                let Some(judgements) = judge(training, &task, stop) else { return Ok(None) };
                rows.extend(task.rows(&judgements));
            }
        }
    }
    for (asked, pairs) in &training.pairs.benchmarks {
        let protocols = Protocol::of(study.model.architecture);
        let name = asked.benchmark.name();
        let task = PairTask { name, split: "test", pairs, protocols: &protocols };
        let model = folder::model_of_run(training.workbench.run.id, training.progress.step);
        let of = Of::new(&task, model, vec![asked.content]);
        let folder = layout.evaluation().join(name);
        if let Some(found) = folder::read(&folder, &of) {
            rows.extend(found);
            continue;
        }
        logbook::say(&format!("{name}: {} pairs", pairs.len()));
        let Some(judgements) = judge(training, &task, stop) else { return Ok(None) };
        rows.extend(folder::write(&folder, &of, &task, &judgements, false).map_err(write_failure)?);
    }
    Ok(Some(rows))
}

/// Asks the model about pairs, in fp32 whatever precision it was trained in; nothing if somebody asked for a stop.
fn judge(training: &Training<'_>, task: &PairTask<'_>, stop: &StopRequest) -> Option<Vec<Judgement>> {
    let go_on = || if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    training.judge(task, &mut |_| go_on())
}

fn validation_rows(result: &Validation) -> [ResultRow; 3] {
    let row = |metric: &str, value: f64, n: u64| ResultRow {
        metric: metric.to_owned(),
        value,
        n,
        task: "validation".to_owned(),
        split: "validation".to_owned(),
        ..ResultRow::default()
    };
    [
        row("validation-loss", result.loss(), result.tokens),
        row("validation-bits-per-byte", result.bits_per_byte(), result.bytes),
        row("validation-perplexity", result.perplexity(), result.tokens),
    ]
}

fn write_results(layout: &RunLayout, rows: &[ResultRow]) -> Result<(), Failure> {
    write_atomically(&layout.results(), |file| folder::write_rows(file, rows)).map_err(write_failure)
}
