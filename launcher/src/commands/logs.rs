//! `seedbed logs`: what a run has written to its log.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use spec::layout::{RunLayout, SweepLayout};
use spec::{ExitCode, RunId};

use crate::cluster::{self, Extent, Submission};
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::ledger;
use crate::locate::{self, FrozenSweep};
use crate::output::{still_heard, talk};
use crate::state::{Observation, Observed, observe};
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed logs`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Beginning of the run's id
    run: String,
    /// Go on while the run writes; wait for it if it has not begun
    #[arg(long, short)]
    follow: bool,
    /// The attempt, from 1 [default: the last]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    attempt: Option<u32>,
    /// A sweep file, or the directory of a sweep [default: those that are here]
    #[arg(long)]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
}

/// Writes a run's log to stdout.
///
/// # Errors
/// When the run or its log cannot be found or read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let named = locate::run(&arguments.run, arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let source = Source::of(&named.sweep, named.run.id)?;
    let last = source.last_attempt(arguments.follow)?;
    let attempt = arguments.attempt.unwrap_or(last);
    let path = source.layout.log(attempt);
    let follow = arguments.follow && attempt == last;
    // The attempt is recorded a moment before its log is there.
    while follow && !path.exists() && source.goes_on()? {
        thread::sleep(source.pause);
    }
    let mut told = 0;
    loop {
        // Looked at before reading: what a run that has ended wrote last is then sure to be read.
        let goes_on = follow && source.goes_on()?;
        // Opened anew each time: what came from a far site has taken the file's place.
        let mut log = open(&path, attempt, last)?;
        let mut bytes = Vec::new();
        let read = log.seek(SeekFrom::Start(told)).and_then(|_| log.read_to_end(&mut bytes));
        told += read.map_err(|error| FileError::read(&path, error))? as u64;
        // As they are: the last of them may be the first half of a character.
        if !still_heard(&bytes)? || !goes_on {
            return Ok(ExitCode::Done);
        }
        thread::sleep(source.pause);
    }
}

/// Where a run's records and logs come from.
struct Source {
    run: RunId,
    sweep: SweepLayout,
    layout: RunLayout,
    machine: Machine,
    submissions: Vec<Submission>,
    /// Between two looks.
    pause: Duration,
}

impl Source {
    fn of(sweep: &FrozenSweep, run: RunId) -> Result<Self, CliError> {
        let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
        let (sweep, layout) = (sweep.layout.clone(), sweep.layout.run(run));
        // Each look at a far site is a listing of all that is there.
        let far = cluster::is_far(&sweep, &submissions, run)?;
        let pause = if far { Duration::from_secs(5) } else { Duration::from_millis(250) };
        Ok(Self { run, sweep, layout, machine: Machine::here(), submissions, pause })
    }

    /// How the run stands, after what it has written at a far site was brought here.
    fn look(&self) -> Result<Observation, CliError> {
        cluster::fetch(&self.sweep, &self.submissions, Extent::Run(self.run))?;
        Ok(observe(&self.layout, &self.machine, SystemTime::now())?)
    }

    /// Whether the run is carried out now.
    fn goes_on(&self) -> Result<bool, CliError> {
        Ok(matches!(self.look()?.state, Observed::Running(_)))
    }

    /// The number of the run's last attempt; if `follow`, it is waited for until the run has begun.
    fn last_attempt(&self, follow: bool) -> Result<u32, CliError> {
        let run = self.run;
        let mut told = false;
        loop {
            let seen = self.look()?;
            let last = seen.status.iter().flat_map(|status| &status.attempts).map(|attempt| attempt.number).max();
            if let Some(last) = last {
                return Ok(last);
            }
            if !follow {
                return Err(CliError::new(ExitCode::Incomplete, format!("the run {run} was not started yet")).hint(
                    format!("`--follow` waits until it begins; `seedbed explain {run}` says how its job stands"),
                ));
            }
            if !told {
                talk(&format!("the run {run} was not started yet: waiting until it begins"));
                told = true;
            }
            thread::sleep(self.pause);
        }
    }
}

fn open(path: &Path, attempt: u32, last: u32) -> Result<File, CliError> {
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            CliError::new(ExitCode::Usage, format!("attempt {attempt} has no log")).hint(match last {
                1 => "there was one attempt".to_owned(),
                last => format!("there were {last} attempts"),
            })
        }
        _ => FileError::read(path, error).into(),
    })
}
