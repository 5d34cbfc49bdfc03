//! `seedbed submit`: the runs of a sweep on a cluster.
//!
//! An [`errand`] is what was checked and can be done; [`known`] is what it finds out before, a [`choice`] says which
//! runs it concerns, [`selection`] what each of them asks for; [`submitted`] tells what came of it, and [`dry_run`]
//! what would come.

use std::path::PathBuf;

use clap::Args;
use spec::ExitCode;

use crate::cluster::HERE;
use crate::error::CliError;
use crate::ledger::EndWord;
use crate::local::Condition;
use crate::sweep::ROOT_VARIABLE;

mod choice;
mod dry_run;
mod errand;
mod known;
mod selection;
mod submitted;

pub(super) use self::choice::{Choice, Restraint};
pub(super) use self::errand::{Errand, limits};
pub(super) use self::known::settle;
pub(super) use self::selection::shortfalls;
pub(super) use self::submitted::Submitted;

/// Arguments of `seedbed submit`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The sweep file
    pub(super) sweep: PathBuf,
    /// Set a key of the sweep file: --set train.steps=100
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Where the directories of sweeps lie; the nodes must see it by the same path [default: sweeps/ beside the sweep
    /// file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    pub(super) root: Option<PathBuf>,
    /// The cluster: the name of a profile, ~/.config/seedbed/sites/NAME.toml; `here` is the Slurm of this machine
    #[arg(long, value_name = "NAME", default_value = HERE)]
    pub(super) site: String,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL[,LEVEL]")]
    pub(super) conditions: Vec<Condition>,
    /// At most so many runs, the first of the plan first
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Carry out again what ended as these words of `retry --cause` say, such as failed; the interrupted goes on
    /// unasked
    #[arg(long, value_name = "CAUSE", value_delimiter = ',')]
    pub(super) retry: Vec<EndWord>,
    /// Print the scripts and what they would cost; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Have Slurm write the report, too, once all that is in the queue has ended
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) then_report: bool,
}

/// Submits the runs that are neither finished nor in the queue.
///
/// # Errors
/// When the sweep is wrong or in use, or Slurm does not answer.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let errand = Errand::prepare(arguments)?;
    if arguments.dry_run {
        return errand.dry_run();
    }
    errand.submit(Choice::Asked)?.tell(&errand.layout)
}
