//! What became of a call of sbatch without a clear answer.
//!
//! The job's name is its own, so it is looked for by that name, in the queue and in the accounts. Found, it is adopted.
//! Not found, the call is given up once it is too old to be still on its way, and fenced before that is written down:
//! should it arrive even later, its tasks see the fence and leave, and whoever settles next cancels them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use slurm::client::{Wanted, Window};
use slurm::job_id::JobNumber;
use slurm::name::JobName;

use super::contact::Contact;
use super::error::ClusterError;
use super::fence;
use super::submissions::{Fate, Submission};
use crate::env;
use crate::files::create_new;
use crate::ledger::Event;
use crate::output::counted;
use crate::writer::SweepWriter;

/// How long a call may be on its way: sbatch itself tries for minutes when the controller is busy, also when whoever
/// started it is gone.
const ON_ITS_WAY: Duration = Duration::from_mins(5);

/// How long after it was given up a submission is still looked for.
const LATE: Duration = Duration::from_hours(24);

/// What was found out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settled {
    /// What a person should know, a line each.
    pub news: Vec<String>,
    /// Submissions that are still without an answer.
    pub open: usize,
}

/// Finds out what became of every open submission, and cancels what arrived too late.
///
/// With `abandon`, a submission that is not found is given up however young it is, and so is one whose array file is
/// lost.
///
/// # Errors
/// Slurm could not be asked, or the ledger not be written. What was settled until then is in the ledger.
pub fn settle(
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
    submissions: &mut [Submission],
    abandon: bool,
) -> Result<Settled, ClusterError> {
    let now = Timestamp::now();
    let concerns = |submission: &&Submission| {
        let is_past = submission.fate == Fate::GivenUp && submission.age(now) >= LATE;
        submission.is_unsettled(&writer.layout, abandon) && !is_past
    };
    let concerned: Vec<&Submission> = submissions.iter().filter(concerns).collect();
    if concerned.is_empty() {
        return Ok(Settled::default());
    }
    let found = look_up(contact, &concerned, now)?;
    let mut settled = Settled::default();
    for submission in submissions.iter_mut() {
        let found = found.get(submission.name.as_str()).cloned().unwrap_or_default();
        match submission.fate {
            Fate::Open => settle_one(writer, contact, submission, &found, (abandon, now), &mut settled)?,
            Fate::GivenUp if !found.alive.is_empty() => {
                contact.cancel(found.alive)?;
                let line = format!("submission {} arrived after it was given up: it was cancelled", submission.name);
                settled.news.push(line);
            }
            // Nobody can say any more which runs it carries out.
            Fate::Accepted(_) if submission.is_unsettled(&writer.layout, abandon) => {
                writer.keep()?;
                fence_off(writer, contact, submission)?;
                contact.cancel(found.alive)?;
                let name = &submission.name;
                settled.news.push(format!("submission {name} has lost its array file: it was given up and cancelled"));
            }
            _ => {}
        }
    }
    Ok(settled)
}

/// The arrays of one name.
#[derive(Debug, Clone, Default)]
struct Found {
    all: BTreeSet<JobNumber>,
    /// Those with a task in the queue that is not over.
    alive: BTreeSet<JobNumber>,
}

/// The arrays of each name: in the queue, or in the accounts.
fn look_up(
    contact: &Contact<'_>,
    submissions: &[&Submission],
    now: Timestamp,
) -> Result<BTreeMap<String, Found>, ClusterError> {
    let names: Vec<JobName> = submissions.iter().map(|submission| submission.name.clone()).collect();
    let oldest = submissions.iter().map(|submission| submission.age(now)).max().unwrap_or_default();
    let wanted = Wanted { user: &contact.user, names: &names };
    let mut found: BTreeMap<String, Found> = BTreeMap::new();
    let is_there = |found: &BTreeMap<String, Found>, name: &JobName| found.contains_key(name.as_str());
    // An answer that was cut at the end of a line, or that a controller gave while it started, is not told from a whole
    // one: what is not there is looked for once more.
    for _ in 0..2 {
        for job in contact.client.queue(&wanted)? {
            let found = found.entry(job.name).or_default();
            found.all.insert(job.id.number);
            if job.state.ending().is_none() {
                found.alive.insert(job.id.number);
            }
        }
        if names.iter().all(|name| is_there(&found, name)) {
            break;
        }
    }
    // What was given up and is not in the queue has nothing left to cancel.
    let is_missing =
        |submission: &&Submission| submission.fate == Fate::Open && !found.contains_key(submission.name.as_str());
    if !submissions.iter().any(is_missing) {
        return Ok(found);
    }
    // A job may have ended and left the queue since; only where there are no accounts at all must the queue do.
    match contact.client.accounts(&wanted, Window::since(oldest + ON_ITS_WAY)) {
        Ok(jobs) => {
            for job in jobs {
                found.entry(job.allocation.name).or_default().all.insert(job.id.number);
            }
        }
        Err(error) if error.is_accounting_off() => {}
        // What was not found may be in the accounts.
        Err(error) => return Err(error.into()),
    }
    Ok(found)
}

fn settle_one(
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
    submission: &mut Submission,
    found: &Found,
    (abandon, now): (bool, Timestamp),
    settled: &mut Settled,
) -> Result<(), ClusterError> {
    // Slurm may have taken its time to answer, and whoever took this process for dead may have settled it since.
    writer.keep()?;
    let name = submission.name.to_string();
    let mut jobs = found.all.clone();
    let is_fenced = fence::is_given_up(&writer.layout.array(&name))?;
    if is_fenced && !jobs.is_empty() {
        // Whoever gave it up was interrupted before that was written down. Its tasks see the fence and do nothing.
        contact.cancel(found.alive.clone())?;
        jobs.clear();
    }
    if let Some(first) = jobs.pop_first() {
        // Before the first is written down: after that nobody looks for the others.
        if !jobs.is_empty() {
            let doubled = counted(jobs.len(), "second copy");
            contact.cancel(jobs.intersection(&found.alive).copied().collect())?;
            settled.news.push(format!("submission {name} was queued more than once: {doubled} cancelled"));
        }
        writer.ledger.append(env::now(), Event::Accepted { submission: name.clone(), job: first, adopted: true })?;
        submission.fate = Fate::Accepted(first);
        settled.news.push(format!("submission {name} had been accepted as job {first}: it was adopted"));
        return Ok(());
    }
    if !is_fenced && !abandon && submission.age(now) < ON_ITS_WAY {
        settled.open += 1;
        return Ok(());
    }
    fence_off(writer, contact, submission)?;
    settled.news.push(format!("submission {name} never reached the queue: it was given up"));
    Ok(())
}

/// Gives a submission up: whatever of it starts from now on does nothing.
fn fence_off(writer: &mut SweepWriter, contact: &Contact<'_>, submission: &mut Submission) -> Result<(), ClusterError> {
    let fence = fence::fence(&writer.layout, &submission.name);
    create_new(&fence, b"given up: whatever of it starts now does nothing\n")?;
    contact.place().deliver(&contact.client, &writer.layout, &[fence])?;
    writer.ledger.append(env::now(), Event::GivenUp { submission: submission.name.to_string() })?;
    submission.fate = Fate::GivenUp;
    Ok(())
}
