//! What the ledger says was handed to Slurm.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use slurm::job_id::JobNumber;
use slurm::name::JobName;
use slurm::state::Ending;
use spec::RunId;
use spec::layout::SweepLayout;

use crate::files::FileError;
use crate::ledger::{Event, History, RunEnd};

/// One call of sbatch, from its intent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its name: that of its job and of its files.
    pub name: JobName,
    /// The site.
    pub site: String,
    /// When it was intended: RFC 3339, UTC.
    pub at: String,
    /// How many runs each of its tasks carries out; the last one may have fewer.
    pub runs_per_task: u32,
    /// Whether its lines are no runs but elements of an evaluation, which go by ids of their own.
    pub evaluates: bool,
    /// The arrays after whose end it writes the report; none, if it carries out runs.
    pub after: Vec<JobNumber>,
    /// What became of it.
    pub fate: Fate,
    /// Runs whose tasks somebody has asked to be cancelled since.
    pub cancelled: BTreeSet<RunId>,
    /// How tasks of it ended whose runs were unfinished then, as it was seen.
    pub observed: BTreeMap<RunId, SeenEnd>,
    /// The runs of its array file, once they were read.
    pub(super) lines: OnceCell<Vec<RunId>>,
}

/// How a task was seen to have ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEnd {
    /// What Slurm said; `None` where it had forgotten the task.
    pub ending: Option<Ending>,
    /// Where it had been.
    pub nodes: String,
    /// What ended the run.
    pub end: RunEnd,
}

/// What became of a call of sbatch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There is no clear answer: it may be queued or not.
    Open,
    /// It was queued as this job.
    Accepted(JobNumber),
    /// Nothing was queued: Slurm said so.
    Refused,
    /// It was looked for, was not there, and was fenced.
    GivenUp,
}

/// The submissions of a sweep to Slurm, oldest first.
pub fn of_sweep(history: &History) -> Vec<Submission> {
    let mut submissions: Vec<Submission> = Vec::new();
    for entry in &history.entries {
        let (name, fate) = match &entry.event {
            Event::Intended { submission, site, runs_per_task, evaluates, after, .. } => {
                let intended = Submission::intended(submission, site, &entry.at, *runs_per_task, after);
                submissions.extend(intended.map(|intended| Submission { evaluates: *evaluates, ..intended }));
                continue;
            }
            Event::Accepted { submission, job, .. } => (submission, Fate::Accepted(*job)),
            Event::Refused { submission, .. } => (submission, Fate::Refused),
            Event::GivenUp { submission } => (submission, Fate::GivenUp),
            Event::Observed { run, submission, ending, nodes, end, .. } => {
                let seen = SeenEnd { ending: *ending, nodes: nodes.clone(), end: *end };
                if let Some(found) = submissions.iter_mut().rev().find(|known| known.name.as_str() == submission) {
                    found.observed.insert(*run, seen);
                }
                continue;
            }
            Event::Cancelled { runs } => {
                for submission in &mut submissions {
                    submission.cancelled.extend(runs);
                }
                continue;
            }
            _ => continue,
        };
        if let Some(found) = submissions.iter_mut().rev().find(|submission| submission.name.as_str() == name) {
            found.fate = fate;
        }
    }
    submissions
}

/// What Slurm said when it refused the latest submission of runs; `None` if it did not, or was not asked yet.
pub fn latest_refusal(history: &History) -> Option<&str> {
    history.entries.iter().rev().find_map(|entry| match &entry.event {
        Event::Refused { message, .. } => Some(Some(message.as_str())),
        Event::Intended { .. } => Some(None),
        _ => None,
    })?
}

impl Submission {
    fn intended(name: &str, site: &str, at: &str, runs_per_task: u32, after: &[JobNumber]) -> Option<Self> {
        // The name was made by this program, so that it can be read; a line that says otherwise is not ours.
        let name = name.parse().ok()?;
        let (site, at) = (site.to_owned(), at.to_owned());
        let (fate, cancelled, observed) = (Fate::Open, BTreeSet::new(), BTreeMap::new());
        let (runs_per_task, after) = (runs_per_task.max(1), after.to_vec());
        let (evaluates, lines) = (false, OnceCell::new());
        Some(Self { name, site, at, runs_per_task, evaluates, after, fate, cancelled, observed, lines })
    }

    /// How long ago it was intended, as seen at `now`.
    pub fn age(&self, now: Timestamp) -> Duration {
        let intended: Option<Timestamp> = self.at.parse().ok();
        let age = intended.map(|intended| now.duration_since(intended));
        age.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default()
    }

    /// Whether something about it is left to find out: what became of it, whether it came after it was given up, or, if
    /// a person wants to `abandon` it, that nobody can say any more which runs it carries out.
    pub(super) fn is_unsettled(&self, layout: &SweepLayout, abandon: bool) -> bool {
        match self.fate {
            Fate::Open | Fate::GivenUp => true,
            Fate::Accepted(_) => abandon && self.runs(layout).is_err(),
            Fate::Refused => false,
        }
    }

    /// The runs of its array file, or the ids of its elements, by line. The file never changes, and is read once.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self, layout: &SweepLayout) -> Result<&[RunId], FileError> {
        if let Some(runs) = self.lines.get() {
            return Ok(runs);
        }
        let runs = runs_in(&layout.array(self.name.as_str()))?;
        Ok(self.lines.get_or_init(|| runs))
    }
}

/// The site that each run was last submitted to, or may have been. What is measured was trained there, so that
/// submissions of elements say nothing of it.
///
/// # Errors
/// The array file of a submission cannot be read.
pub(super) fn last_sites<'a>(
    layout: &SweepLayout,
    submissions: &'a [Submission],
) -> Result<BTreeMap<RunId, &'a str>, FileError> {
    let mut last = BTreeMap::new();
    let reached =
        |submission: &&Submission| !submission.evaluates && matches!(submission.fate, Fate::Open | Fate::Accepted(_));
    for submission in submissions.iter().filter(reached) {
        last.extend(submission.runs(layout)?.iter().map(|run| (*run, submission.site.as_str())));
    }
    Ok(last)
}

/// The runs of the array file at `path`, by line.
pub(super) fn runs_in(path: &Path) -> Result<Vec<RunId>, FileError> {
    /// Of a whole run or element only this is read: the file may hold tens of thousands.
    #[derive(Deserialize)]
    struct Line {
        id: RunId,
    }
    let file = File::open(path).map_err(|error| FileError::read(path, error))?;
    let mut runs = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(|error| FileError::read(path, error))?;
        let damaged = |error: serde_json::Error| FileError::Damaged {
            path: path.to_owned(),
            line: Some(index + 1),
            reason: error.to_string(),
        };
        runs.push(serde_json::from_str::<Line>(&line).map_err(damaged)?.id);
    }
    Ok(runs)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A submission of elements that was accepted.
    pub(in crate::cluster) fn evaluation(name: &str) -> Submission {
        let intended = Submission::intended(name, "here", "2026-01-01T00:00:00Z", 1, &[]).unwrap();
        Submission { evaluates: true, fate: Fate::Accepted(JobNumber::new(7).unwrap()), ..intended }
    }
}
