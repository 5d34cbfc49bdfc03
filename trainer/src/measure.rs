//! What is measured of a trained model by the ranks of its run: validation and minimal pairs together, fine-tuning task
//! by task.

use std::ops::ControlFlow;
use std::path::Path;

use spec::evaluate::Task;
use spec::fine_tuning::{FineTuning, TunedTask};
use spec::fine_tuning_seeds::FineTuningSeeds;
use spec::layout::RunLayout;
use spec::rows::ResultRow;
use spec::{ExitCode, Failure, Study};

use crate::evaluate::folder::{self, Of};
use crate::evaluate::minimal_pairs::{Judgement, PairTask};
use crate::evaluate::protocol::Protocol as Scoring;
use crate::evaluate::validation::Validation;
use crate::failure::{as_failure, write_failure};
use crate::finetune::Protocol;
use crate::finetune::data::TaskData;
use crate::finetune::element::{Element, Found};
use crate::finetune::shares::Share;
use crate::logbook;
use crate::signal::StopRequest;
use crate::train::Training;
use crate::trained::{Origin, TrainedModel};

/// Where a run and the tokenizer of its sweep lie.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The run's directory.
    pub layout: &'a RunLayout,
    /// Where prepared tokens and tokenizers are shared.
    pub cache: &'a Path,
}

/// The rows of what all ranks measure together, on the first of them; nothing if somebody asked for a stop.
///
/// # Errors
/// When another rank is gone, or a file cannot be written.
pub fn measure(
    training: &Training<'_>,
    study: &Study,
    place: &Place<'_>,
    stop: &StopRequest,
) -> Result<Option<Vec<ResultRow>>, Failure> {
    let (examiner, data, team) = (training.examiner(), training.workbench.data, &training.workbench.team);
    let mut rows = Vec::new();
    for task in &study.evaluate.tasks {
        match task {
            Task::Validation => {
                let result = examiner.validate(&data.validation, team).map_err(as_failure)?;
                rows.extend(validation_rows(&result));
            }
            Task::MinimalPairs => {
                let [protocol, _] = Scoring::of(study.model.architecture);
                let pairs = &training.pairs.own;
                let task = PairTask { name: "minimal-pairs", split: "test", pairs, protocols: &[protocol] };
                let Some(judgements) = judge(training, &task, stop)? else { return Ok(None) };
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
        // What the first one finds all go by: on a network's file system another may not see it yet.
        let found = if team.is_first() { folder::read(&folder, &of) } else { None };
        if team.any(found.is_some()).map_err(as_failure)? {
            rows.extend(found.into_iter().flatten());
            continue;
        }
        if team.is_first() {
            logbook::say(&format!("{name}: {} pairs", pairs.len()));
        }
        let Some(judgements) = judge(training, &task, stop)? else { return Ok(None) };
        if team.is_first() {
            rows.extend(folder::write(&folder, &of, &task, &judgements, false).map_err(write_failure)?);
        }
    }
    Ok(Some(rows))
}

/// The tasks that this rank is to tune; the last thing for which the ranks meet.
///
/// # Errors
/// When another rank is gone, or a file cannot be removed.
pub fn share(training: &Training<'_>, place: &Place<'_>) -> Result<Share, Failure> {
    let team = &training.workbench.team;
    let share = Share::of(team, place.layout).map_err(write_failure)?;
    team.any(false).map_err(as_failure)?;
    Ok(share)
}

/// Tunes the trained model on the tasks of this rank's share: on the first rank, when the others have done theirs, the
/// rows of all. What has no score is in no row; `missing.csv` of the task says why.
///
/// # Errors
/// When the data is not what it says, or a file cannot be read or written.
pub fn fine_tune(
    training: &Training<'_>,
    place: &Place<'_>,
    share: &Share,
    stop: &StopRequest,
) -> Result<Option<Vec<ResultRow>>, Failure> {
    let run = training.workbench.run;
    let Some(FineTuning { tuning, tasks }) = &run.benchmarks.fine_tuning else { return Ok(Some(Vec::new())) };
    let (layout, device) = (place.layout, training.workbench.device);
    let model = trained_model(training, place)?;
    let protocol = Protocol::of(tuning);
    let seeds = FineTuningSeeds::first(tuning.seeds);
    let tune = |task: &TunedTask| {
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
        element.carry_out(&|| stop.is_asked(), &mut |note| logbook::say(note)).map_err(as_failure)
    };
    let mut own = Vec::new();
    for (index, task) in tasks.iter().enumerate().filter(|(index, _)| share.has(*index)) {
        let found = tune(task)?;
        let is_stopped = found == Found::Stopped;
        own.push((index, found));
        if is_stopped {
            break;
        }
    }
    let all = share.hand_in(own, &|| stop.is_asked()).map_err(write_failure)?;
    let scores = |(_, found)| match found {
        Found::Scores(rows) => rows,
        Found::Missing(_) | Found::Stopped => Vec::new(),
    };
    Ok(all.map(|all| all.into_iter().flat_map(scores).collect()))
}

/// The model as it was written after the last step: not what another machine, or a damaged file, has of an earlier one.
fn trained_model(training: &Training<'_>, place: &Place<'_>) -> Result<TrainedModel, Failure> {
    let model = TrainedModel::open(place.layout.directory(), Some(place.cache), &mut |_| ()).map_err(as_failure)?;
    let step = training.progress.step;
    if matches!(&model.origin, Origin::Run(origin) if origin.step == step) {
        return Ok(model);
    }
    let reason = format!(
        "the newest checkpoint that can be read here is not that of step {step}, after which the run is measured"
    );
    Err(Failure::new(ExitCode::BadData, reason).hint("the run goes on from its last whole checkpoint"))
}

/// The model's scores of pairs; nothing if somebody asked for a stop.
fn judge(training: &Training<'_>, task: &PairTask<'_>, stop: &StopRequest) -> Result<Option<Vec<Judgement>>, Failure> {
    let go_on = || if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    training.judge(task, &mut |_| go_on()).map_err(as_failure)
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
