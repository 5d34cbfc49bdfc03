//! `seedbed retry`: hand over again what ended for a reason that a person names.

use std::path::PathBuf;

use clap::Args;
use slurm::resources::{Memory, TimeLimit};
use spec::ExitCode;

use super::submit::{self, Choice, Errand};
use crate::cluster::{Change, Changes, HERE};
use crate::error::CliError;
use crate::ledger::EndWord;
use crate::local::Condition;
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed retry`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The sweep file
    sweep: PathBuf,
    /// Set a key of the sweep file, as for `seedbed submit`
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Why they ended the last time: failed (whatever failure), diverged, out-of-memory, gpu-out-of-memory, timeout,
    /// preemption, node-failure, cancelled, lost, not-begun, bad-spec, bad-data, unavailable, cannot-write,
    /// program-error, no-results; several count all
    #[arg(long = "cause", value_name = "CAUSE", required = true, value_delimiter = ',')]
    causes: Vec<EndWord>,
    /// Memory in place of what `[retry]` gives: an amount such as 24G, or x1.5 for so many times what the sweep asks
    /// for
    #[arg(long, value_name = "AMOUNT")]
    memory: Option<Change<Memory>>,
    /// Time in place of what `[retry]` gives: a limit such as 4h, or x2 for so many times what the sweep asks for
    #[arg(long, value_name = "LIMIT")]
    time: Option<Change<TimeLimit>>,
    /// The cluster: the name of a profile, or `here`
    #[arg(long, value_name = "NAME", default_value = HERE)]
    site: String,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL[,LEVEL]")]
    conditions: Vec<Condition>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
}

/// Hands over again, whatever the counts of `[retry]` say, the runs whose last end had one of the causes.
///
/// # Errors
/// As `seedbed submit`.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let errand = Errand::prepare(&submit::Arguments {
        sweep: arguments.sweep.clone(),
        set: arguments.set.clone(),
        root: arguments.root.clone(),
        site: arguments.site.clone(),
        conditions: arguments.conditions.clone(),
        limit: None,
        retry: vec![EndWord::FAILED, EndWord::DIVERGED],
        dry_run: false,
        then_report: false,
    })?;
    let changes = Changes { memory: arguments.memory, time: arguments.time };
    let mut submitted = errand.submit(Choice::Ended(&arguments.causes, &changes))?;
    if submitted.is_nothing_meant() {
        let words: Vec<&str> = arguments.causes.iter().map(|cause| cause.name()).collect();
        submitted.news.push(format!("no run that is neither done nor on its way ended as {}", words.join(" or ")));
    }
    submitted.tell(&errand.layout)
}
