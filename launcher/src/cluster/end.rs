//! What ended a run whose task is over, from its own record and from what Slurm says; and writing it down before Slurm
//! forgets.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;
use slurm::job_id::JobId;
use slurm::name::JobName;
use slurm::state::Ending;
use spec::layout::RunLayout;
use spec::status::{Attempt, Cause};
use spec::{Program, RunId, RunSpec};

use super::error::ClusterError;
use super::view::SiteQueue;
use crate::env;
use crate::files::read_optional_record;
use crate::lease::Machine;
use crate::ledger::{Event, RunEnd};
use crate::state::{Observation, Observed, observe};
use crate::writer::SweepWriter;

/// A task that is over, of a run that is not, and that the ledger does not tell of yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedTask {
    /// The run.
    pub run: RunId,
    /// The submission.
    pub submission: JobName,
    /// The task.
    pub task: JobId,
    /// What Slurm says; `None` where it has forgotten the task.
    pub ending: Option<Ending>,
    /// Where it was.
    pub nodes: String,
    /// The other runs of the task.
    pub siblings: Vec<RunId>,
    /// Whether it is an element of an evaluation, which has no record of a run.
    pub is_element: bool,
    /// Whether no later submission holds the run: only then does the run's record speak of this task.
    pub is_last: bool,
}

/// Writes down which tasks on `sites` were seen to be over. Returns how many.
///
/// # Errors
/// A record cannot be read, the ledger not be written, or another process acts on the sweep by now.
pub fn note_ends(writer: &mut SweepWriter, sites: &[SiteQueue], machine: &Machine) -> Result<usize, ClusterError> {
    let mut events = Vec::new();
    let ended = sites.iter().flat_map(|site| site.queue.ended.iter().map(|task| (task, site.is_far)));
    for (task, is_far) in ended {
        let layout = writer.layout.run(task.run);
        let seen = observe(&layout, machine, SystemTime::now())?;
        // It may have ended well, or gone on elsewhere, since the queue was read.
        if matches!(seen.state, Observed::Done | Observed::Running(_)) {
            continue;
        }
        // What came to nothing although its task had begun had to wait for others of that task: it did nothing itself.
        let began = |run: &RunId| writer.layout.run(*run).status().exists();
        let waited = seen.state == Observed::NotStarted && task.siblings.iter().any(began);
        let end = if task.is_last && !waited && !task.is_element {
            judge(&seen, task.ending, (!is_far).then_some(&layout))
        } else {
            by_slurm(task.ending)
        };
        events.push(Event::Observed {
            run: task.run,
            submission: task.submission.to_string(),
            task: task.task.clone(),
            ending: task.ending,
            nodes: task.nodes.clone(),
            end,
        });
    }
    let count = events.len();
    if count > 0 {
        writer.keep()?;
        writer.ledger.append_all(&env::now(), events)?;
    }
    Ok(count)
}

/// What ended a run that stands as `seen` and of whose last task Slurm says this. What else it has written lies in
/// `layout`, if it lies here at all.
fn judge(seen: &Observation, ending: Option<Ending>, layout: Option<&RunLayout>) -> RunEnd {
    let last = seen.status.iter().flat_map(|status| &status.attempts).next_back();
    let timeout = || {
        let checkpointed = seen.state == Observed::Interrupted(Cause::Checkpointed);
        let progress = match (checkpointed, layout, last) {
            (true, ..) => Some(true),
            (_, None, _) => None,
            (_, Some(_), None) => Some(false),
            (_, Some(layout), Some(last)) => progress(layout, last),
        };
        RunEnd::Timeout { progress }
    };
    match (&seen.state, ending) {
        (_, Some(Ending::Cancelled { by })) => RunEnd::Cancelled { by },
        (Observed::Diverged, _) => RunEnd::Diverged,
        (Observed::Failed { cause: Cause::GpuOutOfMemory, .. }, _) => RunEnd::GpuOutOfMemory,
        (Observed::Failed { cause: Cause::OutOfMemory, .. }, _) => RunEnd::OutOfMemory,
        // A step was out of memory, and the program only knows that it failed.
        (Observed::Failed { cause: Cause::ProgramError | Cause::NoResults, .. }, Some(Ending::OutOfMemory)) => {
            RunEnd::OutOfMemory
        }
        (Observed::Failed { cause, .. }, _) => RunEnd::Failed(*cause),
        (_, Some(Ending::OutOfMemory | Ending::NodeFailure | Ending::Preempted)) => by_slurm(ending),
        (_, Some(Ending::Timeout)) | (Observed::Interrupted(Cause::Checkpointed), _) => timeout(),
        (Observed::Interrupted(Cause::Stopped), _) if last.is_some_and(|last| last.warned) => timeout(),
        (Observed::NotStarted, Some(_)) => RunEnd::NotBegun,
        _ => RunEnd::Lost,
    }
}

