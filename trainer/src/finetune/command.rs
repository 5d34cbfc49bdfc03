//! `seedbed-trainer finetune`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use native::cuda::Availability;
use spec::fine_tuning::{Tuning, TuningProtocol};
use spec::fine_tuning_seeds::FineTuningSeeds;
use spec::layout::RunLayout;
use spec::{ExitCode, Failure};

use super::data::TaskData;
use super::element::{BATCH_TOKENS, Element, Found};
use super::folder::Foreign;
use super::protocol::Protocol;
use super::run;
use crate::ask::{Asked, Ready};
use crate::evaluate::folder::model_of_run;
use crate::failure::as_failure;
use crate::logbook;
use crate::run::read_spec;
use crate::signal::StopRequest;
use crate::store::Store;
use crate::trained::Origin;
use crate::whole_number::from_one;

/// What is to be tuned, and how.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    asked: Asked,
    /// The folder with the tasks' data, as SuperGLUE's archive has it: RTE/train.jsonl, RTE/val.jsonl …; for
    /// babylm-2023 that with rte.train.jsonl … or with superglue_filtered/ and glue_filtered/ [default: what
    /// `seedbed-trainer data` has]
    #[arg(long, conflicts_with = "store")]
    data: Option<PathBuf>,
    /// The folder of data of `seedbed-trainer data` [default: $SEEDBED_DATA, or ~/.cache/seedbed/data]
    #[arg(long)]
    store: Option<PathBuf>,
    /// Where results go: results.csv, missing.csv, a record and predictions for every task and seed. What is there is
    /// kept
    #[arg(long, required_unless_present = "benchmark")]
    to: Option<PathBuf>,
    /// Results go into the run itself, to its folder `evaluation`, where `seedbed report` finds them; what the run says
    /// of fine-tuning holds where nothing else is said here
    #[arg(long, conflicts_with_all = ["to", "data"])]
    benchmark: bool,
    /// Names such as rte,cb,copa [default: all tasks of the protocol]
    #[arg(long, value_delimiter = ',')]
    tasks: Vec<String>,
    /// How it is tuned and scored: superglue chooses the best moment on a held-out part of the training set;
    /// babylm-2023 does as the challenge's pipeline did, and chooses on the set that it reports [default: superglue]
    #[arg(long, value_parser = Protocol::NAMES)]
    protocol: Option<String>,
    /// Fine-tuning seeds: of the head, the order and dropout [default: 0,1,2]
    #[arg(long, allow_negative_numbers = true)]
    seeds: Option<FineTuningSeeds>,
    /// Peak learning rate [default: the protocol's, as are the others below; a change is told in the protocol's name]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Items an optimiser step
    #[arg(long, value_parser = from_one::<u32>, allow_negative_numbers = true)]
    batch: Option<u32>,
    /// Most passes over a training set
    #[arg(long, value_parser = from_one::<u32>, allow_negative_numbers = true)]
    epochs: Option<u32>,
    /// Looks without a gain after which training ends
    #[arg(long, value_parser = from_one::<u32>, allow_negative_numbers = true)]
    patience: Option<u32>,
    /// Most items of a training set, chosen by the hashes of their ids [default: all]
    #[arg(long, value_parser = clap::value_parser!(u32).range(10..), allow_negative_numbers = true)]
    items: Option<u32>,
    /// Most tokens in one forward pass
    #[arg(long, default_value_t = BATCH_TOKENS as u32, value_parser = from_one::<u32>, allow_negative_numbers = true, conflicts_with = "benchmark")]
    batch_tokens: u32,
}

fn positive(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if number.is_finite() && number > 0.0 { Ok(number) } else { Err("it must be above 0".to_owned()) }
}

