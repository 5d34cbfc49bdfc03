//! `seedbed-trainer run`: one run from its spec to its results.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use native::cuda::Availability;
use serde::Deserialize;
use spec::evaluate::Task;
use spec::fine_tuning::FineTuning;
use spec::layout::RunLayout;
use spec::rows::ResultRow;
use spec::status::{Facts, Outcome};
use spec::{ExitCode, Failure, Program, RunSpec, SCHEMA, SpecError, Study};
use tch::Device;

use crate::collective::ranks;
use crate::evaluate::folder::{self, Of};
use crate::evaluate::minimal_pairs::{Judgement, PairTask};
use crate::evaluate::protocol::Protocol as Scoring;
use crate::evaluate::validation::Validation;
use crate::failure::{as_failure, write_failure};
use crate::files::{write_atomically, write_json};
use crate::finetune::Protocol;
use crate::finetune::data::TaskData;
use crate::finetune::element::{Element, Found};
use crate::inspect::Machine;
use crate::session::Session;
use crate::signal::StopRequest;
use crate::train::{Ending, Training};
use crate::trained::TrainedModel;
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
    let call = ranks::call()?;
    device::prepare(&run, call.as_ref().map_or(1, |call| call.local_world))?;
    let (device, team) = ranks::join(&run, layout.directory(), call.as_ref(), cuda)?;
    if team.is_first() {
        logbook::say(Machine::look(cuda).to_string().trim_end());
        logbook::say(&format!("run             {} ({})", run.id, run.label()));
        if team.world() > 1 {
            logbook::say(&format!("ranks           {}", team.world()));
        }
    }
    if let Some(note) = device::make_ready(study.train.precision, device)
        && team.is_first()
    {
        logbook::say(&note);
    }
    let cache = cache.unwrap_or_else(|| directory.join("../../cache"));
    let mut session = Session::open(&run, study, &layout, &cache, (device, team), &stop)?;
    let mut training = session.training(&layout)?;
    let is_first = training.workbench.team.is_first();
    if is_first {
        let facts = facts(&training, study, device);
        write_json(&layout.facts(), &facts).map_err(write_failure)?;
    }
    let ending = training.train(&stop).map_err(as_failure)?;
    training.workbench.team.finish().map_err(as_failure)?;
    // One writes and measures for all.
    if !is_first {
        return Ok(match ending {
            Ending::Stopped => ExitCode::Resume,
            Ending::Diverged(_) => ExitCode::Diverged,
            Ending::Finished => ExitCode::Done,
        });
    }
    finish(&mut training, study, &Place { layout: &layout, cache: &cache }, ending, &stop)
}

/// Where a run and the tokenizer of its sweep lie.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    layout: &'a RunLayout,
    cache: &'a Path,
}

/// The part of `run.json` that every version has.
#[derive(Debug, Deserialize)]
struct Header {
    schema: u32,
}

/// The run of a directory, checked.
///
/// # Errors
/// When there is no `run.json`, or it is none of this version.
pub fn read_spec(layout: &RunLayout) -> Result<RunSpec, Failure> {
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
    let stories = &bench.data.training;
    // A token of a longer story sees more, and there are more of them: the mean over tokens, not over stories.
    let squares: f64 = (0..stories.len()).map(|story| (stories.length(story) as f64).powi(2)).sum();
    let length = squares / (stories.tokens() as f64).max(1.0);
    let attended = spec::budget::attended(study.model.architecture, length);
    Facts {
        schema: SCHEMA,
        run: bench.run.id,
        device: device::describe(device),
        versions: device::versions(),
        parameters: spec::budget::ParameterCount::of(&study.model),
        feed_forward_width: study.model.feed_forward.width(),
        flops_per_token: Some(spec::budget::flops_per_token(&study.model, attended)),
        places: training.progress.places.clone(),
        steps: training.steps,
        training_stories: bench.data.training.len() as u64,
        training_tokens: bench.data.training.tokens(),
    }
}

