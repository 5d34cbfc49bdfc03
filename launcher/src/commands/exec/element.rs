//! `seedbed exec --evaluate`: one task of one run that is done.

use std::time::SystemTime;

use spec::ExitCode;
use spec::layout::SweepLayout;

use super::Arguments;
use super::predecessor::wait_for_predecessor;
use super::slurm_task::SlurmTask;
use crate::array;
use crate::env;
use crate::error::CliError;
use crate::evaluation::{self, End, Ended, Slot};
use crate::lease::Machine;
use crate::output::talk;
use crate::signals::Signals;
use crate::state::{Observed, observe};
use crate::supervise::{self, Asked, SuperviseError, WATCHED};

/// Measures the element at the line that is asked for. A task that was warned, and left what it can go on from, comes
/// back.
pub(super) fn measure(
    arguments: &Arguments,
    sweep: &SweepLayout,
    task: Option<&SlurmTask>,
) -> Result<ExitCode, CliError> {
    let element = array::read_element(&arguments.array, arguments.index)?;
    let what = format!("{} of run {}", element.folder(), element.run);
    let (run, machine) = (sweep.run(element.run), Machine::here());
    let seen = observe(&run, &machine, SystemTime::now())?;
    if seen.state != Observed::Done {
        talk(&format!("{what}: the run is {}, and only what is done can be measured", seen.state.name()));
        return Ok(ExitCode::Incomplete);
    }
    if let Some(task) = task {
        let asked = wait_for_predecessor(&run.element_claim(&element.folder()), &machine)?;
        if asked > Asked::No {
            talk(&format!("{what}: not begun: it was asked to leave while it waited"));
            if asked == Asked::Warned {
                task.requeue(0, &talk);
            }
            return Ok(ExitCode::Resume);
        }
    }
    let signals = Signals::listen(&WATCHED).map_err(|error| CliError::new(ExitCode::Unavailable, error))?;
    let slot = Slot {
        gpu: arguments.gpu.clone().or_else(|| task?.gpus.clone()),
        threads: Some(arguments.threads.unwrap_or_else(env::cores)),
        submission: arguments.array.file_stem().map(|name| name.to_string_lossy().into_owned()),
        task: task.map(|task| task.job.to_string()),
    };
    let carried_out = evaluation::carry_out(&element, sweep, &supervise::locate_trainer()?, &slot, &signals);
    let Ended { end, reason, asked } = match carried_out {
        Err(SuperviseError::Held(holder)) => {
            talk(&format!("{what}: {holder} is measuring it"));
            return Ok(ExitCode::Busy);
        }
        other => other?,
    };
    let (word, code) = match end {
        End::Measured => ("measured", ExitCode::Done),
        End::Missing => ("has no score", ExitCode::Incomplete),
        End::Stopped => ("stopped", ExitCode::Resume),
        End::Failed => ("failed", ExitCode::Incomplete),
    };
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    talk(&format!("{what}: {word}{reason}"));
    if let Some(task) = task.filter(|_| end == End::Stopped && asked <= Asked::Warned) {
        task.requeue(task.restarts + 1, &talk);
    }
    Ok(code)
}
