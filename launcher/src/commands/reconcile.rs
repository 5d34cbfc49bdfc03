//! `seedbed reconcile`: bring the ledger and Slurm to agree.

use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use spec::{ExitCode, RunId};

use crate::cluster::{self, ClusterError, Contact, Extent, HERE, Site, Sites, Submission, Unfinished};
use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger;
use crate::locate;
use crate::output::{counted, print};
use crate::survey::observe_all;
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
    /// What becomes of jobs in the queue that have the files of this sweep and that its ledger does not know
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Orphans::Warn)]
    orphans: Orphans,
    /// The cluster where those are looked for
    #[arg(long, value_name = "NAME", default_value = HERE)]
    site: String,
}

/// What becomes of jobs that the ledger does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Orphans {
    /// They are named
    Warn,
    /// They are cancelled
    Cancel,
    /// They are written into the ledger
    Adopt,
}

/// Looks for every submission without an answer: adopts what is found, gives up what is too old to come, and cancels
/// what arrived after it was given up. Looks for jobs of the sweep that the ledger does not know, too.
///
/// # Errors
/// When the sweep cannot be found or is in use, or Slurm does not answer.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let machine = Machine::here();
    let (mut writer, mut news) = SweepWriter::reopen(sweep.layout.clone(), sweep.plan, &machine)?;
    let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
    let settled = Sites::any().settle(&mut writer, &submissions, arguments.abandon)?;
    news.extend(settled.news);
    news.extend(look_for_orphans(arguments, &submissions, &mut writer)?);
    news.extend(write_down_ends(&mut writer, &machine)?);
    let open = settled.open;
    if open > 0 {
        news.push(format!("{} still without an answer", counted(open, "submission")));
    } else if news.is_empty() {
        news.push("every submission has its answer".to_owned());
    }
    print(&(news.join("\n") + "\n"))?;
    Ok(if open > 0 { ExitCode::Resume } else { ExitCode::Done })
}

/// Writes down which tasks are over before Slurm forgets. Returns what a person should know, a line each.
fn write_down_ends(writer: &mut SweepWriter, machine: &Machine) -> Result<Vec<String>, CliError> {
    let layout = writer.layout.clone();
    let submissions = cluster::of_sweep(&ledger::read(&layout.ledger())?);
    let planned: Vec<RunId> = writer.plan.runs.iter().map(|run| run.id).collect();
    let seen = observe_all(&layout, &planned, machine, SystemTime::now())?;
    let states = planned.iter().copied().zip(seen.iter().map(|seen| &seen.state));
    let unfinished = Unfinished::of(&submissions, &layout, states, machine)?;
    let queues = Sites::any().ask(&layout, &submissions, &unfinished.all())?;
    // What ended a run is judged by its record, too.
    cluster::fetch(&layout, &submissions, Extent::Records)?;
    let ends = cluster::note_ends(writer, &queues, machine)?;
    let mut news: Vec<String> = unfinished.dropped_in_words(&queues).into_iter().collect();
    if ends > 0 {
        news.push(format!("{} written down", counted(ends, "ended task")));
    }
    Ok(news)
}

/// Names, cancels or adopts what the ledger does not know. Returns what a person should know, a line each.
fn look_for_orphans(
    arguments: &Arguments,
    known: &[Submission],
    writer: &mut SweepWriter,
) -> Result<Vec<String>, CliError> {
    let names = cluster::unknown_scripts(&writer.layout, known)?;
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let site = Site::load(&arguments.site).map_err(ClusterError::from)?;
    let contact = Contact::make(&site, &site.client())?;
    let mut news = Vec::new();
    for orphan in cluster::orphans(&names, &contact)? {
        let done = match arguments.orphans {
            Orphans::Warn => "--orphans adopt writes it down, --orphans cancel ends it",
            Orphans::Cancel => {
                orphan.cancel(&contact)?;
                "cancelled"
            }
            Orphans::Adopt => {
                orphan.adopt(&arguments.site, writer, &contact)?;
                "adopted"
            }
        };
        let (name, tasks) = (&orphan.name, counted(orphan.tasks, "task"));
        news.push(format!("the queue has {name}, {tasks}, which the ledger does not know: {done}"));
    }
    Ok(news)
}
