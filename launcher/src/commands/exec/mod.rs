//! `seedbed exec`: the supervisor of one run, or of the runs of one task. `seedbed run` and the jobs of a cluster start
//! it.
//!
//! [`predecessor`] is whoever may still hold the run, [`slurm_task`] the task of Slurm that this process is,
//! [`mod@element`] a run that is not carried out but measured.

mod element;
mod predecessor;
mod slurm_task;

use std::path::PathBuf;

use clap::Args;
use rustix::process::Signal;
use spec::execution::Device;
use spec::layout::SweepLayout;
use spec::status::{Cause, State, Status};
use spec::{ExitCode, RunSpec};

use self::predecessor::wait_for_predecessor;
use self::slurm_task::SlurmTask;
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::local::Slot;
use crate::output::talk;
use crate::pack::Pack;
use crate::scratch::Scratch;
use crate::state::Observed;
use crate::supervise::{self, Asked, Finish, Job, Retry};
use crate::{array, cluster, env, pack};

/// Arguments of `seedbed exec`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Directory of the sweep
    #[arg(long, value_name = "DIR")]
    sweep_dir: PathBuf,
    /// Array file of the submission
    #[arg(long, value_name = "FILE")]
    array: PathBuf,
    /// The run's line in the array file, from 0; with --runs-per-task, the task's number
    #[arg(long, value_name = "N")]
    index: u64,
    /// Carry out so many runs, each by a supervisor of its own; of the task N they begin at the line N times as many
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u32).range(1..=64))]
    runs_per_task: Option<u32>,
    /// Carry out the runs of a task all at once, not in turn
    #[arg(long, requires = "runs_per_task")]
    side_by_side: bool,
    /// The line is an element of an evaluation: one task of a run that is done, which is measured
    #[arg(long, conflicts_with = "runs_per_task")]
    evaluate: bool,
    /// GPU that the run may see, as CUDA_VISIBLE_DEVICES names it
    #[arg(long, value_name = "GPU")]
    gpu: Option<String>,
    /// Processor threads, where no earlier attempt has fixed them [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    #[command(flatten)]
    retry: RetryArguments,
    /// Under Slurm: how often a run that left a checkpoint may put its own job back into the queue
    #[arg(long, value_name = "N")]
    requeues: Option<u32>,
    /// Checkpoint and leave when this process, which started the supervisor, is gone
    #[arg(long, value_name = "PROCESS", hide = true)]
    tied_to: Option<u32>,
    /// The run is one of several of a task, which puts itself back into the queue or not
    #[arg(long, hide = true)]
    in_pack: bool,
}

/// Which ends of a run are not its last word.
#[derive(Debug, Args)]
struct RetryArguments {
    /// Carry out the run also if it has failed
    #[arg(long)]
    retry_failed: bool,
    /// Carry out the run also if it has diverged
    #[arg(long)]
    retry_diverged: bool,
}

impl RetryArguments {
    fn retry(&self) -> Retry {
        Retry { failed: self.retry_failed, diverged: self.retry_diverged }
    }
}

/// Carries out one run, or the runs of one task.
///
/// # Errors
/// When it could not be carried out at all. How the run ended, or of several the one that matters most, is the exit
/// code.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if let Some(parent) = arguments.tied_to {
        let unavailable = |error| CliError::new(ExitCode::Unavailable, error);
        // A warning and not a demand: the kernel may send it once for every thread of the parent, and a second demand
        // would kill the trainer before it has written its checkpoint.
        supervise::tie_to_parent(parent, Signal::USR2).map_err(unavailable)?;
    }
    let task = arguments.requeues.or(arguments.in_pack.then_some(0)).and_then(SlurmTask::here);
    // A run of a pack uses the scratch folder of the whole task, and leaves it to it.
    let _scratch = task.as_ref().filter(|_| !arguments.in_pack).map(|_| Scratch::of_this_job());
    if cluster::is_given_up(&arguments.array)? {
        talk("this submission was given up before it started: there is nothing to do");
        return Ok(ExitCode::Done);
    }
    let sweep = &arguments.sweep_dir;
    let sweep = SweepLayout::new(sweep.canonicalize().map_err(|error| FileError::read(sweep, error))?);
    if arguments.evaluate {
        return element::measure(arguments, &sweep, task.as_ref());
    }
    match arguments.runs_per_task {
        Some(runs) => several(arguments, &sweep, runs, task),
        None => one(arguments, &sweep, task),
    }
}

