use std::path::PathBuf;
use std::time::SystemTime;

use spec::RunSpec;
use spec::layout::RunLayout;
use spec::status::{NodeTask, State, Status};

use super::attempt::ClaimedRun;
use super::error::SuperviseError;
use super::memory::OutOfMemoryCounter;
use super::node::{self, Inquiry, Visible};
use super::preflight::{self, Obstacle};
use super::trainer::Errand;
use super::verdict::{Evidence, Verdict, judge};
use super::watch::{Asked, End, WATCHED, watch};
use super::{log, trainer};
use crate::lease::Machine;
use crate::results;
use crate::signals::Signals;
use crate::state::{Observation, Observed, observe_strictly};

/// Which ends of a run are not its last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Retry {
    /// A failed run is carried out again.
    pub failed: bool,
    /// A diverged run is carried out again.
    pub diverged: bool,
}

/// A run to be carried out.
#[derive(Debug, Clone)]
pub struct Job {
    /// Absolute path of the run's directory.
    pub directory: PathBuf,
    /// The run.
    pub spec: RunSpec,
    /// The GPU that it may see; `None` leaves what the environment says.
    pub gpu: Option<String>,
    /// How many GPUs whoever started this says to have set aside for it, if they say.
    pub given: Option<u32>,
    /// The task of Slurm that this is.
    pub task: Option<NodeTask>,
    /// Processor threads, where no earlier attempt has fixed them.
    pub threads: u32,
    /// Which ends are not the last word.
    pub retry: Retry,
}

/// How carrying out a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// There was nothing to do: the run had said its last word.
    Already(Box<Observation>),
    /// An attempt was made.
    Attempted {
        /// The run's record, as it was written.
        status: Box<Status>,
        /// How urgently the trainer had been asked to stop.
        asked: Asked,
    },
}

impl Retry {
    /// Whether a run that was seen as `observed` is to be carried out.
    pub fn wants(self, observed: &Observed) -> bool {
        match observed {
            Observed::Done => false,
            Observed::Diverged => self.diverged,
            Observed::Failed { .. } => self.failed,
            Observed::NotStarted | Observed::Running(_) | Observed::Interrupted(_) => true,
        }
    }
}

/// Carries out `job` on this `machine`, unless the run has said its last word.
///
/// The calling thread must live as long as the process: the trainer is tied to it.
///
/// # Errors
/// When the run could not be carried out at all: see [`SuperviseError`].
pub fn carry_out(job: &Job, machine: &Machine) -> Result<Finish, SuperviseError> {
    let layout = RunLayout::new(&job.directory);
    let before = observe_strictly(&layout, machine, SystemTime::now())?;
    if !job.retry.wants(&before.state) {
        return Ok(Finish::Already(Box::new(before)));
    }
    let command = trainer::command(&job.spec, &job.directory)?;
    let signals =
        Signals::listen(&WATCHED).map_err(|source| SuperviseError::Process { what: "listen to signals", source })?;
    let claimed = ClaimedRun::claim(&layout, machine)?;
    // The run may have ended between the look and the claim.
    if !job.retry.wants(&claimed.found.state) {
        return Ok(Finish::Already(Box::new(claimed.found)));
    }
    let visible = Visible::here(job.gpu.as_deref());
    let attempt = claimed.begin(job, node::describe(job.task.clone(), &visible))?;
    if let Some(obstacle) = preflight::look(&job.spec, &job.directory, job.given, &visible)? {
        let status = attempt.close(&End::BEFORE_START, refused(obstacle), Inquiry::none())?;
        return Ok(Finish::Attempted { status: Box::new(status), asked: Asked::No });
    }
    let memory = OutOfMemoryCounter::start();
    let errand = Errand { job, command, threads: attempt.threads(), attempt: attempt.number() };
    let trainer = errand.start(&layout)?;
    let inquiry = Inquiry::start(&visible);
    let end = watch(trainer, &signals, attempt.claim())?;
    let evidence = Evidence {
        results: results::read(&layout.results()),
        log: log::tail(&layout.log(attempt.number())),
        out_of_memory: memory.has_grown(),
    };
    let verdict = judge(&end, evidence);
    Ok(Finish::Attempted { status: Box::new(attempt.close(&end, verdict, inquiry)?), asked: end.asked })
}

/// What becomes of a run whose trainer was not started.
fn refused(obstacle: Obstacle) -> Verdict {
    let Obstacle { cause, words } = obstacle;
    Verdict { state: State::Failed, cause, message: Some(words), results: None }
}
