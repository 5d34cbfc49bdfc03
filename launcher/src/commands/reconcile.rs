//! `seedbed reconcile`: find out what became of submissions without an answer.

use std::path::PathBuf;

use clap::Args;
use spec::ExitCode;

use crate::cluster::{self, Sites};
use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger;
use crate::locate;
use crate::output::{counted, print};
use crate::sweep::ROOT_VARIABLE;
use crate::writer::SweepWriter;

/// Arguments of `seedbed reconcile`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// Give up now what is not found. Should it arrive after all, it does nothing
    #[arg(long)]
    abandon: bool,
}

/// Looks for every submission without an answer: adopts what is found, gives up what is too old to come, and cancels what
/// arrived after it was given up.
///
/// # Errors
/// When the sweep cannot be found or is in use, or Slurm does not answer.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let (mut writer, mut news) = SweepWriter::reopen(sweep.layout.clone(), sweep.plan, &Machine::here())?;
    let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
    let settled = Sites::any().settle(&mut writer, &submissions, arguments.abandon)?;
    news.extend(settled.news);
    let open = settled.open;
    if open > 0 {
        news.push(format!("{} still without an answer", counted(open, "submission")));
    } else if news.is_empty() {
        news.push("every submission has its answer".to_owned());
    }
    print(&(news.join("\n") + "\n"))?;
    Ok(if open > 0 { ExitCode::Resume } else { ExitCode::Done })
}
