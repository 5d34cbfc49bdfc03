//! `seedbed logs`: what a run has written to its log.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use spec::layout::RunLayout;
use spec::{ExitCode, RunId};

use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::locate;
use crate::output::{still_heard, talk};
use crate::state::{Observed, observe};
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

const PAUSE: Duration = Duration::from_millis(250);

/// Writes a run's log to stdout.
///
/// # Errors
/// When the run or its log cannot be found or read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let named = locate::run(&arguments.run, arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let layout = named.sweep.layout.run(named.run.id);
    let machine = Machine::here();
    let last = last_attempt(&layout, &machine, named.run.id, arguments.follow)?;
    let attempt = arguments.attempt.unwrap_or(last);
    let path = layout.log(attempt);
    // The attempt is recorded a moment before its log is there.
    while arguments.follow && attempt == last && !path.exists() && runs(&layout, &machine)? {
        thread::sleep(PAUSE);
    }
    let mut log = open(&path, attempt, last)?;
    loop {
        // Looked at before reading: what a run that has ended wrote last is then sure to be read.
        let goes_on = arguments.follow && attempt == last && runs(&layout, &machine)?;
        let mut text = Vec::new();
        log.read_to_end(&mut text).map_err(|error| FileError::read(&path, error))?;
        if !still_heard(&String::from_utf8_lossy(&text))? || !goes_on {
            return Ok(ExitCode::Done);
        }
        thread::sleep(PAUSE);
    }
}

/// The number of the run's last attempt; if `follow`, it is waited for until the run has begun.
fn last_attempt(layout: &RunLayout, machine: &Machine, run: RunId, follow: bool) -> Result<u32, CliError> {
    let mut told = false;
    loop {
        let seen = observe(layout, machine, SystemTime::now())?;
        let last = seen.status.iter().flat_map(|status| &status.attempts).map(|attempt| attempt.number).max();
        if let Some(last) = last {
            return Ok(last);
        }
        if !follow {
            return Err(CliError::new(ExitCode::Incomplete, format!("the run {run} was not started yet"))
                .hint("`--follow` waits until it begins"));
        }
        if !told {
            talk(&format!("the run {run} was not started yet: waiting until it begins"));
            told = true;
        }
        thread::sleep(PAUSE);
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

fn runs(layout: &RunLayout, machine: &Machine) -> Result<bool, FileError> {
    Ok(matches!(observe(layout, machine, SystemTime::now())?.state, Observed::Running(_)))
}
