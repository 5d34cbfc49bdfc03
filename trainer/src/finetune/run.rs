//! All of it: every task with every seed, what is done passed over.

use std::path::Path;

use spec::fine_tuning_seeds::FineTuningSeeds;
use spec::rows::ResultRow;
use tch::Device;

use super::data::TaskData;
use super::error::FinetuneError;
use super::folder::{Foreign, ResultsFolder, Tables};
use super::prepared::Prepared;
use super::protocol::Protocol;
use super::record::{Missing, Record};
use super::tasks::{DIAGNOSTICS, Task, TaskError};
use super::unit::{self, Unit};
use crate::trained::TrainedModel;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The model to be tuned; it is left as it is.
    pub model: &'a TrainedModel,
    /// Where to compute.
    pub device: Device,
    /// Where the tasks' data lies.
    pub data: &'a TaskData,
    /// How.
    pub protocol: &'a Protocol,
    /// Names of the protocol's tasks; all of them if empty. A diagnostic comes with `rte`, asked for or not.
    pub tasks: &'a [String],
    /// Fine-tuning seeds.
    pub seeds: &'a FineTuningSeeds,
    /// Most tokens in one forward pass. Part of the result, because each pass draws its own dropout.
    pub batch_tokens: usize,
    /// Where results go.
    pub to: &'a Path,
    /// What becomes of records there that are of something else.
    pub foreign: Foreign,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The rows of all that lies in the folder, this time's and earlier ones'.
    pub rows: Vec<ResultRow>,
    /// Tasks that were asked for and have no score.
    pub missing: Vec<Missing>,
    /// All that `missing.csv` tells.
    pub told: Vec<Missing>,
    /// Whether `stop` ended it; the same call goes on.
    pub stopped: bool,
}

/// Tunes and scores every task with every seed. What is done already is passed over; a (task, seed) that was cut off
/// goes on from what it wrote last, and leaves the bytes that it would have left otherwise (on a CPU with the same
/// number of threads).
///
/// `stop` is asked between passes; `note` hears what a person should know.
///
/// # Errors
/// When a task is unknown, its data damaged, or a file cannot be written. Data that is missing is no error: it is told
/// in [`Outcome::missing`].
pub fn run(
    request: &Request<'_>,
    stop: &dyn Fn() -> bool,
    note: &mut dyn FnMut(&str),
) -> Result<Outcome, FinetuneError> {
    let tasks = wanted(request)?;
    let model = unit::digest(request.model);
    let store = ResultsFolder::open(request.to, model, request.foreign)?;
    let mut missing = Vec::new();
    let mut stopped = false;
    'tasks: for task in tasks {
        let prepared = match Prepared::read(task, request.data, request.model, request.protocol) {
            Err(FinetuneError::Task(TaskError::Missing { reason })) => {
                note(&format!("{}: missing: {reason}", task.name));
                missing.push(absent(request, task.name, reason));
                continue;
            }
            other => other?,
        };
        missing.extend(missing_diagnostics(request, &prepared));
        for seed in request.seeds.as_slice() {
            let unit = Unit { request, prepared: &prepared, seed: *seed, model };
            if store.find(&request.protocol.name, task.name, *seed, unit.fingerprint())?.is_some() {
                note(&format!("{}, seed {seed}: done already", task.name));
                continue;
            }
            let halfway = store.halfway(&request.protocol.name, task.name, *seed, unit.fingerprint());
            let Some((record, predictions)) = unit.carry_out(&halfway, stop)? else {
                stopped = true;
                break 'tasks;
            };
            store.add(&record, &predictions)?;
            note(&told(&record));
        }
        store.tabulate(&missing)?;
    }
    let Tables { rows, missing: told } = store.tabulate(&missing)?;
    Ok(Outcome { rows, missing, told, stopped })
}

/// The tasks to be tuned on, each once, in the protocol's order.
fn wanted(request: &Request<'_>) -> Result<Vec<&'static Task>, FinetuneError> {
    let protocol = request.protocol;
    for name in request.tasks {
        if protocol.task(name).is_none() {
            let known = protocol.tasks().iter().map(|task| task.name).collect::<Vec<_>>().join(", ");
            let (name, protocol) = (name.clone(), protocol.name.clone());
            return Err(FinetuneError::UnknownTask { name, protocol, known });
        }
    }
    let is_asked = |name: &str| request.tasks.is_empty() || request.tasks.iter().any(|asked| asked == name);
    let is_wanted = |task: &&'static Task| {
        let has_diagnostic =
            task.name == "rte" && DIAGNOSTICS.iter().any(|name| protocol.task(name).is_some() && is_asked(name));
        !task.training.is_empty() && (is_asked(task.name) || has_diagnostic)
    };
    Ok(protocol.tasks().iter().filter(is_wanted).collect())
}

/// The diagnostics that were asked for and are not there.
fn missing_diagnostics(request: &Request<'_>, prepared: &Prepared) -> Vec<Missing> {
    let protocol = request.protocol;
    let is_asked = |name: &str| request.tasks.is_empty() || request.tasks.iter().any(|asked| asked == name);
    let names = DIAGNOSTICS.iter().filter(|name| prepared.task.name == "rte" && is_asked(name));
    let tasks = names.filter_map(|name| protocol.task(name));
    let gone = tasks.filter_map(|task| Some((task.name, task.reported_file(request.data).err()?.to_string())));
    gone.map(|(name, reason)| absent(request, name, reason)).collect()
}

fn absent(request: &Request<'_>, task: &str, reason: String) -> Missing {
    Missing { task: task.to_owned(), protocol: request.protocol.name.clone(), reason }
}

/// A finished (task, seed) in a line.
fn told(record: &Record) -> String {
    if record.diverged {
        return format!("{}, seed {}: diverged at step {}", record.task, record.fine_tuning_seed, record.steps);
    }
    let metric = |task: &str| record.protocol.metric(task);
    let is_score = |row: &&ResultRow| row.metric == metric(&row.task);
    let part = |row: &ResultRow| {
        let of = |ending: &str| {
            let name = format!("{}-{ending}", row.metric);
            record.rows.iter().find(|other| other.metric == name).map_or(0.0, |other| other.value)
        };
        format!("{} {:.4} (majority {:.4}, random {:.4})", row.task, row.value, of("majority"), of("random"))
    };
    let parts: Vec<String> = record.rows.iter().filter(is_score).map(part).collect();
    format!(
        "{}, seed {}: step {} of {}: {}",
        record.task,
        record.fine_tuning_seed,
        record.chosen,
        record.steps,
        parts.join(", ")
    )
}
