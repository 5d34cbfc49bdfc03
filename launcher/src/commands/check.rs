//! `seedbed check`: is this sweep file right?

use std::path::PathBuf;

use clap::Args;
use spec::ExitCode;

use crate::error::CliError;
use crate::output::{counted, print, talk};
use crate::sweep::Sweep;

/// Arguments of `seedbed check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The sweep file
    sweep: PathBuf,
    /// Set a key over what the file says
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

/// Checks the sweep file and says how many runs it has.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = Sweep::load(&arguments.sweep, &arguments.overrides)?;
    for warning in &sweep.warnings {
        talk(&format!("warning: {warning}"));
    }
    let (runs, seeds) = (counted(sweep.runs.len(), "run"), counted(sweep.seeds.len(), "seed"));
    let factors: Vec<String> =
        sweep.factors.iter().map(|factor| format!("{} ({})", factor.name, factor.levels.len())).collect();
    let factors = if factors.is_empty() { "none".to_owned() } else { factors.join(", ") };
    print(&format!("{}: {runs}, {seeds}, factors: {factors}\n", sweep.name))?;
    if let Some(preset) = &sweep.preset {
        print(&preset.lines())?;
    }
    Ok(ExitCode::Done)
}
