//! `seedbed exec`: the supervisor of one run. `seedbed run` and the jobs of a cluster start it.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use rustix::process::Signal;
use slurm::client::Client;
use slurm::job_id::JobId;
use slurm::transport::Local;
use spec::execution::Device;
use spec::layout::{RunLayout, SweepLayout};
use spec::status::{Cause, NodeTask, State, Status};
use spec::{ExitCode, RunSpec};

use crate::error::CliError;
use crate::files::FileError;
use crate::lease::{Machine, RENEWAL, STALE};
use crate::output::talk;
use crate::scratch::Scratch;
use crate::state::Observed;
use crate::supervise::{self, Asked, Finish, Job, Retry};
use crate::{array, cluster, env, lease};

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
    /// Under Slurm: how often a run that left a checkpoint may put its own job back into the queue
    #[arg(long, value_name = "N")]
    requeues: Option<u32>,
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
    if cluster::is_given_up(&arguments.array) {
        talk("this submission was given up before it started: there is nothing to do");
        return Ok(ExitCode::Done);
    }
    let spec = array::read(&arguments.array, arguments.index)?;
    let sweep = &arguments.sweep_dir;
    let sweep = sweep.canonicalize().map_err(|error| FileError::read(sweep, error))?;
    let label = spec.label();
    let layout = SweepLayout::new(sweep).run(spec.id);
    let task = arguments.requeues.and_then(SlurmTask::here);
    let _scratch = task.as_ref().map(|_| Scratch::of_this_job());
    let machine = Machine::here();
    if task.is_some() {
        wait_for_predecessor(&layout, &machine)?;
    }
    let job = Job {
        directory: layout.directory().to_owned(),
        given: given(arguments, &spec, task.as_ref()),
        spec,
        task: task.as_ref().map(SlurmTask::record),
        gpu: arguments.gpu.clone().or_else(|| task.as_ref()?.gpus.clone()),
        threads: arguments.threads.unwrap_or_else(env::cores),
        retry: Retry { failed: arguments.retry_failed, diverged: arguments.retry_diverged },
    };
    match supervise::carry_out(&job, &machine)? {
        Finish::Attempted { status, asked } => {
            talk(&format!("run {} ({label}): {}", job.spec.id, status.state.name()));
            if let Some(task) = task.filter(|_| goes_on(&status, asked)) {
                talk(&task.requeue());
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

/// Whether the run left a checkpoint although nobody took its node away: then it is up to the job itself to come back. A job
/// that was told to leave, by a preemption, a requeue or a person, comes back or not as whoever told it sees fit.
fn goes_on(status: &Status, asked: Asked) -> bool {
    let last = status.attempts.last().and_then(|attempt| attempt.cause);
    status.state == State::Interrupted && last == Some(Cause::Checkpointed) && asked <= Asked::Warned
}

/// Waits while another supervisor seems to hold the run.
///
/// Slurm starts a job again when it believes that its node is lost. Whoever was on that node may be cut off and still at
/// work; it stops itself when it cannot renew its claim, and only a claim that was not renewed for long is taken over.
fn wait_for_predecessor(layout: &RunLayout, machine: &Machine) -> Result<(), CliError> {
    let mut left = STALE + 2 * RENEWAL;
    let pause = Duration::from_secs(2);
    let mut told = false;
    while let Some((holder, true)) = lease::look(&layout.claim(), machine, SystemTime::now())? {
        if left.is_zero() {
            break;
        }
        if !told {
            talk(&format!("the run is held by {holder}: waiting until it is gone"));
            told = true;
        }
        thread::sleep(pause);
        left = left.saturating_sub(pause);
    }
    Ok(())
}

/// How many times the controller is asked to queue a task again.
const REQUEUE_TRIES: u32 = 5;

/// The task of Slurm that this process is.
struct SlurmTask {
    job: JobId,
    restarts: u32,
    most: u32,
    gpus: Option<String>,
}

impl SlurmTask {
    /// The task that the environment tells of; it may put itself back into the queue `most` times.
    fn here(most: u32) -> Option<Self> {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        // One task of every array has the array's own number as its job's: that number alone would mean all of them.
        let array = variable("SLURM_ARRAY_JOB_ID").zip(variable("SLURM_ARRAY_TASK_ID"));
        let job = match array {
            Some((array, index)) => JobId::task(array.parse().ok()?, index.parse().ok()?),
            None => JobId::whole(variable("SLURM_JOB_ID")?.parse().ok()?),
        };
        let restarts = variable("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0);
        Some(Self { job, restarts, most, gpus: variable("CUDA_VISIBLE_DEVICES") })
    }

    fn record(&self) -> NodeTask {
        let node = std::env::var("SLURMD_NODENAME").ok().filter(|node| !node.is_empty());
        NodeTask { job: self.job.to_string(), node, restarts: self.restarts }
    }

    /// Puts the task back into the queue, and says so.
    fn requeue(&self) -> String {
        if self.restarts >= self.most {
            return format!("the job was queued {} times again already: `seedbed submit` goes on", self.restarts);
        }
        let client = Client::new(Local);
        let ask = || client.requeue(std::slice::from_ref(&self.job));
        let mut answer = ask();
        // A controller that is busy now may answer next time; should it have heard all the same, this process ends meanwhile.
        for _ in 1..REQUEUE_TRIES {
            if answer.is_ok() {
                break;
            }
            thread::sleep(Duration::from_secs(2));
            answer = ask();
        }
        match answer {
            Ok(()) => format!("job {} goes back into the queue", self.job),
            Err(error) => format!("job {} cannot go back into the queue: {error}; `seedbed submit` goes on", self.job),
        }
    }
}
