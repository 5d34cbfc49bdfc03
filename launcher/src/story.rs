//! The story of a run in words: what happened to it and when, why it stands as it does, and what can be done.

use std::collections::BTreeSet;

use spec::RunId;
use spec::status::{Attempt, Cause, Gpu, Node};
use std::fmt::Write as _;

use crate::cluster::{self, TaskView};
use crate::ledger::{Entry, Event, History};
use crate::locate::{NamedRun, label};
use crate::output::duration;
use crate::state::{Observation, Observed};

/// The whole story of a run.
///
/// `submissions` are those to Slurm that the run is part of, and `task` is how its task stands there.
pub fn tell(
    named: &NamedRun,
    seen: &Observation,
    history: &History,
    submissions: &BTreeSet<String>,
    task: Option<&TaskView>,
) -> String {
    let id = named.run.id;
    let mut events: Vec<(String, String)> = Vec::new();
    let mut own_submission = None;
    for entry in &history.entries {
        if let Event::AttemptStarted { run, submission, .. } = &entry.event
            && *run == id
        {
            own_submission = Some(submission.clone());
        }
        events.extend(from_ledger(entry, id, own_submission.as_deref()));
        events.extend(from_slurm(&entry.event, id, submissions).map(|words| (entry.at.clone(), words)));
    }
    for attempt in seen.status.iter().flat_map(|status| &status.attempts) {
        events.extend(from_attempt(attempt));
    }
    // Times are text of one form and one zone, so their order is that of time; at one moment the ledger comes first.
    events.sort_by(|one, other| one.0.cmp(&other.0));
    let mut text = format!("run {id} of {}: {}\n\n", named.sweep.plan.sweep, label(&named.run));
    for (at, words) in events {
        let at = at.split('.').next().unwrap_or(&at).trim_end_matches('Z');
        let _ = writeln!(text, "{at}Z  {}", words.replace('\n', "\n                        "));
    }
    let _ = writeln!(text, "\nNow it is {}.", standing(seen));
    let is_open = |task: &&TaskView| match seen.state {
        Observed::Done => false,
        Observed::Diverged => task.standing.is_in_flight(),
        _ => true,
    };
    if let Some(task) = task.filter(is_open) {
        let (word, why) = task.standing.in_words();
        let has_begun = seen.state != Observed::NotStarted || task.standing.is_in_flight();
        let last_words = cluster::last_words(&named.sweep.layout, &task.job).filter(|_| !has_begun);
        let why = match last_words {
            Some((words, path)) => format!(" before the run began: {words}\nAll that it said is in {}", path.display()),
            None if why.is_empty() => String::new(),
            None => format!(": {why}"),
        };
        let _ = writeln!(text, "Slurm has it as task {}, {word}{why}.", task.job);
    } else if let Some(advice) = advice(&seen.state, id) {
        let _ = writeln!(text, "{advice}");
    }
    text
}

fn from_ledger(entry: &Entry, id: RunId, submission: Option<&str>) -> Option<(String, String)> {
    let words = match &entry.event {
        Event::PlanFrozen { revision: 0, runs, .. } => format!("the plan was frozen: {runs} runs"),
        Event::PlanFrozen { revision, runs, .. } => format!("the plan was changed to revision {revision}: {runs} runs"),
        Event::Retried { run, cause, asked } if *run == id => {
            let who = if *asked { "somebody asked" } else { "the sweep's [retry] table says" };
            format!("{who} to carry it out again after {}", cause.name())
        }
        Event::Stopped { submission: stopped, .. } if Some(stopped.as_str()) == submission => {
            "somebody asked its launcher to stop".to_owned()
        }
        _ => return None,
    };
    Some((entry.at.clone(), words))
}

fn from_slurm(event: &Event, id: RunId, submissions: &BTreeSet<String>) -> Option<String> {
    Some(match event {
        Event::Intended { submission, site, runs, runs_per_task, .. } if submissions.contains(submission) => {
            let packed = if *runs_per_task > 1 { format!(", {runs_per_task} to a task") } else { String::new() };
            format!("it was about to be handed to Slurm ({site}) as one of {runs} runs of {submission}{packed}")
        }
        Event::Accepted { submission, job, adopted: false } if submissions.contains(submission) => {
            format!("Slurm queued it in job {job}")
        }
        Event::Accepted { submission, job, .. } if submissions.contains(submission) => {
            format!("its submission, which had no answer, was found in the queue as job {job}")
        }
        Event::Refused { submission, message } if submissions.contains(submission) => {
            format!("Slurm refused it: {message}")
        }
        Event::Unresolved { submission, message } if submissions.contains(submission) => {
            format!("Slurm gave no clear answer: {message}")
        }
        Event::GivenUp { submission } if submissions.contains(submission) => {
            format!("{submission} never reached the queue and was given up")
        }
        Event::Observed { run, task, nodes, end, .. } if *run == id => {
            let place = if nodes.is_empty() { String::new() } else { format!(" on {nodes}") };
            format!("its task {task}{place} was seen to be over: {}", end.in_words())
        }
        Event::Cancelled { runs } if runs.contains(&id) => "somebody asked for its task to be cancelled".to_owned(),
        _ => return None,
    })
}

