//! The one call of sbatch for a batch whose files are on disk: intent, call, answer, each written down before the next.

use std::thread;
use std::time::Duration;

use slurm::job_id::JobNumber;
use slurm::parse::sbatch;
use spec::Digest;
use spec::layout::SweepLayout;

use super::batch::Batch;
use super::contact::Contact;
use super::error::ClusterError;
use super::settle::settle;
use super::submissions::{self, Fate};
use crate::env;
use crate::ledger::{self, Event};
use crate::writer::SweepWriter;

/// What became of one batch.
pub(super) enum Answer {
    Accepted(JobNumber),
    NoRoom(String),
    /// Fewer would not be taken either.
    Busy(String),
    Rejected(String),
    Open(String),
}

/// Hands `batch` to the Slurm of `site`. It starts `after` these arrays, if it is a report.
pub(super) fn call(
    batch: &Batch,
    site: &str,
    after: Vec<JobNumber>,
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
) -> Result<Answer, ClusterError> {
    if let Err(error) = writer.keep() {
        discard(&writer.layout, batch);
        return Err(error.into());
    }
    let submission = batch.name.to_string();
    let intent = Event::Intended {
        submission: submission.clone(),
        site: site.to_owned(),
        runs: u64::from(batch.len),
        runs_per_task: batch.runs_per_task,
        evaluates: batch.evaluates,
        after,
        script: Digest::of(batch.script.as_bytes()),
    };
    writer.ledger.append(env::now(), intent)?;
    let answer = match contact.client.submit(&batch.script) {
        Ok(answer) => answer,
        Err(error) => {
            // It was not even started, which is as clear an answer as any.
            let message = error.to_string();
            writer.ledger.append(env::now(), Event::Refused { submission, message })?;
            return Err(error.into());
        }
    };
    let (event, answer) = match answer {
        sbatch::Submission::Accepted(job) => {
            (Event::Accepted { submission, job: job.number, adopted: false }, Answer::Accepted(job.number))
        }
        sbatch::Submission::NoRoom { message } => {
            (Event::Refused { submission, message: message.clone() }, Answer::NoRoom(message))
        }
        sbatch::Submission::Busy { message } => {
            (Event::Refused { submission, message: message.clone() }, Answer::Busy(message))
        }
        sbatch::Submission::Rejected { message } => {
            (Event::Refused { submission, message: message.clone() }, Answer::Rejected(message))
        }
        sbatch::Submission::Unresolved { message } => {
            (Event::Unresolved { submission, message: message.clone() }, Answer::Open(message))
        }
    };
    writer.ledger.append(env::now(), event)?;
    if matches!(answer, Answer::NoRoom(_) | Answer::Busy(_) | Answer::Rejected(_)) {
        discard(&writer.layout, batch);
    }
    Ok(answer)
}

/// Removes the files of a batch that was refused: nothing will ever read them.
pub(super) fn discard(layout: &SweepLayout, batch: &Batch) {
    for file in [layout.array(batch.name.as_str()), layout.script(batch.name.as_str())] {
        // Left behind they take space and do no harm.
        let _ = std::fs::remove_file(file);
    }
}

/// Looks a few times for the submission that was made last and has no answer.
pub(super) fn ask_after(writer: &mut SweepWriter, contact: &Contact<'_>, news: &mut Vec<String>) -> Option<JobNumber> {
    for _ in 0..3 {
        thread::sleep(Duration::from_secs(1));
        let history = ledger::read(&writer.layout.ledger()).ok()?;
        let mut submissions = submissions::of_sweep(&history);
        let last = submissions.last_mut()?;
        let settled = settle(writer, contact, std::slice::from_mut(last), false);
        if let (Ok(settled), Fate::Accepted(job)) = (settled, last.fate) {
            news.extend(settled.news);
            return Some(job);
        }
    }
    None
}
