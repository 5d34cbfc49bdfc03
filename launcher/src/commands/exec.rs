//! `seedbed exec`: the supervisor of one run. `seedbed run` and the jobs of a cluster start it.

use std::path::PathBuf;

use clap::Args;
use rustix::process::Signal;
use spec::ExitCode;
use spec::layout::SweepLayout;
use spec::status::Cause;

use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::output::talk;
use crate::state::Observed;
use crate::supervise::{self, Finish, Job, Retry};
use crate::{array, env};

/// Arguments of `seedbed exec`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory of the sweep
    #[arg(long, value_name = "DIR")]
    sweep_dir: PathBuf,
    /// Array file of the submission
    #[arg(long, value_name = "FILE")]
    array: PathBuf,
    /// The run's line in the array file, from 0
    #[arg(long, value_name = "N")]
    index: u64,
    /// GPU that the run may see, as CUDA_VISIBLE_DEVICES names it
    #[arg(long, value_name = "GPU")]
    gpu: Option<String>,
    /// Processor threads, where no earlier attempt has fixed them [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// Carry out the run also if it has failed
    #[arg(long)]
    retry_failed: bool,
    /// Carry out the run also if it has diverged
    #[arg(long)]
    retry_diverged: bool,
    /// Checkpoint and leave when this process, which started the supervisor, is gone
    #[arg(long, value_name = "PROCESS", hide = true)]
    tied_to: Option<u32>,
}

/// Carries out one run.
///
/// # Errors
/// When it could not be carried out at all. How the run ended is the exit code.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if let Some(parent) = arguments.tied_to {
        let unavailable = |error| CliError::new(ExitCode::Unavailable, error);
        // A warning and not a demand: the kernel may send it once for every thread of the parent, and a second demand would
        // kill the trainer before it has written its checkpoint.
        supervise::tie_to_parent(parent, Signal::USR2).map_err(unavailable)?;
    }
    let spec = array::read(&arguments.array, arguments.index)?;
    let sweep = &arguments.sweep_dir;
    let sweep = sweep.canonicalize().map_err(|error| FileError::read(sweep, error))?;
    let label = spec.label();
    let job = Job {
        directory: SweepLayout::new(sweep).run(spec.id).directory().to_owned(),
        spec,
        gpu: arguments.gpu.clone(),
        threads: arguments.threads.unwrap_or_else(env::cores),
        retry: Retry { failed: arguments.retry_failed, diverged: arguments.retry_diverged },
    };
    match supervise::carry_out(&job, &Machine::here())? {
        Finish::Attempted(status) => {
            talk(&format!("run {} ({label}): {}", job.spec.id, status.state.name()));
            Ok(supervise::exit_code(&status))
        }
        Finish::Already(observation) => {
            talk(&format!("run {} ({label}) is {} already", job.spec.id, observation.state.name()));
            Ok(match (&observation.state, &observation.status) {
                // The record says done, but the results are gone or changed.
                (Observed::Failed { cause: Cause::NoResults, .. }, _) | (_, None) => ExitCode::Incomplete,
                (_, Some(status)) => supervise::exit_code(status),
            })
        }
    }
}
