//! `seedbed run`: the runs of a sweep on this machine.

use std::collections::BTreeSet;
use std::io::{ErrorKind, IsTerminal as _};
use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use spec::execution::Device;
use spec::layout::SweepLayout;
use spec::status::Cause;
use spec::{ExitCode, Program, RunId, RunSpec};

use super::status::failures;
use crate::error::CliError;
use crate::files::FileError;
use crate::lease::Machine;
use crate::ledger::{EndWord, Event, Place};
use crate::local::{self, Condition, Outcome, Progress, Selection, Style, Wishes};
use crate::output::{counted, print, talk};
use crate::primary;
use crate::survey::{Counts, Survey, observe_all};
use crate::sweep::{ROOT_VARIABLE, Sweep, sweep_directory};
use crate::writer::SweepWriter;
use crate::{array, env, supervise};

/// Arguments of `seedbed run`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The sweep file
    sweep: PathBuf,
    /// Set a key of the sweep file: --set train.steps=100
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    /// Runs at a time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    slots: Option<u32>,
    /// GPUs to use, as CUDA_VISIBLE_DEVICES names them [default: all that are there]
    #[arg(long, value_name = "GPU", value_delimiter = ',', value_parser = NonEmptyStringValueParser::new())]
    gpus: Option<Vec<String>>,
    /// Runs at a time on each GPU
    #[arg(long, value_name = "K", conflicts_with = "slots", value_parser = clap::value_parser!(u32).range(1..))]
    per_gpu: Option<u32>,
    /// Processor threads of each run
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    threads: Option<u32>,
    /// Only runs with these levels; several conditions must all hold
    #[arg(long = "where", value_name = "FACTOR=LEVEL[,LEVEL]")]
    conditions: Vec<Condition>,
    /// At most so many runs, the first of the plan first
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Carry out again what ended as these words of `retry --cause` say, such as failed; the interrupted goes on
    /// unasked
    #[arg(long, value_name = "CAUSE", value_delimiter = ',')]
    retry: Vec<EndWord>,
    /// Say only what went wrong
    #[arg(long, short)]
    quiet: bool,
}

/// Carries out the runs of a sweep.
///
/// # Errors
/// When the sweep is wrong, in use, or cannot be written. Runs that fail are counted, and the exit code says so.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = load(arguments)?;
    let wishes =
        Wishes { conditions: arguments.conditions.clone(), retry: arguments.retry.clone(), limit: arguments.limit };
    check_gpus(arguments)?;
    wishes.check(&sweep).map_err(|error| CliError::new(ExitCode::Usage, error))?;
    let machine = Machine::here();
    let directory = sweep_directory(&arguments.sweep, &sweep.name, arguments.root.as_deref());
    let directory = std::path::absolute(&directory).map_err(|error| FileError::write(&directory, error))?;
    let layout = SweepLayout::new(directory);
    // Before anything is written. Of a sweep that has begun, what is left to do may need no more than this machine.
    if !layout.plan().exists() {
        let meant = sweep.runs.iter().filter(|run| wishes.mean(run));
        check_nodes(meant.take(wishes.limit.unwrap_or(usize::MAX)))?;
    }
    let (mut writer, news) = SweepWriter::open(&sweep, layout, &machine)?;
    for line in news {
        talk(&line);
    }

    let runs: Vec<RunId> = sweep.runs.iter().map(|run| run.id).collect();
    let observations = observe_all(&writer.layout, &runs, &machine, SystemTime::now())?;
    let selection = local::select(sweep.runs.iter().zip(observations), &wishes, &machine);
    let outcome = submit(arguments, &sweep, &mut writer, &selection, &machine)?;
    conclude(&writer, &selection, outcome, &machine)
}

/// Refuses to deal out GPUs where there are none.
fn check_gpus(arguments: &Arguments) -> Result<(), CliError> {
    let any = arguments.gpus.is_some() || !env::gpus().is_empty();
    if arguments.per_gpu.is_none() || any {
        return Ok(());
    }
    let error = CliError::new(ExitCode::Usage, "--per-gpu needs a GPU, and none is visible");
    Err(error.hint("name GPUs with --gpus, or say how many runs go on at a time with --slots"))
}

/// Refuses runs on several machines.
fn check_nodes<'run>(mut runs: impl Iterator<Item = &'run RunSpec>) -> Result<(), CliError> {
    let Some(run) = runs.find(|run| run.nodes() > 1) else { return Ok(()) };
    let words = format!("a run asks for {} nodes (resources.nodes), and this is one machine", run.nodes());
    let error = CliError::new(ExitCode::Usage, words);
    Err(error.hint("`seedbed submit` hands the sweep to a cluster; --set resources.nodes=1 runs it here"))
}

fn load(arguments: &Arguments) -> Result<Sweep, CliError> {
    let sweep = Sweep::load(&arguments.sweep, &arguments.set)?;
    sweep.warnings.iter().for_each(|warning| talk(&format!("warning: {warning}")));
    // Said before anything is written: without the trainer no run would come far.
    if sweep.runs.iter().any(|run| matches!(run.program, Program::Builtin(_))) {
        supervise::locate_trainer()?;
    }
    Ok(sweep)
}