/// Says how training ended and, where it ended well, measures the model.
fn finish(
    training: &mut Training<'_>,
    study: &Study,
    place: &Place<'_>,
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
            let Some(rows) = measure(training, study, place, stop)? else {
                logbook::say("stopped while the trained model was measured; what was finished of that is kept");
                return Ok(ExitCode::Resume);
            };
            if let Some(row) = rows.iter().find(|row| row.value.is_nan()) {
                (ExitCode::Diverged, Some(format!("{} is not a number", row.metric)))
            } else {
                write_results(place.layout, &rows)?;
                (ExitCode::Done, None)
            }
        }
    };
    if let Some(reason) = &divergence {
        logbook::say(&format!("diverged at step {step}: {reason}"));
    }
    let outcome = Outcome { schema: SCHEMA, run: training.workbench.run.id, step, divergence };
    write_json(&place.layout.outcome(), &outcome).map_err(write_failure)?;
    Ok(exit)
}

/// The rows of results; nothing if somebody asked for a stop.
fn measure(
    training: &Training<'_>,
    study: &Study,
    place: &Place<'_>,
    stop: &StopRequest,
) -> Result<Option<Vec<ResultRow>>, Failure> {
    let (examiner, data) = (training.examiner(), training.workbench.data);
    let mut rows = Vec::new();
    for task in &study.evaluate.tasks {
        match task {
            Task::Validation => {
                let result = examiner.validate(&data.validation, &training.workbench.team).map_err(as_failure)?;
                rows.extend(validation_rows(&result));
            }
            Task::MinimalPairs => {
                let [protocol, _] = Scoring::of(study.model.architecture);
                let pairs = &training.pairs.own;
                let task = PairTask { name: "minimal-pairs", split: "test", pairs, protocols: &[protocol] };
                let Some(judgements) = judge(training, &task, stop) else { return Ok(None) };
                rows.extend(task.rows(&judgements));
            }
        }
    }
    for (asked, pairs) in &training.pairs.benchmarks {
        let protocols = Scoring::of(study.model.architecture);
        let name = asked.benchmark.name();
        let task = PairTask { name, split: "test", pairs, protocols: &protocols };
        let model = folder::model_of_run(training.workbench.run.id, training.progress.step);
        let of = Of::new(&task, model, vec![asked.content]);
        let folder = place.layout.evaluation().join(name);
        if let Some(found) = folder::read(&folder, &of) {
            rows.extend(found);
            continue;
        }
        logbook::say(&format!("{name}: {} pairs", pairs.len()));
        let Some(judgements) = judge(training, &task, stop) else { return Ok(None) };
        rows.extend(folder::write(&folder, &of, &task, &judgements, false).map_err(write_failure)?);
    }
    let Some(tuned) = fine_tune(training, place, stop)? else { return Ok(None) };
    rows.extend(tuned);
    Ok(Some(rows))
}

/// Tunes the trained model on the tasks that are asked for. What has no score is in no row; `missing.csv` of the task says why.
fn fine_tune(
    training: &Training<'_>,
    place: &Place<'_>,
    stop: &StopRequest,
) -> Result<Option<Vec<ResultRow>>, Failure> {
    let run = training.workbench.run;
    let Some(FineTuning { tuning, tasks }) = &run.benchmarks.fine_tuning else { return Ok(Some(Vec::new())) };
    let (layout, device) = (place.layout, training.workbench.device);
    let model = TrainedModel::open(layout.directory(), Some(place.cache), &mut |_| ()).map_err(as_failure)?;
    let protocol = Protocol::of(tuning);
    let seeds: Vec<u64> = (0..u64::from(tuning.seeds)).collect();
    let mut rows = Vec::new();
    for task in tasks {
        let data = TaskData::of_run(run, task).map_err(as_failure)?;
        let element = Element {
            model: &model,
            words: folder::model_of_run(run.id, training.progress.step),
            device,
            task: &task.task,
            data: &data,
            contents: task.files.values().copied().collect(),
            protocol: &protocol,
            seeds: &seeds,
            evaluation: &layout.evaluation(),
        };
        match element.carry_out(&|| stop.is_asked(), &mut |note| logbook::say(note)).map_err(as_failure)? {
            Found::Scores(found) => rows.extend(found),
            Found::Missing(_) => {}
            Found::Stopped => return Ok(None),
        }
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
