//! `seedbed explain`: why a run stands as it does, and what to do next.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use spec::ExitCode;

use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger;
use crate::locate;
use crate::output::print;
use crate::state::observe;
use crate::story;
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Beginning of the run's id
    run: String,
    /// A sweep file, or the directory of a sweep [default: those that are here]
    #[arg(long)]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
}

/// Tells the story of a run.
///
/// # Errors
/// When the run cannot be found, or its records or the ledger cannot be read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let named = locate::run(&arguments.run, arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let layout = &named.sweep.layout;
    let seen = observe(&layout.run(named.run.id), &Machine::here(), SystemTime::now())?;
    let history = ledger::read(&layout.ledger())?;
    print(&story::tell(&named, &seen, &history))?;
    Ok(ExitCode::Done)
}
