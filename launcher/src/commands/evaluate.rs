//! `seedbed evaluate`: benchmarks of runs that are done.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use clap::Args;
use spec::ExitCode;
use spec::benchmark::Benchmark;
use spec::fine_tuning::{SUPERGLUE, TASKS, TuningProtocol};
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
    /// What is measured: blimp, babylm, and by fine-tuning superglue (its eight tasks) or boolq, cb, copa, multirc, record, rte
    /// (with its diagnostics), wic, wsc
    #[arg(long, value_delimiter = ',', required = true, value_parser = task)]
    tasks: Vec<TaskName>,
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
    /// How models are tuned and scored [default: as the run says, else superglue; likewise the others below]
    #[arg(long, value_parser = TuningProtocol::NAMES)]
    fine_tuning_protocol: Option<String>,
    /// Fine-tuning seeds, such as 0,1,2; the report averages them within each run
    #[arg(long, value_delimiter = ',')]
    fine_tuning_seeds: Vec<u64>,
    /// Most passes over a task's training set
    #[arg(long)]
    fine_tuning_epochs: Option<u32>,
    /// Most items of a task's training set, the same for every model
    #[arg(long)]
    fine_tuning_items: Option<u32>,
}

/// What a person may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TaskName {
    One(Task),
    Superglue,
}

/// What is measured at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    /// A set of minimal pairs.
    Pairs(Benchmark),
    /// A task that the model is tuned on.
    Tuned(&'static str),
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::Pairs(benchmark) => benchmark.name(),
            Self::Tuned(name) => name,
        }
    }
}

fn task(text: &str) -> Result<TaskName, String> {
    if text == SUPERGLUE {
        return Ok(TaskName::Superglue);
    }
    let pairs = Benchmark::from_name(text).map(Task::Pairs);
    let tuned = || TASKS.iter().find(|(name, _)| *name == text).map(|(name, _)| Task::Tuned(name));
    pairs.or_else(tuned).map(TaskName::One).ok_or_else(|| {
        let names = Benchmark::ALL.into_iter().map(Benchmark::name).chain([SUPERGLUE]);
        let names: Vec<&str> = names.chain(TASKS.iter().map(|(name, _)| *name)).collect();
        format!("expected one of {}", names.join(", "))
    })
}

/// How the measurement of an element ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Measured,
    /// The task's data is not there, or no fine-tuning came to an end.
    Missing,
    /// Somebody asked for a stop.
    Stopped,
    Failed,
}

/// How the elements ended.
#[derive(Debug, Default)]
struct Tally {
    measured: usize,
    waiting: usize,
    missing: usize,
    failed: usize,
}

impl Tally {
    fn told(&self) -> String {
        let measured = format!("{} measured", counted(self.measured, "element"));
        let others = [(self.waiting, "of runs that are not done"), (self.missing, "missing"), (self.failed, "failed")];
        let others = others.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
        std::iter::once(measured).chain(others).collect::<Vec<_>>().join(", ")
    }
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
    let mut tally = Tally::default();
    for (run, task) in elements {
        let layout = sweep.layout.run(run.id);
        // When its turn comes: of an array, each element looks at its own run alone.
        if observe(&layout, &machine, SystemTime::now())?.state != Observed::Done {
            tally.waiting += 1;
            continue;
        }
        talk(&format!("{} of {}", task.name(), label(run)));
        match measure(&trainer, &layout, *task, arguments)? {
            End::Measured => tally.measured += 1,
            End::Missing => tally.missing += 1,
            End::Failed => tally.failed += 1,
            End::Stopped => {
                talk("stopped; the same command goes on");
                return Ok(ExitCode::Resume);
            }
        }
    }
    print(&format!("{}: {}\n", sweep.plan.sweep, tally.told()))?;
    let is_whole = tally.waiting + tally.missing + tally.failed == 0;
    Ok(if is_whole { ExitCode::Done } else { ExitCode::Incomplete })
}

/// What is to be measured: every task of every run that was asked for.
fn elements<'a>(plan: &'a Plan, arguments: &Arguments) -> Result<Vec<(&'a PlannedRun, Task)>, CliError> {
    let seeds: Vec<u64> = plan.runs.iter().map(|run| run.seed).collect();
    for condition in &arguments.conditions {
        condition.check(&plan.factors, &seeds).map_err(|error| CliError::new(ExitCode::Usage, error))?;
    }
    let is_asked =
        |run: &&PlannedRun| arguments.conditions.iter().all(|condition| condition.holds(run.seed, &run.levels));
    let protocol = arguments.fine_tuning_protocol.as_deref().and_then(TuningProtocol::from_name).unwrap_or_default();
    let mut tasks: Vec<Task> = Vec::new();
    for name in &arguments.tasks {
        let named = match name {
            TaskName::One(task) => vec![*task],
            TaskName::Superglue => protocol.tasks().into_iter().map(Task::Tuned).collect(),
        };
        for task in named {
            if !tasks.contains(&task) {
                tasks.push(task);
            }
        }
    }
    let of_run = |run| tasks.iter().map(move |task| (run, *task));
    Ok(plan.runs.iter().filter(is_asked).flat_map(of_run).collect())
}

/// Has the trainer measure the run.
fn measure(trainer: &Path, run: &RunLayout, task: Task, arguments: &Arguments) -> Result<End, CliError> {
    let mut command = tied_to_this_process(trainer);
    match task {
        Task::Pairs(_) => command.args(["evaluate", "--tasks", task.name(), "--to"]).arg(run.evaluation()),
        Task::Tuned(_) => command.args(["finetune", "--benchmark", "--tasks", task.name()]).args(tuning(arguments)),
    };
    command.arg("--dir").arg(run.directory());
    if let Some(store) = &arguments.store {
        command.arg("--store").arg(store);
    }
    // Its rows stand in files; its words are for the person.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.map_err(|error| CliError::new(ExitCode::Unavailable, error))?;
    Ok(match status.code().and_then(ExitCode::from_code) {
        Some(ExitCode::Done) => End::Measured,
        Some(ExitCode::Incomplete) => End::Missing,
        Some(ExitCode::Resume) => End::Stopped,
        _ => End::Failed,
    })
}

/// The trainer, which ends when this process does: what goes on alone would be in the way of whoever goes on after a kill.
fn tied_to_this_process(trainer: &Path) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.args(["__child", "--parent"]).arg(std::process::id().to_string()).arg("--").arg(trainer);
    command
}

/// What was asked for of fine-tuning.
fn tuning(arguments: &Arguments) -> Vec<OsString> {
    let mut words: Vec<OsString> = Vec::new();
    let mut add = |option: &str, value: Option<String>| {
        words.extend(value.into_iter().flat_map(|value| [OsString::from(option), OsString::from(value)]));
    };
    let seeds: Vec<String> = arguments.fine_tuning_seeds.iter().map(u64::to_string).collect();
    add("--protocol", arguments.fine_tuning_protocol.clone());
    add("--seeds", (!seeds.is_empty()).then(|| seeds.join(",")));
    add("--epochs", arguments.fine_tuning_epochs.map(|epochs| epochs.to_string()));
    add("--items", arguments.fine_tuning_items.map(|items| items.to_string()));
    words
}