/// Carries out `finetune`.
///
/// # Errors
/// When there is no model, a task is unknown or its data damaged, or results cannot be written.
pub fn carry_out(command: &Command, cuda: &Availability) -> Result<ExitCode, Failure> {
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let tuning = command.tuning()?;
    let protocol = Protocol::of(&tuning);
    let seeds = command.seeds.clone().unwrap_or_else(|| FineTuningSeeds::first(tuning.seeds));
    let ready = command.asked.open(cuda)?;
    let Some(to) = &command.to else { return command.benchmarks(&ready, &tuning, &seeds, &stop) };
    let data = match &command.data {
        Some(folder) => TaskData::Folder(folder.clone()),
        None => command.stored(tuning.protocol)?,
    };
    let request = run::Request {
        model: &ready.trained,
        device: ready.device,
        data: &data,
        protocol: &protocol,
        tasks: &command.tasks,
        seeds: &seeds,
        batch_tokens: command.batch_tokens as usize,
        to,
        foreign: Foreign::Refused,
    };
    let outcome = run::run(&request, &|| stop.is_asked(), &mut |text| logbook::say(text)).map_err(as_failure)?;
    Ok(match outcome {
        run::Outcome { stopped: true, .. } => ExitCode::Resume,
        run::Outcome { missing, .. } if !missing.is_empty() => ExitCode::Incomplete,
        _ => ExitCode::Done,
    })
}

impl Command {
    /// How: what was asked for, then what the run says, then what is usual.
    fn tuning(&self) -> Result<Tuning, Failure> {
        let mut tuning = Tuning::default();
        if self.benchmark {
            let run = read_spec(&RunLayout::new(self.asked.directory()))?;
            tuning = run.benchmarks.fine_tuning.map_or(tuning, |fine_tuning| fine_tuning.tuning);
        }
        let named = self.protocol.as_deref().and_then(TuningProtocol::from_name);
        Ok(Tuning {
            protocol: named.unwrap_or(tuning.protocol),
            seeds: tuning.seeds,
            learning_rate: self.learning_rate.or(tuning.learning_rate),
            batch: self.batch.or(tuning.batch),
            epochs: self.epochs.or(tuning.epochs),
            patience: self.patience.or(tuning.patience),
            items: self.items.or(tuning.items),
        })
    }

    /// The data of all tasks that the store has.
    fn stored(&self, protocol: TuningProtocol) -> Result<TaskData, Failure> {
        let store = Store::open(self.store.as_deref()).map_err(as_failure)?;
        let place = format!("the store {}", store.layout().directory().display());
        let mut all = BTreeMap::new();
        for task in protocol.tasks() {
            let (data, _) = TaskData::of_store(&store, protocol, task).map_err(as_failure)?;
            if let TaskData::Files { files, .. } = data {
                all.extend(files);
            }
        }
        Ok(TaskData::Files { place, files: all })
    }

    /// Each task as a benchmark of the run.
    fn benchmarks(
        &self,
        ready: &Ready,
        tuning: &Tuning,
        seeds: &FineTuningSeeds,
        stop: &StopRequest,
    ) -> Result<ExitCode, Failure> {
        let Origin::Run(origin) = &ready.trained.origin else {
            let reason = format!("{} is no run's directory, which --benchmark needs", self.asked.directory().display());
            return Err(Failure::new(ExitCode::Usage, reason).hint("--to FOLDER takes the results of any model"));
        };
        let evaluation = RunLayout::new(self.asked.directory()).evaluation();
        let store = Store::open(self.store.as_deref()).map_err(as_failure)?;
        let protocol = Protocol::of(tuning);
        let known = tuning.protocol.tasks();
        let tasks = if self.tasks.is_empty() {
            known.iter().map(|task| (*task).to_owned()).collect()
        } else {
            self.tasks.clone()
        };
        let mut exit = ExitCode::Done;
        for task in &tasks {
            let (data, contents) = TaskData::of_store(&store, tuning.protocol, task).map_err(as_failure)?;
            let element = Element {
                model: &ready.trained,
                words: model_of_run(origin.run, origin.step),
                device: ready.device,
                task,
                data: &data,
                contents: contents.into_values().collect(),
                protocol: &protocol,
                seeds,
                evaluation: Path::new(&evaluation),
            };
            let found = element.carry_out(&|| stop.is_asked(), &mut |text| logbook::say(text)).map_err(as_failure)?;
            match found {
                Found::Scores(_) => {}
                Found::Missing(_) => exit = ExitCode::Incomplete,
                Found::Stopped => return Ok(ExitCode::Resume),
            }
        }
        Ok(exit)
    }
}