/// What ended a run by Slurm's word alone.
fn by_slurm(ending: Option<Ending>) -> RunEnd {
    match ending {
        Some(Ending::Cancelled { by }) => RunEnd::Cancelled { by },
        Some(Ending::OutOfMemory) => RunEnd::OutOfMemory,
        Some(Ending::NodeFailure) => RunEnd::NodeFailure,
        Some(Ending::Preempted) => RunEnd::Preempted,
        Some(Ending::Timeout) => RunEnd::Timeout { progress: None },
        Some(Ending::Completed | Ending::Failed | Ending::Revoked) | None => RunEnd::Lost,
    }
}

/// Whether the run left something newer than the start of its last `attempt`: of the built-in trainer a checkpoint,
/// since only from there it goes on, of another one any file of its own. `None` where that cannot be told.
fn progress(layout: &RunLayout, attempt: &Attempt) -> Option<bool> {
    let started: Timestamp = attempt.started.parse().ok()?;
    let spec: RunSpec = read_optional_record(&layout.spec()).ok()??;
    Some(match spec.program {
        Program::Builtin(_) => has_newer(&layout.checkpoints(), started.into(), &[]),
        Program::Command(_) => {
            let ours = [layout.spec(), layout.status(), layout.claim(), layout.logs()];
            has_newer(layout.directory(), started.into(), &ours.each_ref().map(std::path::PathBuf::as_path))
        }
    })
}

fn has_newer(folder: &Path, started: SystemTime, without: &[&Path]) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        match entry.metadata() {
            _ if without.contains(&path.as_path()) => false,
            Ok(data) if data.is_dir() => has_newer(&path, started, without),
            Ok(data) => data.modified().is_ok_and(|modified| modified > started),
            Err(_) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use spec::status::{State, Status};

    use super::*;

    fn attempt(cause: Option<Cause>, warned: bool) -> Attempt {
        let text = r#"{"number":1,"started":"2026-01-01T00:00:00Z","ended":null,"seconds":null,"host":"h","process":1,
            "gpu":null,"exit-code":null,"signal":null,"cause":null,"message":null}"#;
        let attempt: Attempt = serde_json::from_str(text).unwrap();
        Attempt { cause, warned, ..attempt }
    }

    /// What is made of a run that its record left so and of whose task Slurm says this.
    fn end(state: Observed, warned: bool, ending: Ending) -> RunEnd {
        let attempts = vec![attempt(state.cause(), warned)];
        let run = RunId::of(b"run");
        let status = Status { schema: spec::SCHEMA, run, state: State::Interrupted, results: None, attempts };
        let seen = Observation { state, status: Some(status) };
        judge(&seen, Some(ending), Some(&RunLayout::new("/nowhere")))
    }

    #[test]
    fn record_and_slurm_are_read_together() {
        let lost = || Observed::Interrupted(Cause::Lost);
        let failed = |cause| Observed::Failed { cause, message: String::new() };
        assert_eq!(end(lost(), false, Ending::Preempted), RunEnd::Preempted);
        assert_eq!(end(lost(), false, Ending::NodeFailure), RunEnd::NodeFailure);
        assert_eq!(end(lost(), false, Ending::OutOfMemory), RunEnd::OutOfMemory);
        assert_eq!(end(lost(), false, Ending::Timeout), RunEnd::Timeout { progress: None });
        assert_eq!(end(lost(), false, Ending::Failed), RunEnd::Lost);
        assert_eq!(end(failed(Cause::ProgramError), false, Ending::OutOfMemory), RunEnd::OutOfMemory);
        assert_eq!(end(failed(Cause::GpuOutOfMemory), false, Ending::Failed), RunEnd::GpuOutOfMemory);
        assert_eq!(end(failed(Cause::BadData), false, Ending::Failed), RunEnd::Failed(Cause::BadData));
        let by = Ending::Cancelled { by: Some(7) };
        assert_eq!(end(failed(Cause::OutOfMemory), false, by), RunEnd::Cancelled { by: Some(7) });
        let checkpointed = Observed::Interrupted(Cause::Checkpointed);
        assert_eq!(end(checkpointed, true, Ending::Failed), RunEnd::Timeout { progress: Some(true) });
        let stopped = || Observed::Interrupted(Cause::Stopped);
        assert_eq!(end(stopped(), true, Ending::Failed), RunEnd::Timeout { progress: None });
        assert_eq!(end(stopped(), false, Ending::Failed), RunEnd::Lost);
        assert_eq!(end(Observed::NotStarted, false, Ending::Failed), RunEnd::NotBegun);
        assert_eq!(end(Observed::Diverged, false, Ending::Failed), RunEnd::Diverged);
    }

    #[test]
    fn only_files_of_its_own_are_progress() {
        let folder = tempfile::tempdir().unwrap();
        let long_ago = SystemTime::UNIX_EPOCH;
        let status = folder.path().join("status.json");
        fs::write(&status, "{}").unwrap();
        assert!(!has_newer(folder.path(), long_ago, &[&status]));
        fs::create_dir(folder.path().join("state")).unwrap();
        assert!(!has_newer(folder.path(), long_ago, &[&status]));
        fs::write(folder.path().join("state/step"), "1").unwrap();
        assert!(has_newer(folder.path(), long_ago, &[&status]));
        let later = SystemTime::now() + std::time::Duration::from_hours(1);
        assert!(!has_newer(folder.path(), later, &[&status]));
    }
}
