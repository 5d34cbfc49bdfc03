//! Whoever held a run before, and may not be gone yet.

use std::path::Path;
use std::time::{Duration, Instant};

use spec::ExitCode;

use crate::error::CliError;
use crate::lease::{self, Machine, RENEWAL, STALE};
use crate::output::talk;
use crate::signals::Signals;
use crate::supervise::{Asked, WATCHED};

/// Waits while another supervisor seems to hold the run, or the element of its evaluation, whose `claim` this is.
/// Returns how urgently this one was asked to leave meanwhile.
///
/// Slurm starts a job again when it believes that its node is lost. Whoever was on that node may be cut off and still
/// at work; it stops itself when it cannot renew its claim, and only a claim that was not renewed for long is taken
/// over.
pub(super) fn wait_for_predecessor(claim: &Path, machine: &Machine) -> Result<Asked, CliError> {
    if !claim.exists() {
        return Ok(Asked::No);
    }
    let unheard = |error| CliError::new(ExitCode::Unavailable, error);
    let signals = Signals::listen(&WATCHED).map_err(unheard)?;
    let deadline = Instant::now() + STALE + 2 * RENEWAL;
    let mut told = false;
    while let Some((holder, true)) = lease::look_now(claim, machine)? {
        if Instant::now() > deadline {
            break;
        }
        if !told {
            talk(&format!("{holder} is at work on it: waiting until it is gone"));
            told = true;
        }
        if let Some(signal) = signals.next(Duration::from_secs(2))
            && Asked::No.after(signal) > Asked::No
        {
            return Ok(Asked::No.after(signal));
        }
    }
    Ok(Asked::No)
}
