//! The whole way of one run, on one page: look, claim, start, watch, judge, write down.

use std::time::SystemTime;

use spec::layout::RunLayout;
use spec::status::State;

use super::attempt::ClaimedRun;
use super::error::SuperviseError;
use super::job::{Finish, Job};
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
use crate::state::observe_strictly;

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
