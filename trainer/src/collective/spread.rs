//! The ranks of a run on several nodes of a Slurm cluster, as one process: one step of `srun` with a task for each rank.
//!
//! Slurm tells a rank its number; the folder in which they meet lies in the run's directory, which all nodes see. Slurm does not
//! tell how each task ended, so a rank leaves a note there and then ends well, whatever its end. What Slurm then still sees as a
//! failure is a rank that could leave none: it was killed. `--kill-on-bad-exit` ends the others with it.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use spec::layout::RunLayout;
use spec::{ExitCode, Failure, contract};

use super::end::{End, first_failure};
use super::ranks;
use crate::failure::write_failure;
use crate::files::{WriteError, write_atomically};
use crate::logbook;
use crate::signal::StopRequest;

/// Time between two looks at `srun`.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Looks at `srun` for each one into the folder, which lies on a network's file system.
const LOOKS: u32 = 10;
/// How long the others have, when one has failed, to say that they failed first, and Slurm to say that one was killed.
const GRACE: Duration = Duration::from_secs(5);
/// How long Slurm has to end a step.
const END_OF_STEP: Duration = Duration::from_mins(1);

/// Carries out the run in `directory` with `world` ranks on `nodes` nodes, as many on each.
///
/// # Errors
/// When this is no job of Slurm, or the ranks cannot be started.
pub fn carry_out(directory: &Path, cache: Option<&Path>, (world, nodes): (u32, u32)) -> Result<ExitCode, Failure> {
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    if world % nodes != 0 {
        let words = format!("{world} ranks do not spread evenly over {nodes} nodes");
        return Err(Failure::new(ExitCode::Usage, words));
    }
    check_job()?;
    let meeting = Meeting::prepare(directory)?;
    let mut step = Step { srun: start(directory, cache, (world, nodes), &meeting.folder)?, is_over: false };
    let end = step.watch(&stop, |ends| meeting.read(world, ends)).map_err(|error| unable(&error))?;
    drop((step, meeting));
    Ok(end.follow())
}

fn unable(error: &std::io::Error) -> Failure {
    Failure::new(ExitCode::Unavailable, format!("cannot watch over srun: {error}"))
}

fn check_job() -> Result<(), Failure> {
    if std::env::var_os("SLURM_JOB_ID").is_some() {
        return Ok(());
    }
    let words = "ranks on several nodes are tasks of a Slurm job, and this is none";
    Err(Failure::new(ExitCode::Unavailable, words)
        .hint("`seedbed submit` makes one; without --nodes all ranks are here"))
}

/// The folder in which the ranks of one start meet, and leave their notes.
struct Meeting {
    folder: PathBuf,
}

impl Meeting {
    /// An empty folder. The run is claimed, so what lies there is of a start that is over.
    fn prepare(directory: &Path) -> Result<Self, Failure> {
        let folder = RunLayout::new(directory).ranks();
        let failed = |error| write_failure(WriteError::new(&folder, error));
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => fs::create_dir_all(&folder).map_err(failed)?,
        }
        Ok(Self { folder })
    }

    /// Adds the ends of the ranks that have left a note.
    fn read(&self, world: u32, ends: &mut Vec<Option<End>>) {
        ends.resize(world as usize, None);
        for (rank, end) in (0..).zip(ends.iter_mut()).filter(|(_, end)| end.is_none()) {
            let text = fs::read_to_string(note(&self.folder, rank)).ok();
            let code = text.and_then(|text| text.trim().parse().ok()).and_then(ExitCode::from_code);
            *end = code.map(End::Exit);
        }
    }
}