/// Writes the selected runs down as a submission and carries them out.
fn submit(
    arguments: &Arguments,
    sweep: &Sweep,
    writer: &mut SweepWriter,
    selection: &Selection<'_>,
    machine: &Machine,
) -> Result<Outcome, CliError> {
    let tasks = &selection.tasks;
    if tasks.is_empty() {
        return Ok(Outcome::Finished);
    }
    let request = request(arguments, selection)?;
    let slots = local::slots(&request, tasks.len());
    let submission = format!("local-{}-{}", env::now_for_names(), std::process::id());
    let array = writer.layout.array(&submission);
    if !array::write(&array, tasks.iter().map(|task| &task.spec))? {
        return Err(FileError::write(array, ErrorKind::AlreadyExists.into()).into());
    }
    for task in tasks.iter().filter(|task| task.retry.is_some()) {
        let cause = task.before.cause().unwrap_or(Cause::ProgramError);
        writer.ledger.append(env::now(), Event::Retried { run: task.spec.id, cause, asked: true })?;
    }
    let place = Place::Local { host: machine.host.clone(), slots: slots.len() as u32 };
    let event = Event::Submitted { submission: submission.clone(), place, runs: tasks.len() as u64 };
    writer.ledger.append(env::now(), event)?;

    let context = local::Context {
        submission: &submission,
        tasks,
        slots,
        again: local::Again::allowed(&sweep.retry),
        primary: &sweep.analysis.primary,
        machine,
    };
    let progress = Progress::new(style(arguments.quiet), tasks.len());
    Ok(local::carry_out(&context, writer, progress)?)
}

fn request(arguments: &Arguments, selection: &Selection<'_>) -> Result<local::Request, CliError> {
    let on_gpu = || selection.tasks.iter().map(|task| &task.spec).filter(|run| run.execution.device != Device::Cpu);
    let needs_gpu = on_gpu().next().is_some();
    check_nodes(selection.tasks.iter().map(|task| task.spec))?;
    let gpus_per_run = on_gpu().map(|run| run.resources.gpus).max().unwrap_or(0);
    let gpus = match &arguments.gpus {
        Some(gpus) => gpus.clone(),
        None if needs_gpu => env::gpus(),
        None => Vec::new(),
    };
    if !gpus.is_empty() && (gpus.len() as u64) < u64::from(gpus_per_run) {
        let words = format!(
            "a run asks for {gpus_per_run} GPUs (resources.gpus), but there {} here: {}",
            if gpus.len() == 1 { "is 1".to_owned() } else { format!("are {}", gpus.len()) },
            gpus.join(", ")
        );
        let error = CliError::new(ExitCode::Usage, words);
        return Err(error.hint("ask for fewer with --set resources.gpus=…, or look what CUDA_VISIBLE_DEVICES hides"));
    }
    Ok(local::Request {
        slots: arguments.slots,
        gpus,
        per_gpu: arguments.per_gpu,
        gpus_per_run,
        threads: arguments.threads,
        cores: env::cores(),
    })
}

fn style(quiet: bool) -> Style {
    match (quiet, std::io::stderr().is_terminal()) {
        (true, _) => Style::Quiet,
        (false, true) => Style::Bars,
        (false, false) => Style::Lines,
    }
}

/// Says how the sweep stands now, and what the exit code says about the runs that were asked for.
fn conclude(
    writer: &SweepWriter,
    selection: &Selection<'_>,
    outcome: Outcome,
    machine: &Machine,
) -> Result<ExitCode, CliError> {
    let SweepWriter { layout, plan, .. } = writer;
    let survey = Survey::of(layout, &plan.runs, machine, SystemTime::now())?;
    print(&summary(&plan.sweep, &survey, &layout.directory().display().to_string()))?;
    for line in primary::lines(layout, &survey, &plan.analysis.primary) {
        talk(&format!("warning: {line}"));
    }
    if selection.failed > 0 {
        let failed = counted(selection.failed, "failed run");
        talk(&format!("{failed} left as before: `--retry failed` carries out again what failed"));
    }
    let asked: BTreeSet<RunId> = selection.tasks.iter().map(|task| task.spec.id).collect();
    let states = survey.runs.iter().filter(|(run, _)| asked.contains(&run.id)).map(|(_, seen)| &seen.state);
    let counts = Counts::of(states);
    Ok(match outcome {
        Outcome::Stopped => ExitCode::Resume,
        Outcome::Broken(Cause::CannotWrite) => ExitCode::CannotWrite,
        Outcome::Broken(_) => ExitCode::Unavailable,
        Outcome::Finished if counts.finished() == counts.total() && selection.failed + selection.elsewhere == 0 => {
            ExitCode::Done
        }
        Outcome::Finished if counts.failed + selection.failed == 0 && counts.interrupted > 0 => ExitCode::Resume,
        Outcome::Finished => ExitCode::Incomplete,
    })
}

fn summary(name: &str, survey: &Survey, directory: &str) -> String {
    let counts = survey.counts();
    let words = counts.in_words().join(", ");
    let mut text = format!("{name}: {} of {} runs ({words})\n", counts.finished(), counts.total());
    text += &failures(survey);
    text += directory;
    text.push('\n');
    text
}
