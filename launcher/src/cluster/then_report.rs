//! A report that Slurm itself has written once the runs have ended.

use std::collections::BTreeSet;

use slurm::client::Wanted;
use slurm::job_id::JobNumber;
use slurm::name::JobName;
use slurm::state::Standing;

use super::batch::{self, Batch};
use super::call::{Answer, ask_after, call};
use super::contact::Contact;
use super::error::ClusterError;
use super::order::Order;
use super::submissions::{Fate, Submission};
use crate::env;
use crate::writer::SweepWriter;

/// What became of the wish for a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reporting {
    /// It is queued as this job.
    Queued(JobNumber),
    /// An earlier one waits for everything that goes on.
    Already(JobNumber),
    /// Nothing goes on that it could wait for.
    Nothing,
    /// It is not queued, or not known to be.
    Not(String),
}

/// Has the report written after these `arrays`, unless one of the `known` submissions that is still in the queue waits
/// for all of them.
///
/// # Errors
/// The queue cannot be read, sbatch could not be started, or a file not be written.
pub fn then_report(
    order: &Order<'_>,
    arrays: &BTreeSet<JobNumber>,
    known: &[Submission],
    writer: &mut SweepWriter,
    contact: &Contact<'_>,
) -> Result<Reporting, ClusterError> {
    if arrays.is_empty() {
        return Ok(Reporting::Nothing);
    }
    if let Some(job) = waiting(arrays, known, contact)? {
        return Ok(Reporting::Already(job));
    }
    let arrays: Vec<JobNumber> = arrays.iter().copied().collect();
    let name = batch::name(&writer.plan.sweep, &env::token());
    let batch = Batch::report(&order.frame(&writer.layout), name, &arrays)?;
    batch.write(&writer.layout, [])?;
    let answer = call(&batch, order.site_name(), arrays, writer, contact)?;
    Ok(match answer {
        Answer::Accepted(job) => Reporting::Queued(job),
        Answer::NoRoom(message) | Answer::Busy(message) | Answer::Rejected(message) => Reporting::Not(message),
        Answer::Open(message) => {
            let mut news = Vec::new();
            ask_after(writer, contact, &mut news).map_or(Reporting::Not(message), Reporting::Queued)
        }
    })
}

/// An earlier report that waits for all of `arrays`.
fn waiting(
    arrays: &BTreeSet<JobNumber>,
    known: &[Submission],
    contact: &Contact<'_>,
) -> Result<Option<JobNumber>, ClusterError> {
    let covers = |submission: &&Submission| arrays.iter().all(|array| submission.after.contains(array));
    let accepted = |submission: &Submission| match submission.fate {
        Fate::Accepted(job) => Some((submission.name.clone(), job)),
        _ => None,
    };
    let earlier: Vec<(JobName, JobNumber)> = known.iter().filter(covers).filter_map(accepted).collect();
    let names: Vec<JobName> = earlier.iter().map(|(name, _)| name.clone()).collect();
    let queue = contact.client.queue(&Wanted { user: &contact.user, names: &names })?;
    let is_waiting = |job: &JobNumber| {
        queue.iter().any(|queued| {
            queued.id.number == *job && matches!(queued.state.standing(), Standing::Queued | Standing::Held)
        })
    };
    Ok(earlier.into_iter().map(|(_, job)| job).find(is_waiting))
}
