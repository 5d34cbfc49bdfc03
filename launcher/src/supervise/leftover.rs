//! What a dead supervisor may have left running.
//!
//! The kernel kills the trainer with its supervisor, but not the processes that a trainer has started itself. They
//! carry the run's directory in their environment, and must be gone before somebody else writes there.

use std::fs;
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use spec::contract;

use super::error::SuperviseError;

const PATIENCE: Duration = Duration::from_secs(10);

/// Kills every process that was started for the run in `directory`, and waits until they are gone.
pub(super) fn kill(directory: &Path) -> Result<(), SuperviseError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = started_for(directory);
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            let source = io::Error::other(format!("process {} does not die", left[0].as_raw_nonzero()));
            return Err(SuperviseError::Process { what: "end what a dead supervisor left running", source });
        }
        for process in left {
            // A process that has ended since, or is somebody else's, is looked at again in the next turn.
            let _ = kill_process(process, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn started_for(directory: &Path) -> Vec<Pid> {
    let mut mark = format!("{}=", contract::RUN_DIRECTORY).into_bytes();
    mark.extend_from_slice(directory.as_os_str().as_encoded_bytes());
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let others = numbers.filter(|number: &i32| number.cast_unsigned() != std::process::id());
    others.filter(|number| carries(*number, &mark)).filter_map(Pid::from_raw).collect()
}

fn carries(process: i32, mark: &[u8]) -> bool {
    let environment = fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
    environment.split(|byte| *byte == 0).any(|variable| variable == mark)
}
