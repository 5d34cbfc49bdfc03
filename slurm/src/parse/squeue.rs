//! The queue: `squeue --array --format=FORMAT`, with its header.

use super::table::{Row, Table};
use super::values::is_absent;
use super::{DateTime, QueryError, Reply};
use crate::job_id::JobId;
use crate::resources::TimeLimit;
use crate::state::{JobState, PendingReason};

/// The value of `--format`. Columns without a width are never cut. Ask with `--array`, so that
/// every task has a row of its own.
pub const FORMAT: &str = "%i|%T|%r|%V|%S|%M|%l|%N|%u|%j|%P";

const TABLE: Table = Table { first_title: "JOBID", columns: 11 };

/// A job that the controller knows: waiting, running or ended a short while ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedJob {
    /// The job or the task.
    pub id: JobId,
    /// Its state.
    pub state: JobState,
    /// Why it waits; `None` if Slurm gives no reason.
    pub reason: Option<PendingReason>,
    /// When it was submitted, in the cluster's own zone.
    pub submitted: Option<DateTime>,
    /// When it started, or is expected to.
    pub starts: Option<DateTime>,
    /// How long it has run, in seconds.
    pub elapsed: Option<u64>,
    /// How long it may run.
    pub time_limit: Option<TimeLimit>,
    /// Its nodes, compressed; empty while it has none.
    pub nodes: String,
    /// Its user.
    pub user: String,
    /// Its name.
    pub name: String,
    /// Its partition or partitions.
    pub partition: String,
}

/// Reads the queue, in squeue's order.
///
/// # Errors
/// The query failed, was cut, or has another form. An empty queue is `Ok`.
pub fn read(reply: &Reply) -> Result<Vec<QueuedJob>, QueryError> {
    TABLE.rows(reply)?.iter().map(job).collect()
}

fn job(row: &Row) -> Result<QueuedJob, QueryError> {
    let reason = PendingReason::read(row.text(2));
    Ok(QueuedJob {
        id: row.value(0, JobId::EXPECTED)?,
        state: row.value(1, "the state of a job")?,
        reason: Some(reason).filter(|reason| !is_absent(&reason.code)),
        submitted: row.time(3)?,
        starts: row.time(4)?,
        elapsed: row.clock(5)?,
        time_limit: time_limit(row, 6)?,
        nodes: row.text(7).to_owned(),
        user: row.text(8).to_owned(),
        name: row.text(9).to_owned(),
        partition: row.text(10).to_owned(),
    })
}

fn time_limit(row: &Row, column: usize) -> Result<Option<TimeLimit>, QueryError> {
    let text = row.text(column);
    // Until the controller has looked at the job, its limit is the partition's.
    if is_absent(text) || text.eq_ignore_ascii_case("Partition_Limit") {
        return Ok(None);
    }
    row.value(column, TimeLimit::EXPECTED).map(Some)
}
