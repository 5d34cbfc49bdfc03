//! `seedbed status`: how the runs of a sweep stand.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use serde::Serialize;
use spec::layout::SweepLayout;
use spec::plan::{Plan, PlannedRun};
use spec::status::Cause;
use spec::{ExitCode, RunId, Value};

use super::matrix::{Axes, Names};
use super::plan::Format;
use crate::cluster::{self, Extent, SiteQueue, Sites, TaskView, Unfinished};
use crate::error::CliError;
use crate::lease::Machine;
use crate::ledger;
use crate::locate::{self, label};
use crate::output::{Table, counted, duration, print, talk};
use crate::primary;
use crate::state::{Observation, Observed};
use crate::survey::{Counts, Survey};
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed status`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// One factor or two to count finished runs by, the first across; `seed` is one too [default: the sweep's first
    /// two]
    #[arg(long, value_name = "FACTOR[,FACTOR]")]
    by: Option<Names>,
    /// List every run
    #[arg(long)]
    runs: bool,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Says how the runs of a sweep stand.
///
/// # Errors
/// When the sweep cannot be found or read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let axes = match &arguments.by {
        Some(names) => Some(Axes::named(names, &sweep.plan).map_err(|error| CliError::new(ExitCode::Usage, error))?),
        None => Axes::first(&sweep.plan),
    };
    fetch_records(&sweep.layout)?;
    let survey = Survey::of(&sweep.layout, &sweep.plan.runs, &Machine::here(), SystemTime::now())?;
    let queue = with_slurm(&sweep.layout, &survey)?;
    let text = match arguments.format {
        Format::Json => json(&sweep.plan, &survey, queue.as_ref()),
        Format::Table => table((&sweep.plan, &sweep.layout), &survey, queue.as_ref(), axes.as_ref(), arguments.runs),
    };
    print(&text)?;
    Ok(ExitCode::Done)
}

/// Brings what far sites have written; where one does not answer, what came the last time is shown.
fn fetch_records(layout: &SweepLayout) -> Result<(), CliError> {
    let submissions = cluster::of_sweep(&ledger::read(&layout.ledger())?);
    if let Err(error) = cluster::fetch(layout, &submissions, Extent::Records) {
        let error = CliError::from(error);
        talk(&format!("warning: this is how the runs stood when they were last seen: {}", error.render().trim()));
    }
    Ok(())
}

/// The tasks of unfinished runs that are with Slurm; `None` where nothing is, or where Slurm does not answer, which is
/// said.
fn with_slurm(layout: &SweepLayout, survey: &Survey) -> Result<Option<Tasks>, CliError> {
    let history = ledger::read(&layout.ledger())?;
    let submissions = cluster::of_sweep(&history);
    let planned = survey.runs.iter().map(|(run, seen)| (run.id, &seen.state));
    let unfinished = Unfinished::of(&submissions, layout, planned, &Machine::here())?;
    if let Some(message) = cluster::latest_refusal(&history).filter(|_| survey.counts().not_started > 0) {
        talk(&format!("warning: Slurm refused what was submitted last: {message}"));
    }
    let sites = match Sites::any().ask(layout, &submissions, &unfinished.all()) {
        Ok(sites) if sites.is_empty() => return Ok(None),
        Ok(sites) => sites,
        Err(error) => {
            let error = CliError::from(error);
            talk(&format!("warning: how the tasks stand with Slurm is not known: {}", error.render().trim()));
            return Ok(None);
        }
    };
    if let Some(line) = unfinished.dropped_in_words(&sites) {
        talk(&format!("warning: {line}"));
    }
    let measuring = unfinished.measuring(&sites);
    if measuring > 0 {
        talk(&format!("besides, {} of `seedbed evaluate` with Slurm", counted(measuring, "task")));
    }
    let mut tasks = Tasks::new();
    for SiteQueue { queue, .. } in sites {
        if let Some(why) = &queue.without_accounts {
            talk(&format!("warning: the accounts do not answer: {why}"));
        }
        if !queue.open.is_empty() {
            let runs = counted(queue.open.len(), "run");
            talk(&format!(
                "warning: it is not known whether {runs} reached the queue: `seedbed reconcile` looks again"
            ));
        }
        let has_diverged =
            |(run, seen): &(&PlannedRun, Observation)| (seen.state == Observed::Diverged).then_some(run.id);
        let diverged: BTreeSet<RunId> = survey.runs.iter().filter_map(has_diverged).collect();
        // What has diverged is of interest only if it was handed over again.
        let is_told = |run: &RunId, task: &TaskView| {
            unfinished.planned.contains(run) && (!diverged.contains(run) || task.standing.is_in_flight())
        };
        for (run, task) in queue.tasks.into_iter().filter(|(run, task)| is_told(run, task)) {
            // Of the sites that know a run, the one where it may still be carried out tells how it stands.
            let is_told = tasks.get(&run).is_some_and(|told: &TaskView| told.standing.is_in_flight());
            if !is_told {
                tasks.insert(run, task);
            }
        }
    }
    Ok(Some(tasks))
}

/// Task by run.
type Tasks = BTreeMap<RunId, TaskView>;

/// How many tasks stand how, and why they wait.
fn queue_table(tasks: &Tasks) -> String {
    // A task that carries out several runs is one.
    let mut counts: BTreeMap<(&'static str, String), BTreeSet<_>> = BTreeMap::new();
    for task in tasks.values() {
        counts.entry(task.standing.in_words()).or_default().insert((&task.submission, task.place()));
    }
    let mut table = Table::new(["with Slurm", ">tasks", "why"]);
    for ((word, why), tasks) in counts {
        table.row([word.to_owned(), tasks.len().to_string(), why]);
    }
    if table.is_empty() { String::new() } else { format!("\n{}", table.render()) }
}

fn table(
    (plan, layout): (&Plan, &SweepLayout),
    survey: &Survey,
    tasks: Option<&Tasks>,
    axes: Option<&Axes>,
    runs: bool,
) -> String {
    let counts = survey.counts();
    let mut text = format!("{}: {} of {} runs\n\n", plan.sweep, counts.finished(), counts.total());
    let mut states = Table::new(["state", ">runs"]);
    for (word, count) in counts.by_word().into_iter().filter(|(_, count)| *count > 0) {
        states.row([word.to_owned(), count.to_string()]);
    }
    text += &states.render();
    for line in primary::lines(layout, survey, &plan.analysis.primary) {
        let _ = writeln!(text, "\n{line}");
    }
    if let Some(seconds) = survey.seconds_to_come() {
        let _ = writeln!(text, "\nabout {} to go", duration(seconds));
    }
    text += &tasks.map(queue_table).unwrap_or_default();
    text += &axes.map(|axes| axes.table(survey)).unwrap_or_default();
    text += &failures(survey);
    text += &tasks.map(|tasks| not_begun(layout, survey, tasks)).unwrap_or_default();
    if runs {
        text += &list(survey);
    }
    text
}

/// The runs that failed or diverged, with the reason; empty where there are none.
pub(super) fn failures(survey: &Survey) -> String {
    let mut table = Table::new(["", "", "", ""]);
    let mut text = String::new();
    for (run, observation) in &survey.runs {
        let (cause, words) = match &observation.state {
            Observed::Failed { cause, message } => (cause.name(), telling_line(message)),
            Observed::Diverged => ("diverged", ""),
            _ => continue,
        };
        table.row([run.id.to_string(), label(run), cause.to_owned(), words.to_owned()]);
    }
    if !table.is_empty() {
        text += "\n";
        text += table.render().trim_start_matches('\n');
    }
    text
}

/// The runs whose jobs ended before they began, with what those jobs said last; empty where there are none.
fn not_begun(layout: &SweepLayout, survey: &Survey, tasks: &Tasks) -> String {
    let mut table = Table::new(["", "", "", ""]);
    for (run, _) in survey.runs.iter().filter(|(_, seen)| seen.state == Observed::NotStarted) {
        let ended = tasks.get(&run.id).filter(|task| !task.standing.is_in_flight());
        if let Some((words, _)) = ended.and_then(|task| cluster::last_words(layout, &task.job)) {
            table.row([run.id.to_string(), label(run), "not begun".to_owned(), words]);
        }
    }
    if table.is_empty() { String::new() } else { format!("\n{}", table.render().trim_start_matches('\n')) }
}

/// The line of a message that tells most: what calls itself an error, else the last one, where a program says why it
/// gave up.
fn telling_line(message: &str) -> &str {
    let lines = || message.lines().map(str::trim).filter(|line| !line.is_empty());
    lines().find(|line| line.starts_with("error: ")).or_else(|| lines().next_back()).unwrap_or_default()
}

fn list(survey: &Survey) -> String {
    let mut table = Table::new(["run", "state", ">time", "levels"]);
    for (run, observation) in &survey.runs {
        let seconds = observation.seconds();
        let time = if seconds > 0.0 { duration(seconds) } else { String::new() };
        table.row([run.id.to_string(), observation.state.name().to_owned(), time, label(run)]);
    }
    format!("\n{}", table.render())
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report<'a> {
    schema: u32,
    sweep: &'a str,
    revision: u32,
    counts: Counts,
    seconds_to_come: Option<f64>,
    runs: Vec<RunReport<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct RunReport<'a> {
    id: RunId,
    seed: u64,
    levels: &'a std::collections::BTreeMap<String, Value>,
    state: &'static str,
    cause: Option<Cause>,
    message: Option<&'a str>,
    attempts: usize,
    seconds: f64,
    task: Option<TaskReport>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct TaskReport {
    job: String,
    standing: &'static str,
    why: String,
}

fn json(plan: &Plan, survey: &Survey, tasks: Option<&Tasks>) -> String {
    let task = |run: RunId| tasks.and_then(|tasks| tasks.get(&run));
    let report = Report {
        schema: spec::SCHEMA,
        sweep: &plan.sweep,
        revision: plan.revision,
        counts: survey.counts(),
        seconds_to_come: survey.seconds_to_come(),
        runs: survey.runs.iter().map(|(run, seen)| run_report(run, seen, task(run.id))).collect(),
    };
    let mut text = serde_json::to_string_pretty(&report).expect("invariant: a report has text keys and finite numbers");
    text.push('\n');
    text
}

fn run_report<'a>(run: &'a PlannedRun, seen: &'a Observation, task: Option<&TaskView>) -> RunReport<'a> {
    let task = task.map(|task| {
        let (standing, why) = task.standing.in_words();
        TaskReport { job: task.job.to_string(), standing, why }
    });
    RunReport {
        task,
        id: run.id,
        seed: run.seed,
        levels: &run.levels,
        state: seen.state.name(),
        cause: seen.state.cause(),
        message: match &seen.state {
            Observed::Failed { message, .. } => Some(message),
            _ => None,
        },
        attempts: seen.status.as_ref().map_or(0, |status| status.attempts.len()),
        seconds: seen.seconds(),
    }
}
