//! The ranks of a run on several nodes of a Slurm cluster, as one process: one step of `srun` with a [`super::task`]
//! for each rank.
//!
//! Slurm tells a task its number, and the tasks write down in the [`Meeting`] how their ranks ended. What Slurm itself
//! sees as a failure is a task that could not: its node is lost, or it was killed with its rank. `--kill-on-bad-exit`
//! then ends the others.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use spec::layout::RunLayout;
use spec::{ExitCode, Failure, contract};

use super::end::{End, first_failure};
use super::meeting::Meeting;
use crate::alone::alone;
use crate::signal::StopRequest;
use crate::{logbook, run};

/// Time between two looks at `srun`.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Looks at `srun` for each one into the folder, which lies on a network's file system.
const LOOKS: u32 = 10;
/// How long the others have, when one has failed, to say that they failed first, and what is written to be seen here.
const GRACE: Duration = Duration::from_secs(5);
/// How long Slurm has to end a step.
const END_OF_STEP: Duration = Duration::from_mins(1);

/// Carries out the run in `directory` with `world` ranks on `nodes` nodes, as many on each.
///
/// # Errors
/// When there is no such run, when this is no job of Slurm, or when the ranks cannot be started.
pub fn carry_out(directory: &Path, cache: Option<&Path>, (world, nodes): (u32, u32)) -> Result<ExitCode, Failure> {
    // Said once for all ranks, and before anything is written.
    run::study(&run::read_spec(&RunLayout::new(directory))?)?;
    let stop = StopRequest::listen().map_err(|error| Failure::new(ExitCode::Bug, error))?;
    if world % nodes != 0 {
        let words = format!("{world} ranks (--ranks) do not spread evenly over {nodes} nodes (--nodes)");
        return Err(Failure::new(ExitCode::Usage, words));
    }
    check_job()?;
    let _alone = alone(&RunLayout::new(directory))?;
    let meeting = Meeting::prepare(directory)?;
    let srun = start(directory, cache, (world, nodes), &meeting.folder)?;
    let mut step = Step { srun, world, is_over: false };
    let end = step.watch(&stop, &meeting).map_err(|error| unable(&error))?;
    // In this order: a rank that still lives could write into the folder while it is removed.
    drop(step);
    drop(meeting);
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

fn start(directory: &Path, cache: Option<&Path>, (world, nodes): (u32, u32), meeting: &Path) -> Result<Child, Failure> {
    let own = std::env::current_exe().map_err(|error| unable(&error))?;
    // The other nodes know no /proc of this one; where the file was replaced since, they compare versions.
    let own = own.to_string_lossy().trim_end_matches(" (deleted)").to_owned();
    let mut command = Command::new(&own);
    command.arg("bound").arg("srun").args(options(world, nodes, cores_of_node()));
    command.arg(&own).arg("run").arg("--dir").arg(directory);
    if let Some(cache) = cache {
        command.arg("--cache").arg(cache);
    }
    command.env(contract::RENDEZVOUS, meeting).env(contract::LOCAL_RANKS, (world / nodes).to_string());
    command.env_remove(contract::RANK).stdin(Stdio::null());
    // Whoever asks this process's group to stop must not ask srun, which takes SIGTERM for an order to kill.
    command.process_group(0);
    command.spawn().map_err(|error| unable(&error))
}

/// Becomes the program `argv`, which gets SIGTERM when the process that started this one is gone: `srun` then ends its
/// step, so that no rank outlives its leader.
///
/// # Errors
/// When there is no such program.
pub fn become_bound(argv: &[std::ffi::OsString]) -> Failure {
    let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
    let error = Command::new(&argv[0]).args(&argv[1..]).exec();
    let words = format!("cannot start {}: {error}", argv[0].display());
    Failure::new(ExitCode::Unavailable, words)
        .hint("ranks on several nodes are started by Slurm's srun, which must be on PATH where the job runs")
}

/// Processor cores that the job has on each node, as Slurm says.
fn cores_of_node() -> Option<u32> {
    std::env::var("SLURM_CPUS_PER_TASK").ok()?.parse().ok()
}

/// Options of `srun` for `world` ranks on `nodes` nodes that have so many `cores` each.
fn options(world: u32, nodes: u32, cores: Option<u32>) -> Vec<String> {
    let local = world / nodes;
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
    world: u32,
    is_over: bool,
}

impl Step {
    /// Waits until the step is over, or one of the ranks has failed, and says how the run ended.
    fn watch(&mut self, stop: &StopRequest, meeting: &Meeting) -> std::io::Result<End> {
        let (mut ends, mut deadline, mut told) = (vec![None; self.world as usize], None, false);
        let mut look = 0_u32;
        loop {
            if let Some(status) = self.srun.try_wait()? {
                self.is_over = true;
                return Ok(self.conclude(status, meeting, &mut ends));
            }
            if look.is_multiple_of(LOOKS) {
                meeting.read(&mut ends);
            }
            if let Some((rank, end)) = first_failure(&ends)
                && Instant::now() >= *deadline.get_or_insert(Instant::now() + GRACE)
            {
                return Ok(self.say(rank, end));
            }
            if stop.is_asked() && !told {
                if !meeting.is_complete(self.world) {
                    logbook::say("asked to stop before all ranks had come; nothing is lost");
                    return Ok(End::Exit(ExitCode::Resume));
                }
                told = true;
                // Which srun passes on to the tasks, which pass it on to their ranks.
                self.send(Signal::USR2);
            }
            look = look.wrapping_add(1);
            std::thread::sleep(BETWEEN_LOOKS);
        }
    }

    /// How the run ended, whose step has: as the first rank, which alone knows, unless one has failed.
    fn conclude(&self, status: ExitStatus, meeting: &Meeting, ends: &mut [Option<End>]) -> End {
        let deadline = Instant::now() + GRACE;
        meeting.read(ends);
        while status.success() && ends.iter().any(Option::is_none) && Instant::now() < deadline {
            std::thread::sleep(BETWEEN_LOOKS);
            meeting.read(ends);
        }
        let failed = first_failure(ends);
        if status.success() {
            return failed
                .map_or_else(|| ends[0].unwrap_or(End::Exit(ExitCode::Bug)), |(rank, end)| self.say(rank, end));
        }
        let seen = of_srun(status);
        match failed {
            Some((rank, own)) if first_failure(&[Some(seen), Some(own)]).is_some_and(|(which, _)| which == 1) => {
                self.say(rank, own)
            }
            _ => {
                logbook::say(&format!("srun ended the step of {} ranks ({seen}), so the run ends here", self.world));
                seen
            }
        }
    }

    fn say(&self, rank: usize, end: End) -> End {
        logbook::say(&format!("rank {rank} of {} failed ({end}), so the run ends here", self.world));
        end
    }

    fn send(&self, signal: Signal) {
        let _ = kill_process(Pid::from_child(&self.srun), signal);
    }
}

impl Drop for Step {
    /// Ends the step: `srun` takes two interrupts within a second for that.
    fn drop(&mut self) {
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
    fn what_srun_says_of_a_task_that_was_killed_is_its_signal() {
        let srun = |code: i32| of_srun(ExitStatus::from_raw(code << 8));
        assert_eq!(srun(137), End::Signal(9));
        assert_eq!((srun(1), srun(66)), (End::Exit(ExitCode::Unavailable), End::of(ExitStatus::from_raw(66 << 8))));
    }
}
