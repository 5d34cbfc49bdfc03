//! `seedbed-trainer run`: one run from its spec to its results.

use std::fs;
use std::path::{Path, PathBuf};

use native::cuda::Availability;
use serde::Deserialize;
use spec::layout::RunLayout;
use spec::rows::ResultRow;
use spec::status::{Facts, Outcome};
use spec::{ExitCode, Failure, Program, RunSpec, SCHEMA, SpecError, Study};
use tch::Device;

use crate::alone::alone;
use crate::collective::call::Call;
use crate::collective::ranks;
use crate::evaluate::folder;
use crate::failure::{as_failure, write_failure};
use crate::files::{remove_folder, write_atomically, write_json};
use crate::inspect::Machine;
use crate::measure::{self, Place};
use crate::session::Session;
use crate::signal::StopRequest;
use crate::train::{Ending, Training};
use crate::{device, logbook};

/// Carries out the run whose `run.json` lies in `directory`, or the part of it that `call` asks of this rank.
///
/// # Errors
/// What is wrong, with the exit code that says whose fault it is.
pub fn carry_out(
    directory: &Path,
    cache: Option<PathBuf>,
    call: Option<&Call>,
    cuda: &Availability,
) -> Result<ExitCode, Failure> {
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let layout = RunLayout::new(directory);
    let run = read_spec(&layout)?;
    let study = study(&run)?;
    let _alone = if call.is_none() { Some(alone(&layout)?) } else { None };
    if call.is_none() {
        // Of a start with several ranks, whose leader was killed.
        remove_folder(&layout.ranks()).map_err(write_failure)?;
    }
    device::prepare(&run, call.map_or(1, |call| call.local_world))?;
    let (device, team) = ranks::join(&run, layout.directory(), call, cuda)?;
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
    let place = Place { layout: &layout, cache: &cache };
    let measured = match ending {
        Ending::Finished => measure::measure(&training, study, &place, &stop)?,
        _ => None,
    };
    let share = measure::share(&training, &place)?;
    training.workbench.team.finish().map_err(as_failure)?;
    let measured = match measured {
        Some(rows) => {
            let tuned = measure::fine_tune(&training, &place, &share, &stop)?;
            tuned.map(|tuned| [rows, tuned].concat())
        }
        None => None,
    };
    // One writes for all.
    if !is_first {
        return Ok(match ending {
            Ending::Diverged(_) => ExitCode::Diverged,
            Ending::Finished if measured.is_some() => ExitCode::Done,
            Ending::Finished | Ending::Stopped => ExitCode::Resume,
        });
    }
    finish(&training, &layout, ending, measured)
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

/// What `run` asks of this program.
///
/// # Errors
/// When it belongs to another program.
pub fn study(run: &RunSpec) -> Result<&Study, Failure> {
    let Program::Builtin(study) = &run.program else {
        return Err(Failure::new(ExitCode::BadSpec, "this run belongs to another program")
            .hint("its command stands under `program` in run.json"));
    };
    Ok(study)
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

/// Says how training ended and writes down what was `measured`: nothing where training did not end well, or somebody
/// asked for a stop.
fn finish(
    training: &Training<'_>,
    layout: &RunLayout,
    ending: Ending,
    measured: Option<Vec<ResultRow>>,
) -> Result<ExitCode, Failure> {
    let step = training.progress.step;
    let (exit, divergence) = match ending {
        Ending::Stopped => {
            logbook::say(&format!("stopped at step {step} of {}; a checkpoint is written", training.steps));
            return Ok(ExitCode::Resume);
        }
        Ending::Diverged(reason) => (ExitCode::Diverged, Some(reason)),
        Ending::Finished => {
            let Some(rows) = measured else {
                logbook::say("stopped while the trained model was measured; what was finished of that is kept");
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

fn write_results(layout: &RunLayout, rows: &[ResultRow]) -> Result<(), Failure> {
    write_atomically(&layout.results(), |file| folder::write_rows(file, rows)).map_err(write_failure)
}