fn from_attempt(attempt: &Attempt) -> Vec<(String, String)> {
    let gpu = attempt.gpu.as_ref().map(|gpu| format!(", GPU {gpu}")).unwrap_or_default();
    let on = attempt.node.as_ref().map(place).unwrap_or_default();
    let begun = format!("attempt {} began on {} (process {}{gpu}{on})", attempt.number, attempt.host, attempt.process);
    let mut events = vec![(attempt.started.clone(), begun)];
    if let Some(ended) = &attempt.ended {
        let time = attempt.seconds.map(|seconds| format!(" after {}", duration(seconds))).unwrap_or_default();
        let has_task = attempt.node.as_ref().is_some_and(|node| node.task.is_some());
        let cause = match attempt.cause {
            None => "it ended",
            // Somebody of Slurm's told it before its job's time was up.
            Some(Cause::Stopped) if attempt.warned && has_task => {
                "the time of its job was nearly up, and it left no checkpoint"
            }
            Some(cause) => in_words(cause),
        };
        let message = attempt.message.as_ref().map(|message| format!("\n{message}")).unwrap_or_default();
        events.push((ended.clone(), format!("attempt {} ended{time}: {cause}{message}", attempt.number)));
    }
    events
}

/// The task of Slurm and the GPUs of an attempt, as more of a list in brackets.
fn place(node: &Node) -> String {
    let mut text = String::new();
    if let Some(task) = &node.task {
        let name = task.node.as_ref().map(|name| format!(" on node {name}")).unwrap_or_default();
        let _ = write!(text, ", task {}{name}", task.job);
        if task.restarts > 0 {
            let _ = write!(text, ", queued again {} times", task.restarts);
        }
    }
    for gpu in &node.gpus {
        let _ = write!(text, ", {}", gpu_in_words(gpu));
    }
    text
}

/// A GPU's model and memory.
pub fn gpu_in_words(gpu: &Gpu) -> String {
    let memory = gpu.memory.map(|mebibytes| format!(", {:.0} GiB", mebibytes as f64 / 1024.0)).unwrap_or_default();
    format!("{}{memory}", gpu.model)
}

/// What a cause means, as the end of a sentence.
fn in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Done => "it was done",
        Cause::Diverged => "training diverged",
        Cause::Checkpointed => "it left before its end and can go on (exit code 75)",
        Cause::Stopped => "it was stopped from outside",
        Cause::Killed => "somebody killed it who is not seedbed",
        Cause::Lost => "its supervisor vanished",
        Cause::OutOfMemory => "it ran out of memory",
        Cause::GpuOutOfMemory => "it ran out of the GPU's memory",
        Cause::BadSpec => "the trainer refused its settings",
        Cause::BadData => "its data was missing, damaged or too small",
        Cause::Unavailable => "a program, device or library was missing",
        Cause::CannotWrite => "a file could not be written",
        Cause::ProgramError => "the program failed",
        Cause::NoResults => "it left no complete results",
    }
}

fn standing(seen: &Observation) -> String {
    match &seen.state {
        Observed::Running(holder) => format!("running: held by {holder}"),
        Observed::Interrupted(cause) => format!("interrupted: {}", in_words(*cause)),
        Observed::Failed { cause: Cause::NoResults, message } => format!("failed: {message}"),
        Observed::Failed { cause, .. } => format!("failed: {}", in_words(*cause)),
        other => other.name().to_owned(),
    }
}

fn advice(state: &Observed, id: RunId) -> Option<String> {
    Some(match state {
        Observed::Done => return None,
        Observed::NotStarted => "`seedbed run` starts it here, `seedbed submit` on a cluster.".to_owned(),
        Observed::Running(_) => format!("`seedbed logs -f {id}` shows what it says."),
        Observed::Interrupted(_) => "`seedbed run` goes on from its last checkpoint.".to_owned(),
        Observed::Diverged => {
            "That is a result and is reported as one. `seedbed run --retry diverged` carries it out again.".to_owned()
        }
        Observed::Failed { cause, .. } => {
            let first = match cause {
                Cause::OutOfMemory => "Raise resources.memory or lower the number of slots, then",
                Cause::GpuOutOfMemory => {
                    "Lower train.micro-batch-tokens or the number of slots, or take a GPU with more memory, then"
                }
                Cause::BadSpec => "Correct the sweep file, which gives a new run; or, if the trainer was at fault,",
                Cause::BadData => "Put its data right, then",
                Cause::Unavailable => "Install what is missing, then",
                Cause::CannotWrite => "Make space or give permission, then",
                _ => "Look at `seedbed logs`, put right what is wrong, then",
            };
            format!("{first} `seedbed run --retry {}`.", cause.name())
        }
    })
}
