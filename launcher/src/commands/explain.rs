//! `seedbed explain`: why a run stands as it does, and what to do next.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use spec::ExitCode;

use crate::cluster::{self, Extent, Fate, Sites, Submission, TaskView};
use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger::{self, History};
use crate::locate::{self, NamedRun};
use crate::output::{print, talk};
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
    let history = ledger::read(&layout.ledger())?;
    if let Err(error) = cluster::fetch(layout, &cluster::of_sweep(&history), Extent::Run(named.run.id)) {
        talk(&format!("warning: this is how the run stood when it was last seen: {error}"));
    }
    let seen = observe(&layout.run(named.run.id), &Machine::here(), SystemTime::now())?;
    let (submissions, task) = with_slurm(&named, &history)?;
    print(&story::tell(&named, &seen, &history, &submissions, task.as_ref()))?;
    Ok(ExitCode::Done)
}

/// The submissions to Slurm that the run is part of, and its task if one is known.
fn with_slurm(named: &NamedRun, history: &History) -> Result<(BTreeSet<String>, Option<TaskView>), CliError> {
    let (layout, id) = (&named.sweep.layout, named.run.id);
    let mut own: Vec<Submission> = Vec::new();
    for submission in cluster::of_sweep(history) {
        // The files of a submission that Slurm refused are gone, and those of one that was given up may be damaged.
        let is_gone = matches!(submission.fate, Fate::Refused | Fate::GivenUp);
        if !(is_gone && submission.runs(layout).is_err()) && submission.runs(layout)?.contains(&id) {
            own.push(submission);
        }
    }
    let task = match Sites::any().ask(layout, &own, &[id].into()) {
        Ok(mut sites) => sites.iter_mut().find_map(|site| site.queue.tasks.remove(&id)),
        Err(error) => {
            talk(&format!("warning: how its task stands with Slurm is not known: {error}"));
            None
        }
    };
    Ok((own.into_iter().map(|submission| submission.name.to_string()).collect(), task))
}