impl Drop for Meeting {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn note(folder: &Path, rank: u32) -> PathBuf {
    folder.join(format!("end-{rank}"))
}

/// Ends a rank with `exit`, or, where it is a task of a step, leaves a note of it and ends well.
pub fn leave(exit: ExitCode) -> ExitCode {
    match ranks::call() {
        Ok(Some(call)) if call.is_task => {
            let noted = write_atomically(&note(&call.rendezvous, call.rank), |file| write!(file, "{}", exit.code()));
            if noted.is_ok() { ExitCode::Done } else { exit }
        }
        _ => exit,
    }
}

fn start(directory: &Path, cache: Option<&Path>, (world, nodes): (u32, u32), meeting: &Path) -> Result<Child, Failure> {
    let local = (world / nodes).max(1);
    let own = std::env::current_exe().map_err(|error| unable(&error))?;
    let mut command = Command::new("srun");
    command.args(options(world, nodes, cores_of_node())).arg(own).arg("run").arg("--dir").arg(directory);
    if let Some(cache) = cache {
        command.arg("--cache").arg(cache);
    }
    command.env(contract::RENDEZVOUS, meeting).env(contract::LOCAL_RANKS, local.to_string()).stdin(Stdio::null());
    command.env_remove(contract::RANK);
    // Whoever asks this process's group to stop must not ask srun, which takes SIGTERM for an order to kill.
    command.process_group(0);
    command.spawn().map_err(|error| {
        let hint = "ranks on several nodes are started by Slurm's srun: it must be on PATH where the job runs, within a \
                    container too";
        Failure::new(ExitCode::Unavailable, format!("cannot start srun: {error}")).hint(hint)
    })
}

/// Processor cores that the job has on each node, as Slurm says.
fn cores_of_node() -> Option<u32> {
    std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok()
}

/// Options of `srun` for `world` ranks on `nodes` nodes that have so many `cores` each.
fn options(world: u32, nodes: u32, cores: Option<u32>) -> Vec<String> {
    let local = (world / nodes).max(1);
    let mut options = vec![
        format!("--nodes={nodes}"),
        format!("--ntasks={world}"),
        format!("--ntasks-per-node={local}"),
        "--kill-on-bad-exit=1".to_owned(),
        "--wait=0".to_owned(),
        // The job itself was given a clean environment; its ranks go by what the job has set up since.
        "--export=ALL".to_owned(),
        "--unbuffered".to_owned(),
    ];
    if let Some(cores) = cores {
        options.push(format!("--cpus-per-task={}", (cores / local).max(1)));
    }
    options
}

/// A step of the job, which does not outlive this.
struct Step {
    srun: Child,
    is_over: bool,
}

impl Step {
    /// Waits until the step is over, or one of the ranks has failed, and says how the run ended. `read` looks for the ranks' notes.
    fn watch(&mut self, stop: &StopRequest, read: impl Fn(&mut Vec<Option<End>>)) -> std::io::Result<End> {
        let (mut ends, mut deadline, mut told) = (Vec::new(), None, false);
        for look in 0_u32.. {
            let over = self.srun.try_wait()?;
            self.is_over = over.is_some();
            if self.is_over || look.is_multiple_of(LOOKS) {
                read(&mut ends);
            }
            let failed = first_failure(&ends);
            match over.map(|status| (status.success(), of_srun(status))) {
                // What Slurm calls a failure no rank could have said itself, unless one says more.
                Some((false, end)) => {
                    return Ok(say(failed.filter(|(_, own)| explains(*own, end)).unwrap_or((0, end))));
                }
                Some((true, _)) => return Ok(failed.map_or_else(|| last(&ends), say)),
                None => {}
            }
            if let Some(failed) = failed
                && Instant::now() >= *deadline.get_or_insert(Instant::now() + GRACE)
            {
                return Ok(say(failed));
            }
            if stop.is_asked() && !told {
                told = true;
                // Which srun passes on to the ranks; they take it as SIGTERM.
                self.send(Signal::USR2);
            }
            std::thread::sleep(BETWEEN_LOOKS);
        }
        unreachable!("invariant: a step ends before the looks at it are countless")
    }

    fn send(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.srun), signal);
    }

    /// Ends the step: `srun` takes two interrupts within a second for that.
    fn end(&mut self) {
        let deadline = Instant::now() + END_OF_STEP;
        while !self.is_over && Instant::now() < deadline {
            for _ in 0..2 {
                self.send(Signal::INT);
                std::thread::sleep(BETWEEN_LOOKS);
            }
            let soon = Instant::now() + GRACE;
            while !self.is_over && Instant::now() < soon {
                self.is_over = !matches!(self.srun.try_wait(), Ok(None));
                std::thread::sleep(BETWEEN_LOOKS);
            }
        }
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        self.end();
        if !self.is_over {
            self.send(Signal::KILL);
            let _ = self.srun.wait();
        }
    }
}

/// The end that `srun` reports: of a task that was killed it makes a code beyond 128.
fn of_srun(status: ExitStatus) -> End {
    match status.code() {
        Some(code) if code > 128 => End::Signal(code - 128),
        // srun itself failed, above all because Slurm does not start the step.
        Some(1) => End::Exit(ExitCode::Unavailable),
        _ => End::of(status),
    }
}

/// Whether a rank's own words say more than what Slurm has seen.
fn explains(own: End, seen: End) -> bool {
    first_failure(&[Some(seen), Some(own)]).is_some_and(|(which, _)| which == 1)
}

/// The end of a run whose ranks have all ended well: that of the first, which alone knows.
fn last(ends: &[Option<End>]) -> End {
    ends.first().copied().flatten().unwrap_or(End::Exit(ExitCode::Bug))
}

fn say((rank, end): (usize, End)) -> End {
    match end {
        End::Exit(_) => logbook::say(&format!("rank {rank} failed ({end}), so the run ends here")),
        End::Signal(_) => logbook::say(&format!("a rank was ended by {end}, so the run ends here")),
    }
    end
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use super::*;

    #[test]
    fn ranks_share_the_cores_of_their_node() {
        let options = |cores| options(8, 2, cores).join(" ");
        assert!(options(None).starts_with("--nodes=2 --ntasks=8 --ntasks-per-node=4 "));
        assert!(!options(None).contains("cpus"));
        assert!(options(Some(10)).ends_with(" --cpus-per-task=2"));
    }

    #[test]
    fn what_was_killed_explains_what_noticed_it() {
        let gone = End::Exit(ExitCode::Unavailable);
        let srun = |code: i32| of_srun(ExitStatus::from_raw(code << 8));
        assert!(!explains(gone, srun(137)));
        assert_eq!(srun(137), End::Signal(9));
        assert_eq!((srun(1), srun(66)), (gone, End::of(ExitStatus::from_raw(66 << 8))));
        assert!(explains(End::Exit(ExitCode::BadData), gone));
    }

    #[test]
    fn a_note_that_is_no_code_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let meeting = Meeting::prepare(folder.path()).unwrap();
        fs::write(note(&meeting.folder, 0), "75").unwrap();
        fs::write(note(&meeting.folder, 1), "").unwrap();
        let mut ends = Vec::new();
        meeting.read(3, &mut ends);
        assert_eq!(ends, [Some(End::Exit(ExitCode::Resume)), None, None]);
    }
}
