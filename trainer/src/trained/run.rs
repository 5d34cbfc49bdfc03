//! The model of a run's directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::de::DeserializeOwned;
use spec::layout::RunLayout;
use spec::rows::{MetricRow, ResultRow};
use spec::status::Facts;
use spec::{Program, RunSpec, Study};
use tch::Device;

use super::TrainedModel;
use super::error::TrainedError;
use super::origin::{Origin, RunOrigin};
use crate::checkpoint::{self, Progress};
use crate::data;
use crate::model;
use crate::parameters::Parameters;
use crate::run::parse_spec;

/// Reads the newest checkpoint of the run in `directory`. Nothing of the run is touched, so it may be at work
/// meanwhile.
///
/// # Errors
/// When there is no checkpoint, or spec, checkpoint or tokenizer cannot be read.
pub fn read(directory: &Path, cache: Option<&Path>, note: &mut dyn FnMut(&str)) -> Result<TrainedModel, TrainedError> {
    let layout = RunLayout::new(directory);
    let path = layout.spec();
    let text = fs::read_to_string(&path).map_err(|source| TrainedError::read(&path, source))?;
    let run = parse_spec(&text).map_err(|reason| TrainedError::unusable(&path, reason))?;
    let Program::Builtin(study) = &run.program else {
        return Err(TrainedError::Foreign { path });
    };
    let parameters = Parameters::new(model::declarations(&study.model), run.seed, Device::Cpu)?;
    let folder = layout.checkpoints();
    let found = checkpoint::look(&folder, run.id, parameters.size())?;
    let (progress, weights) = found.ok_or(TrainedError::Untrained { path: folder })?;
    tch::no_grad(|| parameters.weights().shallow_clone().f_copy_(&weights))?;
    let origin = origin(&run, study, &layout, &progress)?;
    if origin.results.is_empty() {
        let of = origin.steps.map(|steps| format!(" of {steps}")).unwrap_or_default();
        note(&format!("the run has not ended well: these are its weights after step {}{of}", origin.step));
    }
    let default_cache = directory.join("../../cache");
    let cache = cache.unwrap_or(&default_cache);
    Ok(TrainedModel {
        spec: study.model.clone(),
        weights: named(&parameters),
        tokenizer: tokenizer(&run, study, cache, note)?,
        origin: Origin::Run(Box::new(origin)),
    })
}

fn named(parameters: &Parameters) -> BTreeMap<String, tch::Tensor> {
    let names = parameters.declarations().iter().map(|declaration| &declaration.name);
    names.map(|name| (name.clone(), parameters.leaf(name).detach())).collect()
}

fn tokenizer(
    run: &RunSpec,
    study: &Study,
    cache: &Path,
    note: &mut dyn FnMut(&str),
) -> Result<data::Tokenizer, TrainedError> {
    Ok(data::tokenizer_of(&mut data::Request {
        data: &study.data,
        files: &run.files,
        vocabulary: study.model.vocabulary,
        context: study.model.context,
        cache,
        note,
        stop: &|| false,
    })?)
}

fn origin(run: &RunSpec, study: &Study, layout: &RunLayout, progress: &Progress) -> Result<RunOrigin, TrainedError> {
    let facts: Option<Facts> = match fs::read(layout.facts()) {
        Ok(text) => serde_json::from_slice(&text).ok(),
        Err(_) => None,
    };
    let metrics: Vec<MetricRow> = rows(&layout.metrics())?;
    let last = |metric: &str| {
        let seen = metrics.iter().rev().find(|row| row.metric == metric && row.step <= progress.step);
        seen.map(|row| row.value)
    };
    Ok(RunOrigin {
        run: run.id,
        sweep: run.sweep.clone(),
        levels: BTreeMap::clone(&run.levels),
        seed: run.seed,
        data: study.data.clone(),
        train: study.train.clone(),
        step: progress.step,
        steps: facts.as_ref().map(|facts| facts.steps),
        tokens: progress.tokens,
        device: facts.as_ref().map(|facts| facts.device.clone()),
        versions: facts.map(|facts| facts.versions).unwrap_or_default(),
        train_loss: last("train-loss"),
        validation_loss: last("validation-loss"),
        results: rows::<ResultRow>(&layout.results())?,
    })
}

/// The rows of a table of the run; none if it is not there. The last line of one that is being written may be torn.
fn rows<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, TrainedError> {
    let content = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|source| TrainedError::read(path, source))?,
    };
    let whole = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let mut reader = csv::Reader::from_reader(&content[..whole]);
    reader.deserialize().collect::<Result<_, _>>().map_err(|error| TrainedError::unusable(path, error.to_string()))
}
