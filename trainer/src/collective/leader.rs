//! The ranks of a run on this machine, as one process: it starts them, passes on what it is told, and ends as they end.
//!
//! When one fails, the others cannot go on; they are ended too, and the leader ends as the one whose failure was first:
//! with its exit code, or by the same signal. So whoever started the leader sees one run with one end.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use spec::layout::RunLayout;
use spec::{ExitCode, Failure, contract};

use super::end::{End, first_failure};
use super::meeting::Meeting;
use crate::alone::alone;
use crate::signal::StopRequest;
use crate::{logbook, run};

/// Time between two looks at the ranks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How long the others have, when one has failed, to say that they failed first.
const GRACE: Duration = Duration::from_secs(1);

/// Carries out the run in `directory` with `world` ranks.
///
/// # Errors
/// When there is no such run, or its ranks cannot be started.
pub fn carry_out(directory: &Path, cache: Option<&Path>, world: u32) -> Result<ExitCode, Failure> {
    let unable = |error| Failure::new(ExitCode::Unavailable, error);
    // Said once for all ranks, and before anything is written.
    run::study(&run::read_spec(&RunLayout::new(directory))?)?;
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    let _alone = alone(&RunLayout::new(directory))?;
    let meeting = Meeting::prepare(directory)?;
    let mut ranks = Ranks { children: Vec::new(), ends: vec![None; world as usize], told: false };
    for rank in 0..world {
        let place = [rank, world, rank, world];
        ranks.children.push(start(directory, cache, place, &meeting.folder).map_err(unable)?);
    }
    let failed = ranks.watch(&stop).map_err(unable)?;
    let end = match failed {
        // All others end as the first does, which alone knows how the run ended.
        None => ranks.ends[0].expect("invariant: all ranks have ended"),
        Some((rank, end)) => {
            logbook::say(&format!("rank {rank} of {world} failed ({end}), so the run ends here"));
            end
        }
    };
    // In this order: a rank that still lives could write into the folder while it is removed.
    drop(ranks);
    drop(meeting);
    Ok(end.follow())
}

/// Where a rank stands: its number and how many there are, in all and on its machine.
const PLACE: [&str; 4] = [contract::RANK, contract::RANKS, contract::LOCAL_RANK, contract::LOCAL_RANKS];

/// Starts the rank that stands at `place` ([`PLACE`]).
pub(super) fn start(
    directory: &Path,
    cache: Option<&Path>,
    place: [u32; 4],
    rendezvous: &Path,
) -> std::io::Result<Child> {
    // The running program itself, also when its file was replaced since it was started.
    let mut command = Command::new("/proc/self/exe");
    command.arg0(format!("seedbed-trainer-rank-{}", place[0]));
    command.arg("run").arg("--dir").arg(directory).stdin(Stdio::null());
    if let Some(cache) = cache {
        command.arg("--cache").arg(cache);
    }
    command.env(contract::RENDEZVOUS, rendezvous);
    for (name, value) in PLACE.into_iter().zip(place) {
        command.env(name, value.to_string());
    }
    command.spawn()
}

/// The ranks, of which none outlives this.
struct Ranks {
    children: Vec<Child>,
    ends: Vec<Option<End>>,
    told: bool,
}

impl Ranks {
    /// Waits until all have ended well, or one has not: which, and how.
    fn watch(&mut self, stop: &StopRequest) -> std::io::Result<Option<(usize, End)>> {
        let mut deadline = None;
        loop {
            for (child, end) in self.children.iter_mut().zip(&mut self.ends) {
                if end.is_none() {
                    *end = child.try_wait()?.map(End::of);
                }
            }
            let failed = first_failure(&self.ends);
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

    fn send(&self, signal: Signal) {
        for (child, end) in self.children.iter().zip(&self.ends) {
            if end.is_none() {
                let _ = kill_process(Pid::from_child(child), signal);
            }
        }
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
    use crate::collective::spread;

    #[test]
    fn a_run_that_is_not_there_is_said_once_and_nothing_is_written() {
        let home = tempfile::tempdir().unwrap();
        let typo = home.path().join("typo");
        let alone = run::read_spec(&RunLayout::new(&typo)).unwrap_err().render();
        for failure in [carry_out(&typo, None, 2), spread::carry_out(&typo, None, (4, 2))] {
            let failure = failure.unwrap_err();
            assert_eq!((failure.exit(), failure.render()), (ExitCode::BadSpec, alone.clone()));
        }
        assert!(!typo.exists());
    }
}
