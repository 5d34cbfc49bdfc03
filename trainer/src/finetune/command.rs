//! `seedbed-trainer finetune`.

use std::path::PathBuf;

use clap::Args;
use native::cuda::Availability;
use spec::{ExitCode, Failure};

use super::protocol::{Changes, Protocol};
use super::run;
use crate::ask::Asked;
use crate::failure::as_failure;
use crate::logbook;
use crate::signal::StopRequest;
use crate::whole_number::{from_one, from_zero};

/// What is to be tuned, and how.
#[derive(Debug, Args)]
pub struct Command {
    #[command(flatten)]
    asked: Asked,
    /// The folder with the tasks' data, as SuperGLUE's archive has it: RTE/train.jsonl, RTE/val.jsonl …; for babylm-2023 that
    /// with rte.train.jsonl … or with superglue_filtered/ and glue_filtered/
    #[arg(long)]
    data: PathBuf,
    /// Where results go: results.csv, missing.csv, a record and predictions for every task and seed. What is there is kept
    #[arg(long)]
    to: PathBuf,
    /// Names such as rte,cb,copa [default: all tasks of the protocol]
    #[arg(long, value_delimiter = ',')]
    tasks: Vec<String>,
    /// How it is tuned and scored: superglue chooses the best moment on a held-out part of the training set; babylm-2023 does
    /// as the challenge's pipeline did, and chooses on the set that it reports
    #[arg(long, default_value = Protocol::NAMES[0], value_parser = Protocol::NAMES)]
    protocol: String,
    /// Fine-tuning seeds: of the head, the order and dropout
    #[arg(long, value_delimiter = ',', default_value = "0,1,2", value_parser = from_zero::<u64>, allow_negative_numbers = true)]
    seeds: Vec<u64>,
    /// Peak learning rate [default: the protocol's, as are the others below; a change is told in the protocol's name]
    #[arg(long, value_parser = positive, allow_negative_numbers = true)]
    learning_rate: Option<f64>,
    /// Items an optimiser step
    #[arg(long, value_parser = from_one::<u32>, allow_negative_numbers = true)]
    batch: Option<u32>,
    /// Most passes over a training set
    #[arg(long, value_parser = from_one::<u64>, allow_negative_numbers = true)]
    epochs: Option<u64>,
    /// Looks without a gain after which training ends
    #[arg(long, value_parser = from_one::<u32>, allow_negative_numbers = true)]
    patience: Option<u32>,
    /// Most items of a training set, chosen by the hashes of their ids [default: all]
    #[arg(long, value_parser = clap::value_parser!(u32).range(10..), allow_negative_numbers = true)]
    items: Option<u32>,
    /// Most tokens in one forward pass
    #[arg(long, default_value_t = 4096, value_parser = from_one::<u32>, allow_negative_numbers = true)]
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
    let ready = command.asked.open(cuda)?;
    let changes = Changes {
        learning_rate: command.learning_rate,
        batch: command.batch.map(|batch| batch as usize),
        epochs: command.epochs,
        patience: command.patience,
        most_items: command.items.map(|items| items as usize),
    };
    let protocol = Protocol::named(&command.protocol).expect("invariant: clap knows the names").changed(&changes);
    let request = run::Request {
        model: &ready.trained,
        device: ready.device,
        data: &command.data,
        protocol: &protocol,
        tasks: &command.tasks,
        seeds: &command.seeds,
        batch_tokens: command.batch_tokens as usize,
        to: &command.to,
    };
    let outcome = run::run(&request, &|| stop.is_asked(), &mut |text| logbook::say(text)).map_err(as_failure)?;
    Ok(match outcome {
        run::Outcome { stopped: true, .. } => ExitCode::Resume,
        run::Outcome { missing, .. } if !missing.is_empty() => ExitCode::Incomplete,
        _ => ExitCode::Done,
    })
}
