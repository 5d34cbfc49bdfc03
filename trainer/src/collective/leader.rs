//! The ranks of a run on this machine, as one process: it starts them, passes on what it is told, and ends as they end.
//!
//! When one fails, the others cannot go on; they are ended too, and the leader ends as the one whose failure was first: with its
//! exit code, or by the same signal. So whoever started the leader sees one run with one end.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getpid, kill_process};
use spec::{ExitCode, Failure, contract};
use tempfile::TempDir;

use crate::logbook;
use crate::signal::StopRequest;

/// Time between two looks at the ranks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How long the others have, when one has failed, to say that they failed first.
const GRACE: Duration = Duration::from_secs(1);

/// Carries out the run in `directory` with `world` ranks.
///
/// # Errors
/// When they cannot be started.
pub fn carry_out(directory: &Path, cache: Option<&Path>, world: u32) -> Result<ExitCode, Failure> {
    let unable = |error| Failure::new(ExitCode::Unavailable, error);
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let rendezvous = tempfile::Builder::new().prefix("seedbed-rendezvous").tempdir().map_err(unable)?;
    let mut ranks = Ranks { children: Vec::new(), ends: vec![None; world as usize], told: false };
    for rank in 0..world {
        ranks.children.push(start(directory, cache, (rank, world), &rendezvous).map_err(unable)?);
    }
    let failed = ranks.watch(&stop).map_err(unable)?;
    drop(rendezvous);
    match failed {
        // All others end as the first does, which alone knows how the run ended.
        None => Ok(exit_of(ranks.ends[0].expect("invariant: all ranks have ended"))),
        Some((rank, end)) => {
            logbook::say(&format!("rank {rank} of {world} failed ({end}), so the run ends here"));
            drop(ranks);
            if let Some(signal) = end.signal().and_then(Signal::from_named_raw) {
                // Whoever watches must see what happened to the rank. Should the signal not end this process, the code says 70.
                let _ = kill_process(getpid(), signal);
                std::thread::sleep(GRACE);
            }
            Ok(exit_of(end))
        }
    }
}

fn start(
    directory: &Path,
    cache: Option<&Path>,
    (rank, world): (u32, u32),
    rendezvous: &TempDir,
) -> std::io::Result<Child> {
    // The running program itself, also when its file was replaced since it was started.
    let mut command = Command::new("/proc/self/exe");
    command.arg("run").arg("--dir").arg(directory).stdin(Stdio::null());
    if let Some(cache) = cache {
        command.arg("--cache").arg(cache);
    }
    command.env(contract::RENDEZVOUS, rendezvous.path());
    for (name, value) in [(contract::RANK, rank), (contract::RANKS, world), (contract::LOCAL_RANK, rank)] {
        command.env(name, value.to_string());
    }
    command.spawn()
}

fn exit_of(end: ExitStatus) -> ExitCode {
    end.code().and_then(ExitCode::from_code).unwrap_or(ExitCode::Bug)
}

/// The ranks, of which none outlives this.
struct Ranks {
    children: Vec<Child>,
    ends: Vec<Option<ExitStatus>>,
    told: bool,
}

impl Ranks {
    /// Waits until all have ended well, or one has not: which, and how.
    fn watch(&mut self, stop: &StopRequest) -> std::io::Result<Option<(usize, ExitStatus)>> {
        let mut deadline = None;
        loop {
            for (child, end) in self.children.iter_mut().zip(&mut self.ends) {
                if end.is_none() {
                    *end = child.try_wait()?;
                }
            }
            let failed = self.first_failure();
            if self.ends.iter().all(Option::is_some) {
                return Ok(failed);
            }
            if failed.is_some() && Instant::now() >= *deadline.get_or_insert(Instant::now() + GRACE) {
                return Ok(failed);
            }
            if stop.is_asked() && !self.told {
                self.told = true;
                self.send(Signal::TERM);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// The failure that the others follow from: a rank that was killed could not say anything, and one that only lost another
    /// says "not available".
    fn first_failure(&self) -> Option<(usize, ExitStatus)> {
        let failures = self.ends.iter().enumerate().filter_map(|(rank, end)| Some((rank, (*end)?)));
        failures.filter(|(_, end)| weight(*end) > 0).max_by_key(|(rank, end)| (weight(*end), usize::MAX - rank))
    }

    fn send(&self, signal: Signal) {
        for (child, end) in self.children.iter().zip(&self.ends) {
            if end.is_none() {
                let _ = kill_process(Pid::from_child(child), signal);
            }
        }
    }
}

/// How much an end explains; 0 for a good one.
fn weight(end: ExitStatus) -> u32 {
    match end.code().map(|_| exit_of(end)) {
        Some(ExitCode::Done | ExitCode::Resume | ExitCode::Diverged) => 0,
        Some(ExitCode::Unavailable) => 1,
        Some(_) => 2,
        None => 3,
    }
}

impl Drop for Ranks {
    fn drop(&mut self) {
        self.send(Signal::KILL);
        for child in &mut self.children {
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranks(ends: &[Option<i32>]) -> Ranks {
        let ends = ends.iter().map(|raw| raw.map(ExitStatus::from_raw)).collect();
        Ranks { children: Vec::new(), ends, told: false }
    }

    #[test]
    fn the_failure_that_explains_the_others_is_the_runs() {
        let code = |code: i32| Some(code << 8);
        let first = |ends: &[Option<i32>]| ranks(ends).first_failure().map(|(rank, _)| rank);
        assert_eq!(first(&[code(0), code(75), code(76), None]), None);
        // Rank 2 was killed, the others noticed.
        assert_eq!(first(&[code(69), code(69), Some(9), None]), Some(2));
        assert_eq!(first(&[code(69), code(73)]), Some(1));
        assert_eq!(first(&[None, code(69), code(69)]), Some(1));
    }
}
