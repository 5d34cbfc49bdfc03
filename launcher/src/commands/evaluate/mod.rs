//! `seedbed evaluate`: benchmarks of runs that are done, here ([`here`]) or as a job array ([`on_site`]). [`away`] says
//! which runs were trained elsewhere.

mod away;
mod here;
mod on_site;

use std::path::PathBuf;

use clap::Args;
use slurm::resources::{Memory, TimeLimit};
use spec::benchmark::Benchmark;
use spec::fine_tuning::{SUPERGLUE, TASKS, TuningProtocol};
use spec::plan::PlannedRun;
use spec::{ExitCode, RunSpec};

use crate::cluster::Change;
use crate::error::CliError;
use crate::evaluation::{Element, Measure, Tuning};
use crate::files::read_optional_record;
use crate::local::Condition;
use crate::locate::{self, FrozenSweep};
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed evaluate`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// What is measured: blimp, babylm, and by fine-tuning superglue (all tasks of the protocol) or single ones: boolq,
    /// cb, copa, multirc, record, rte (with its diagnostics), wic, wsc; of babylm-2023 boolq, cola, mnli, mnli-mm,
    /// mrpc, multirc, qnli, qqp, rte, sst2, wsc
    #[arg(long, value_delimiter = ',', required = true, value_parser = task)]
    tasks: Vec<TaskName>,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL[,LEVEL]")]
    conditions: Vec<Condition>,
    /// The folder of data [default: $SEEDBED_DATA, or ~/.cache/seedbed/data]
    #[arg(long)]
    store: Option<PathBuf>,
    #[command(flatten)]
    tuning: Tuning,
    /// Hand it to Slurm instead, a job array with a task for each task of each run: the name of a cluster's profile, or
    /// `here`
    #[arg(long, value_name = "NAME", help_heading = "On a cluster")]
    site: Option<String>,
    /// Memory in place of what the run asked for when it was trained: an amount such as 24G, or x1.5 for so many times
    /// that
    #[arg(long, value_name = "AMOUNT", requires = "site", help_heading = "On a cluster")]
    memory: Option<Change<Memory>>,
    /// Time in place of what the run asked for: a limit such as 4h, or x2 for so many times that
    #[arg(long, value_name = "LIMIT", requires = "site", help_heading = "On a cluster")]
    time: Option<Change<TimeLimit>>,
    /// Print the scripts and change nothing
    #[arg(long, requires = "site", help_heading = "On a cluster")]
    dry_run: bool,
}

/// What a person may name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TaskName {
    One(Measure),
    Superglue,
}

fn task(text: &str) -> Result<TaskName, String> {
    if text == SUPERGLUE {
        return Ok(TaskName::Superglue);
    }
    let tuned = [TuningProtocol::Superglue, TuningProtocol::Babylm2023].map(TuningProtocol::tasks).concat();
    if let Some(benchmark) = Benchmark::from_name(text) {
        return Ok(TaskName::One(Measure::Pairs(benchmark)));
    }
    if tuned.contains(&text) {
        return Ok(TaskName::One(Measure::Tuned(text.to_owned())));
    }
    let names = Benchmark::ALL.into_iter().map(Benchmark::name).chain([SUPERGLUE]);
    let mut names: Vec<&str> = names.chain(TASKS.iter().map(|(name, _)| *name)).chain(tuned).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    Err(format!("expected one of {}", names.join(", ")))
}

/// Measures runs. What is found stands in `evaluation/<task>/` of each run; what is there already is not made again.
///
/// # Errors
/// When the sweep or the trainer cannot be found, or a task is none of the protocol. A run that cannot be measured is
/// said, and the others follow.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let seeds: Vec<u64> = sweep.plan.runs.iter().map(|run| run.seed).collect();
    for condition in &arguments.conditions {
        condition.check(&sweep.plan.factors, &seeds).map_err(|error| CliError::new(ExitCode::Usage, error))?;
    }
    match &arguments.site {
        None => here::measure(&sweep, &subjects(&sweep, arguments)?),
        Some(site) => on_site::hand_over(sweep, site, arguments),
    }
}

/// A run, and what is to be measured of it.
#[derive(Debug, Clone)]
struct Subject {
    run: PlannedRun,
    /// What it says of itself, read once; nothing yet where it has not begun.
    spec: Option<RunSpec>,
    elements: Vec<Element>,
}

/// Every run that was asked for, with every task. What a run at a site elsewhere says of itself is to be brought here
/// first.
fn subjects(sweep: &FrozenSweep, arguments: &Arguments) -> Result<Vec<Subject>, CliError> {
    let is_asked =
        |run: &&PlannedRun| arguments.conditions.iter().all(|condition| condition.holds(run.seed, &run.levels));
    let mut subjects = Vec::new();
    for run in sweep.plan.runs.iter().filter(is_asked) {
        // What a run that has not begun will say of itself is not needed: it is not measured.
        let spec: Option<RunSpec> = read_optional_record(&sweep.layout.run(run.id).spec())?;
        let own = spec.as_ref().and_then(|spec| spec.benchmarks.fine_tuning.as_ref());
        let own = own.map(|tuning| tuning.tuning.protocol);
        let protocol = arguments.tuning.protocol.or(own).unwrap_or_default();
        let mut elements: Vec<Element> = Vec::new();
        for measure in measures(&arguments.tasks, protocol)? {
            let element = Element::new(run.id, measure, protocol, &arguments.tuning, arguments.store.clone());
            if elements.iter().all(|other| other.id != element.id) {
                elements.push(element);
            }
        }
        subjects.push(Subject { run: run.clone(), spec, elements });
    }
    Ok(subjects)
}

/// What the names mean under a protocol.
fn measures(names: &[TaskName], protocol: TuningProtocol) -> Result<Vec<Measure>, CliError> {
    let known = protocol.tasks();
    let mut measures = Vec::new();
    for name in names {
        match name {
            TaskName::Superglue => measures.extend(known.iter().map(|task| Measure::Tuned((*task).to_owned()))),
            TaskName::One(Measure::Tuned(task)) if !known.contains(&task.as_str()) => {
                let reason = format!("{} has no task `{task}`; its tasks are {}", protocol.name(), known.join(", "));
                let other = TuningProtocol::NAMES.into_iter().find(|other| *other != protocol.name());
                let hint = format!("--fine-tuning-protocol {} may have it", other.unwrap_or_default());
                return Err(CliError::new(ExitCode::Usage, reason).hint(hint));
            }
            TaskName::One(measure) => measures.push(measure.clone()),
        }
    }
    Ok(measures)
}
