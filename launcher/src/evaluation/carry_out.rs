use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::SIGCHLD;
use spec::layout::SweepLayout;
use spec::{ExitCode, contract};

use super::element::{Element, Measure};
use super::record::{ElementRecord, End};
use crate::env;
use crate::files::{create_directory, write_record};
use crate::signals::Signals;
use crate::supervise::{Asked, SuperviseError};

/// How long nothing is looked at although no signal came.
const TICK: Duration = Duration::from_secs(1);

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

/// Has the `trainer` measure `element`, and writes down how that ended. What `signals` tell is passed on to it: it leaves as soon as
/// what it was at is safe. Returns how urgently it was asked to, too.
///
/// # Errors
/// The trainer cannot be started, or the record not be written.
pub fn carry_out(
    element: &Element,
    sweep: &SweepLayout,
    trainer: &Path,
    slot: &Slot,
    signals: &Signals,
) -> Result<(End, Asked), SuperviseError> {
    let run = sweep.run(element.run);
    let began = Instant::now();
    let mut command = tied_to_this_process(trainer);
    command.args(element.arguments()).arg("--dir").arg(run.directory());
    if matches!(element.measure, Measure::Pairs(_)) {
        command.arg("--to").arg(run.evaluation());
    }
    if let Some(threads) = slot.threads {
        command.env(contract::THREADS, threads.to_string());
    }
    if let Some(gpu) = &slot.gpu {
        command.env("CUDA_VISIBLE_DEVICES", gpu);
    }
    // Its rows stand in files; its words are for the person, or for the job's log.
    command.stdin(Stdio::null()).stdout(Stdio::null()).process_group(0);
    let child = command.spawn().map_err(|source| SuperviseError::Process { what: "start the trainer", source })?;
    let (status, asked) = wait(child, signals)?;
    let end = match status.code().and_then(ExitCode::from_code) {
        Some(ExitCode::Done) => End::Measured,
        Some(ExitCode::Incomplete) => End::Missing,
        Some(ExitCode::Resume) => End::Stopped,
        // What was killed because somebody asked so has not failed; what says why it failed has.
        None if asked > Asked::No => End::Stopped,
        _ => End::Failed,
    };
    let record = ElementRecord {
        schema: spec::SCHEMA,
        element: element.clone(),
        end,
        submission: slot.submission.clone(),
        task: slot.task.clone(),
        host: env::host(),
        ended: env::now(),
        seconds: began.elapsed().as_secs_f64(),
    };
    create_directory(&run.evaluation())?;
    write_record(&run.element(&element.folder()), &record)?;
    Ok((end, asked))
}

/// The trainer, which ends when this process does: what goes on alone would be in the way of whoever goes on after a kill.
fn tied_to_this_process(trainer: &Path) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg0("seedbed").args(["__child", "--parent"]).arg(std::process::id().to_string()).arg("--").arg(trainer);
    command
}

/// Waits for the end of `child`, which leads a process group of its own.
fn wait(mut child: Child, signals: &Signals) -> Result<(ExitStatus, Asked), SuperviseError> {
    let group = Pid::from_child(&child);
    let mut asked = Asked::No;
    loop {
        let status = child.try_wait();
        if let Some(status) =
            status.map_err(|source| SuperviseError::Process { what: "wait for the trainer", source })?
        {
            return Ok((status, asked));
        }
        match signals.next(TICK) {
            Some(SIGCHLD) | None => {}
            Some(signal) => {
                let urgency = asked.after(signal);
                if urgency > asked {
                    // That nobody is left to hear it is no failure.
                    let _ =
                        kill_process_group(group, if urgency == Asked::Killed { Signal::KILL } else { Signal::TERM });
                }
                asked = urgency;
            }
        }
    }
}
