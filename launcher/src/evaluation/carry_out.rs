//! One measurement of a run, from its claim to its record.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use spec::layout::{RunLayout, SweepLayout};
use spec::{ExitCode, contract};

use super::element::{Element, Measure};
use super::record::{ElementRecord, End, results_of};
use crate::env;
use crate::files::{create_directory, write_record};
use crate::lease::{Holder, Lease, Machine};
use crate::signals::Signals;
use crate::supervise::{self, Asked, SuperviseError, tied_trainer};

/// What the trainer may use, and on whose account.
#[derive(Debug, Clone, Default)]
pub struct Slot {
    /// GPUs, as `CUDA_VISIBLE_DEVICES` names them.
    pub gpu: Option<String>,
    /// Processor threads; as many as it likes where nobody says.
    pub threads: Option<u32>,
    /// The submission to Slurm.
    pub submission: Option<String>,
    /// The task of Slurm.
    pub task: Option<String>,
}

/// How the measurement of an element ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What became of the element.
    pub end: End,
    /// How the trainer failed, where it did.
    pub reason: Option<String>,
    /// How urgently the trainer was asked to leave.
    pub asked: Asked,
}

/// Has the `trainer` measure `element`, and writes down how that ended. What `signals` tell is passed on to it: it
/// leaves as soon as what it was at is safe.
///
/// Whoever measures an element claims it first, here and on the nodes of a cluster alike.
///
/// # Errors
/// [`SuperviseError::Held`]: another process measures it. The trainer cannot be started, or the record not be written.
pub fn carry_out(
    element: &Element,
    sweep: &SweepLayout,
    trainer: &Path,
    slot: &Slot,
    signals: &Signals,
) -> Result<Ended, SuperviseError> {
    let run = sweep.run(element.run);
    create_directory(&run.evaluation())?;
    let machine = Machine::here();
    let holder = Holder::this_process(&machine, None, env::now(), env::token());
    let claim = Lease::acquire(&run.element_claim(&element.folder()), holder, &machine)?.lease;
    let began = Instant::now();
    let child = command(element, &run, trainer, slot).spawn();
    let child = child.map_err(|source| SuperviseError::Process { what: "start the trainer", source })?;
    let ended = supervise::watch(child, signals, &claim)?;
    let end = match ended.exit_code.and_then(ExitCode::from_code) {
        Some(ExitCode::Done) => End::Measured,
        Some(ExitCode::Incomplete) => End::Missing,
        Some(ExitCode::Resume) => End::Stopped,
        // What was killed because somebody asked so has not failed; what says why it failed has.
        None if ended.asked > Asked::No => End::Stopped,
        _ => End::Failed,
    };
    let reason = (end == End::Failed).then(|| supervise::end_in_words(&ended));
    let results = if end == End::Measured { results_of(sweep, element)? } else { None };
    let record = ElementRecord {
        schema: spec::SCHEMA,
        element: element.clone(),
        end,
        reason: reason.clone(),
        results,
        submission: slot.submission.clone(),
        task: slot.task.clone(),
        host: env::host(),
        ended: env::now(),
        seconds: began.elapsed().as_secs_f64(),
    };
    if !claim.is_ours()? {
        return Err(SuperviseError::Fenced);
    }
    write_record(&run.element(&element.folder()), &record)?;
    Ok(Ended { end, reason, asked: ended.asked })
}

/// The trainer, told to measure `element` of `run`.
fn command(element: &Element, run: &RunLayout, trainer: &Path, slot: &Slot) -> Command {
    let mut command = tied_trainer(slot.gpu.as_deref());
    command.arg(trainer).args(element.arguments()).arg("--dir").arg(run.directory());
    if matches!(element.measure, Measure::Pairs(_)) {
        command.arg("--to").arg(run.evaluation());
    }
    if let Some(threads) = slot.threads {
        command.env(contract::THREADS, threads.to_string());
    }
    // Its rows stand in files; its words are for the person, or for the job's log.
    command.stdout(Stdio::null());
    command
}
