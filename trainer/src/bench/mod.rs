//! `seedbed-trainer bench`: how fast a model trains on given stories, and where its time goes.
//!
//! [`plan`] makes the run that is timed; `trainee` trains its network, and [`measure`] those of several runs in turns;
//! [`peak`] finds what the processor could do at best; [`report`] is what is printed. Real tokens are counted, and
//! there is no padding.

pub mod measure;
mod memory;
pub mod peak;
pub mod plan;
pub mod report;
mod trainee;

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use native::cuda::Availability;
use spec::{ExitCode, Failure};

use crate::device;
use crate::failure::as_failure;
use crate::whole_number::{from_one, from_zero};

/// More threads than any machine has.
const MOST_THREADS: i64 = 4096;

/// What is to be timed.
#[derive(Debug, Args)]
pub struct Request {
    /// A file of stories, a line `<|endoftext|>` between two
    stories: PathBuf,
    /// A tokenizer.json; one is trained on the stories if none is given
    #[arg(long)]
    tokenizer: Option<PathBuf>,
    /// gpt-neo or roberta
    #[arg(long, default_value = "gpt-neo")]
    architecture: String,
    /// Any level of `activation`
    #[arg(long, default_value = "gelu-tanh")]
    activation: String,
    /// Other levels of it, trained in turns with the first, step by step, and compared with it
    #[arg(long, value_name = "ACTIVATION,...", value_delimiter = ',')]
    beside: Vec<String>,
    /// bf16 or fp32 [default: bf16 where the processor multiplies it in hardware]
    #[arg(long)]
    precision: Option<String>,
    /// Most tokens in one step, filled with whole stories
    #[arg(long, default_value_t = 4096, allow_negative_numbers = true)]
    tokens: u32,
    /// Any other setting of a sweep file, as `model.ffn-size=256`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Steps that are timed
    #[arg(long, default_value_t = 10, value_parser = from_one::<u32>, allow_negative_numbers = true)]
    steps: u32,
    /// Steps before them that are not
    #[arg(long, default_value_t = 2, value_parser = from_zero::<u32>, allow_negative_numbers = true)]
    warm_up: u32,
    /// auto, cpu or cuda
    #[arg(long, default_value = "auto")]
    device: String,
    /// Processor threads [default: as libtorch chooses]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=MOST_THREADS), allow_negative_numbers = true)]
    threads: Option<u32>,
    /// Seed of weights, order, masks and dropout
    #[arg(long, default_value_t = 0, value_parser = from_zero::<u64>, allow_negative_numbers = true)]
    seed: u64,
    /// Where prepared stories are kept for the next time [default: nowhere]
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Carries out `bench`.
///
/// # Errors
/// When a setting is wrong, the stories do not fill a step, or there is no such device.
pub fn carry_out(request: &Request, cuda: &Availability) -> Result<ExitCode, Failure> {
    let plan = plan::Plan::of(request, &request.activation)?;
    let beside = request.beside.iter().map(|other| plan::Plan::of(request, other)).collect::<Result<Vec<_>, _>>()?;
    device::prepare(&plan.run, 1)?;
    let device = device::choose(plan.run.execution.device, device::Said::OnCommandLine, cuda)?;
    if let Some(note) = device::make_ready(plan.study.train.precision, device) {
        crate::logbook::say(&note);
    }
    let timed = measure::Course { warm_up: request.warm_up, steps: request.steps };
    let measurement = measure::measure(&plan, &beside, request.cache.as_deref(), device, timed).map_err(as_failure)?;
    let text = if request.json {
        serde_json::to_string(&measurement).expect("invariant: a measurement has text keys only") + "\n"
    } else {
        measurement.to_string()
    };
    // A reader that has gone away (`| head`) is not an error of ours.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(ExitCode::Done)
}
