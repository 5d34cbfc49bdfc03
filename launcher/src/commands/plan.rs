//! `seedbed plan`: the runs of a sweep, where they stand, and what is ahead.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use spec::ExitCode;
use spec::layout::SweepLayout;

use crate::error::CliError;
use crate::lease::Machine;
use crate::output::{print, talk};
use crate::plan::{Difference, Overview};
use crate::state;
use crate::sweep::{ROOT_VARIABLE, Sweep, sweep_directory};

/// Arguments of `seedbed plan`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The sweep file
    sweep: PathBuf,
    /// Set a key over what the file says
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
    /// Where sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// How to write the plan
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// List every run, however many there are
    #[arg(long)]
    runs: bool,
}

/// How a plan is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people.
    Table,
    /// One JSON object.
    Json,
}

/// Shows the plan; nothing is written to disk.
///
/// # Errors
/// Everything that is wrong with the file, or records on disk that cannot be read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = Sweep::load(&arguments.sweep, &arguments.overrides)?;
    for warning in &sweep.warnings {
        talk(&format!("warning: {warning}"));
    }
    let layout = SweepLayout::new(sweep_directory(&arguments.sweep, &sweep.name, arguments.root.as_deref()));
    let (machine, now) = (Machine::here(), SystemTime::now());
    let difference = Difference::between(&sweep, &layout, &|run| state::observe(run, &machine, now))?;
    let overview = Overview::new(&sweep, &layout, &difference);
    let text = match arguments.format {
        Format::Table => overview.render(arguments.runs),
        Format::Json => {
            let json = serde_json::to_string_pretty(&overview).map_err(|error| CliError::new(ExitCode::Bug, error))?;
            json + "\n"
        }
    };
    print(&text)?;
    Ok(ExitCode::Done)
}
