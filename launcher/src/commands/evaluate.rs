//! `seedbed evaluate`: benchmarks of runs that are done.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use clap::Args;
use spec::ExitCode;
use spec::benchmark::Benchmark;
use spec::layout::RunLayout;
use spec::plan::{Plan, PlannedRun};

use crate::error::CliError;
use crate::lease::Machine;
use crate::local::Condition;
use crate::locate::{self, label};
use crate::output::{counted, print, talk};
use crate::state::{Observed, observe};
use crate::supervise;
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed evaluate`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// What is measured: blimp, babylm
    #[arg(long, value_delimiter = ',', required = true, value_parser = benchmark)]
    tasks: Vec<Benchmark>,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL[,LEVEL]")]
    conditions: Vec<Condition>,
    /// The folder of data [default: $SEEDBED_DATA, or ~/.cache/seedbed/data]
    #[arg(long)]
    store: Option<PathBuf>,
    /// Print how many elements there are, each one task of one run, and measure nothing
    #[arg(long, conflicts_with = "element")]
    count: bool,
    /// Only this element, from 0: what a job array of Slurm gives to each of its tasks
    #[arg(long, value_name = "N")]
    element: Option<usize>,
}

fn benchmark(text: &str) -> Result<Benchmark, String> {
    let names = Benchmark::ALL.map(Benchmark::name).join(", ");
    Benchmark::from_name(text).ok_or_else(|| format!("expected one of {names}"))
}

/// Measures runs one after the other. What is found stands in `evaluation/<task>/` of each run; what is there already is not made
/// again.
///
/// # Errors
/// When the sweep or the trainer cannot be found. A run that cannot be measured is said, and the others follow.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let elements = elements(&sweep.plan, arguments)?;
    if arguments.count {
        print(&format!("{}\n", elements.len()))?;
        return Ok(ExitCode::Done);
    }
    let elements = match arguments.element {
        None => &elements[..],
        Some(index) => elements.get(index..=index).ok_or_else(|| {
            let reason = format!("there is no element {index}: there are {}, counted from 0", elements.len());
            CliError::new(ExitCode::Usage, reason)
        })?,
    };
    let trainer = supervise::locate_trainer()?;
    let machine = Machine::here();
    let (mut measured, mut waiting, mut failed) = (0, 0, 0);
    for (run, task) in elements {
        let layout = sweep.layout.run(run.id);
        // When its turn comes: of an array, each element looks at its own run alone.
        if observe(&layout, &machine, SystemTime::now())?.state != Observed::Done {
            waiting += 1;
            continue;
        }
        talk(&format!("{} of {}", task.name(), label(run)));
        if measure(&trainer, &layout, *task, arguments.store.as_deref())? {
            measured += 1;
        } else {
            failed += 1;
        }
    }
    let waiting_too = if waiting > 0 { format!(", {waiting} of runs that are not done") } else { String::new() };
    let failed_too = if failed > 0 { format!(", {failed} failed") } else { String::new() };
    print(&format!("{}: {} measured{waiting_too}{failed_too}\n", sweep.plan.sweep, counted(measured, "element")))?;
    Ok(if waiting + failed == 0 { ExitCode::Done } else { ExitCode::Incomplete })
}

/// What is to be measured: every task of every run that was asked for.
fn elements<'a>(plan: &'a Plan, arguments: &Arguments) -> Result<Vec<(&'a PlannedRun, Benchmark)>, CliError> {
    let seeds: Vec<u64> = plan.runs.iter().map(|run| run.seed).collect();
    for condition in &arguments.conditions {
        condition.check(&plan.factors, &seeds).map_err(|error| CliError::new(ExitCode::Usage, error))?;
    }
    let is_asked =
        |run: &&PlannedRun| arguments.conditions.iter().all(|condition| condition.holds(run.seed, &run.levels));
    let tasks = |run| arguments.tasks.iter().map(move |task| (run, *task));
    Ok(plan.runs.iter().filter(is_asked).flat_map(tasks).collect())
}

/// Whether the trainer measured the run.
fn measure(trainer: &Path, run: &RunLayout, task: Benchmark, store: Option<&Path>) -> Result<bool, CliError> {
    let mut command = Command::new(trainer);
    command.arg("evaluate").arg("--dir").arg(run.directory()).arg("--tasks").arg(task.name());
    command.arg("--to").arg(run.evaluation());
    if let Some(store) = store {
        command.arg("--store").arg(store);
    }
    // Its rows stand in files; its words are for the person.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|error| CliError::new(ExitCode::Unavailable, error))?;
    Ok(status.success())
}
