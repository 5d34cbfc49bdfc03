//! `seedbed show`: what a run is and what it found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use slurm::quoting::{Destination, quote};
use spec::budget::ParameterCount;
use spec::layout::RunLayout;
use spec::run::{CommandSpec, visible};
use spec::setting::{self, Settings};
use spec::status::{Attempt, Facts};
use spec::value::float_text;
use spec::{ExitCode, Program, RunSpec, Study, Value};

use crate::error::CliError;
use crate::files::{FileError, read_optional_record};
use crate::lease::Machine;
use crate::locate::{self, label};
use crate::output::{Table, duration, print, talk};
use crate::results;
use crate::state::{Observed, observe};
use crate::story::gpu_in_words;
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed show`.
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

/// Shows a run.
///
/// # Errors
/// When the run cannot be found or its records cannot be read.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let named = locate::run(&arguments.run, arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let layout = named.sweep.layout.run(named.run.id);
    let seen = observe(&layout, &Machine::here(), SystemTime::now())?;
    let mut text = format!("run {} of {}: {}\n\n", named.run.id, named.sweep.plan.sweep, label(&named.run));
    let mut facts = Table::new(["", ""]);
    facts.row(["state".to_owned(), seen.state.name().to_owned()]);
    facts.row(["directory".to_owned(), layout.directory().display().to_string()]);
    for (factor, level) in named.run.levels.iter() {
        facts.row([factor.clone(), level.to_string()]);
    }
    facts.row(["seed".to_owned(), named.run.seed.to_string()]);
    if seen.seconds() > 0.0 {
        facts.row(["time".to_owned(), duration(seen.seconds())]);
    }
    if let (Observed::Failed { message, .. }, None) = (&seen.state, &seen.status) {
        facts.row(["why".to_owned(), message.clone()]);
    }
    let last = seen.status.iter().flat_map(|status| &status.attempts).next_back();
    if let Some(last) = last {
        where_it_was(last, &mut facts);
    }
    text += facts.render().trim_start();
    match readable::<RunSpec>(&layout.spec())? {
        Some(spec) => text += &program(&spec, &layout)?,
        None => text += "\nits settings are written down when it starts; `seedbed plan` shows them before\n",
    }
    if seen.state == Observed::Done {
        text += &findings(&layout)?;
    }
    print(&text)?;
    Ok(ExitCode::Done)
}

/// The record at `path`, or none where it is damaged, which is told: the rest can be shown.
fn readable<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, FileError> {
    match read_optional_record(path) {
        Err(error) if error.is_of_content() => {
            talk(&format!("warning: {}", error.in_one_line()));
            Ok(None)
        }
        read => read,
    }
}

/// On what the last attempt was carried out.
fn where_it_was(attempt: &Attempt, facts: &mut Table) {
    let Some(node) = &attempt.node else { return };
    let mut row = |name: &str, value: String| facts.row([name.to_owned(), value]);
    match &node.task {
        Some(task) => {
            let name = task.node.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            row("node", format!("{}{name}", attempt.host));
            row("task", task.job.clone());
        }
        None => row("machine", attempt.host.clone()),
    }
    node.gpus.iter().for_each(|gpu| row("GPU", gpu_in_words(gpu)));
    node.driver.iter().for_each(|driver| row("driver", driver.clone()));
    row("seedbed", node.seedbed.clone());
}

fn program(spec: &RunSpec, layout: &RunLayout) -> Result<String, CliError> {
    let mut text = match &spec.program {
        Program::Builtin(study) => differences(study) + &parameters(study, layout)?,
        Program::Command(command) => foreign(command),
    };
    if let Some(threads) = spec.execution.threads {
        let _ = writeln!(text, "\nprocessor threads: {threads}");
    }
    Ok(text)
}

/// Every setting of the study that is not what it would be if nothing had been given.
fn differences(study: &Study) -> String {
    let mut settings = Settings::new();
    let corpus = setting::find("data.corpus").expect("invariant: data.corpus is in the table");
    let architecture = setting::find("model.architecture").expect("invariant: model.architecture is in the table");
    let given = settings
        .give(corpus, &Value::from("corpus"))
        .and_then(|()| settings.give(architecture, &Value::from(study.model.architecture.name())));
    let content = |path: &str| Some(spec::Digest::of(path.as_bytes()));
    let Ok(plain) = given.and_then(|()| Study::from_settings(&settings, &content)) else { return String::new() };
    let (mut own, mut usual) = (BTreeMap::new(), BTreeMap::new());
    flatten("", &serde_json::json!(study), &mut own);
    flatten("", &serde_json::json!(plain), &mut usual);
    let mut table = Table::new(["setting", "value", "default"]);
    for (key, value) in own.iter().filter(|(key, value)| usual.get(*key) != Some(value)) {
        table.row([key.clone(), value.clone(), usual.get(key).cloned().unwrap_or_default()]);
    }
    if table.is_empty() { "\nevery setting has its default\n".to_owned() } else { format!("\n{}", table.render()) }
}

/// The leaves of a JSON tree by their dotted paths.
fn flatten(path: &str, tree: &Json, leaves: &mut BTreeMap<String, String>) {
    match tree {
        Json::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, field, leaves);
            }
        }
        Json::String(text) => _ = leaves.insert(path.to_owned(), text.clone()),
        Json::Null => {}
        leaf => _ = leaves.insert(path.to_owned(), leaf.to_string()),
    }
}

fn parameters(study: &Study, layout: &RunLayout) -> Result<String, CliError> {
    let facts: Option<Facts> = readable(&layout.facts())?;
    let count = facts.as_ref().map_or_else(|| ParameterCount::of(&study.model), |facts| facts.parameters);
    let mut table = Table::new(["parameters", ">"]);
    for (component, number) in count.by_component().into_iter().chain([("all", count.total())]) {
        table.row([component.to_owned(), number.to_string()]);
    }
    let device = facts.map(|facts| format!("\ndevice: {}\n", facts.device)).unwrap_or_default();
    Ok(format!("\n{}{device}", table.render()))
}

fn foreign(command: &CommandSpec) -> String {
    // As a shell would take it, but for control characters, which would command the terminal.
    let word = |word: &String| quote(word, Destination::Shell).unwrap_or_else(|_| word.clone());
    let words: Vec<String> = command.argv.iter().map(word).collect();
    let mut text = format!("\ncommand: {}\n", visible(&words.join(" ")));
    for (name, value) in &command.params {
        let _ = writeln!(text, "  {name} = {}", value.literal());
    }
    text
}

fn findings(layout: &RunLayout) -> Result<String, CliError> {
    let results = results::read(&layout.results()).map_err(|error| CliError::new(ExitCode::BadData, error))?;
    let mut table = Table::new(["metric", ">value"]);
    for (metric, value) in results.values {
        table.row([metric, float_text(value)]);
    }
    Ok(format!("\n{}", table.render()))
}
