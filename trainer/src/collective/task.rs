//! A task of the step of [`super::spread`]: it carries out its rank in a process of its own and writes down how that
//! ended, since Slurm tells the leader of the worst end only, and not of whom.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use spec::{ExitCode, Failure};

use super::call::Call;
use super::end::End;
use super::{leader, meeting};
use crate::failure::write_failure;
use crate::signal::StopRequest;

/// Time between two looks at the rank.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Carries out the rank that `call` asks for. The task itself ends well, however the rank ended.
///
/// # Errors
/// When the rank cannot be started or watched, or its end cannot be written down.
pub fn carry_out(directory: &Path, cache: Option<&Path>, call: &Call) -> Result<ExitCode, Failure> {
    let unable = |error: std::io::Error| Failure::new(ExitCode::Unavailable, error);
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let place = [call.rank, call.world, call.local_rank, call.local_world];
    let mut rank = leader::start(directory, cache, place, &call.rendezvous).map_err(unable)?;
    let mut told = false;
    let end = loop {
        if let Some(status) = rank.try_wait().map_err(unable)? {
            break End::of(status);
        }
        if stop.is_asked() && !told {
            told = true;
            let _ = kill_process(Pid::from_child(&rank), Signal::TERM);
        }
        std::thread::sleep(BETWEEN_LOOKS);
    };
    meeting::write_down(&call.rendezvous, call.rank, end).map_err(write_failure)?;
    Ok(ExitCode::Done)
}