/// Carries out the runs of a task, each by a supervisor of its own.
fn several(
    arguments: &Arguments,
    sweep: &SweepLayout,
    count: u32,
    task: Option<SlurmTask>,
) -> Result<ExitCode, CliError> {
    let first = arguments.index.saturating_mul(u64::from(count));
    let runs = array::read_some(&arguments.array, first, count)?;
    let pack = Pack {
        sweep,
        array: &arguments.array,
        first,
        runs: &runs,
        side_by_side: arguments.side_by_side,
        slot: &Slot { gpu: arguments.gpu.clone(), threads: arguments.threads.unwrap_or_else(env::cores) },
        retry: arguments.retry.retry(),
        task: task.as_ref().map(|task| task.job.to_string()),
    };
    let outcome = pack::carry_out(&pack, &Machine::here(), &talk)?;
    talk(&outcome.in_words());
    if let Some(task) = task.filter(|_| outcome.goes_on()) {
        let left = outcome.statuses().map(|status| task.returns(status)).max().unwrap_or_default();
        task.requeue(left, &talk);
    }
    Ok(outcome.exit_code())
}

/// Carries out one run.
fn one(arguments: &Arguments, sweep: &SweepLayout, task: Option<SlurmTask>) -> Result<ExitCode, CliError> {
    let spec = array::read(&arguments.array, arguments.index)?;
    let label = spec.label();
    let layout = sweep.run(spec.id);
    let machine = Machine::here();
    if let Some(task) = &task {
        let asked = wait_for_predecessor(&layout.claim(), &machine)?;
        if asked > Asked::No {
            talk(&format!("run {} ({label}): not started: it was asked to leave while it waited", spec.id));
            if asked == Asked::Warned && !arguments.in_pack {
                task.requeue(0, &talk);
            }
            return Ok(ExitCode::Resume);
        }
    }
    let job = Job {
        directory: layout.directory().to_owned(),
        given: given(arguments, &spec, task.as_ref()),
        spec,
        task: task.as_ref().map(SlurmTask::record),
        gpu: arguments.gpu.clone().or_else(|| task.as_ref()?.gpus.clone()),
        threads: arguments.threads.unwrap_or_else(env::cores),
        retry: arguments.retry.retry(),
    };
    match supervise::carry_out(&job, &machine)? {
        Finish::Attempted { status, asked } => {
            talk(&format!("run {} ({label}): {}", job.spec.id, status.state.name()));
            if let Some(task) = task.filter(|_| !arguments.in_pack && goes_on(&status, asked)) {
                task.requeue(task.returns(&status), &talk);
            }
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

/// How many GPUs were set aside for the run: by Slurm as many as were asked for, by `--gpu` those that it names.
fn given(arguments: &Arguments, spec: &RunSpec, task: Option<&SlurmTask>) -> Option<u32> {
    let named = arguments.gpu.as_ref().map(|names| names.split(',').count() as u32);
    let asked = if spec.execution.device == Device::Cpu { 0 } else { spec.resources.gpus };
    named.or_else(|| task.map(|_| asked))
}

/// Whether the run left a checkpoint although nobody took its node away: then it is up to the job itself to come back.
/// A job that was told to leave, by a preemption, a requeue or a person, comes back or not as whoever told it sees fit.
fn goes_on(status: &Status, asked: Asked) -> bool {
    let last = status.attempts.last().and_then(|attempt| attempt.cause);
    status.state == State::Interrupted && last == Some(Cause::Checkpointed) && asked <= Asked::Warned
}
