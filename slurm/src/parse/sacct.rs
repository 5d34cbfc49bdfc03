//! The accounts: `sacct --parsable2 --format=FIELDS`, with its header.

use super::table::{Row, Table};
use super::values::{bytes, is_absent};
use super::{DateTime, QueryError, Reply};
use crate::job_id::{JobId, Step, StepId};
use crate::state::{Ending, ExitStatus, JobState};

/// The value of `--format`. Always ask with a start time, a user and a name: numbers of jobs are
/// used again, and without a start sacct looks no further back than midnight. With `--duplicates`
/// every incarnation of a requeued job has a row.
pub const FIELDS: &str = "JobID,State,ExitCode,DerivedExitCode,Submit,Start,End,ElapsedRaw,MaxRSS,\
                          NodeList,Partition,User,JobName,Cluster";

const TABLE: Table = Table { first_title: "JobID", columns: 14 };

/// Marks, in lower case, of accounts that could not be reached. sacct prints its header before it asks, and ends with
/// the number of whatever failed, of which the last eight bits may be 0.
const UNREACHED: [&str; 5] = [
    "problem talking to the database",
    "persistent connection",
    "connection refused",
    "unable to contact",
    "timed out",
];

/// One allocation of a job, or one of its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The job, and the step if this is one.
    pub id: StepId,
    /// Its state.
    pub state: JobState,
    /// How it ended; `0:0` while it runs, and for a step of which the accounts were never told.
    pub exit: ExitStatus,
    /// The worst end among the steps; steps themselves have none.
    pub derived_exit: Option<ExitStatus>,
    /// When it was submitted, in the cluster's own zone.
    pub submitted: Option<DateTime>,
    /// When it started.
    pub started: Option<DateTime>,
    /// When it ended.
    pub ended: Option<DateTime>,
    /// How long it ran, in seconds.
    pub elapsed: u64,
    /// The most memory that one of its processes held, in bytes; only steps are measured.
    pub peak_memory: Option<u64>,
    /// Its nodes, compressed; empty if it never had any.
    pub nodes: String,
    /// Its partition; empty for steps.
    pub partition: String,
    /// Its user; empty for steps.
    pub user: String,
    /// Its name; of a step, the step's.
    pub name: String,
    /// Its cluster.
    pub cluster: String,
}

/// One incarnation of a job with its steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountedJob {
    /// The job.
    pub id: JobId,
    /// The row of the whole allocation.
    pub allocation: Account,
    /// The rows of its steps, in order.
    pub steps: Vec<Account>,
}

impl AccountedJob {
    /// How the job ended, read from allocation and steps; `None` while it is not known to be over.
    ///
    /// A state that names its cause stands. Behind a bare `COMPLETED` or `FAILED` a step may have
    /// run out of memory or lost its node; then that is the cause.
    pub fn ending(&self) -> Option<Ending> {
        let ending = self.allocation.state.ending()?;
        if !matches!(ending, Ending::Completed | Ending::Failed) {
            return Some(ending);
        }
        let of_steps = |cause| self.steps.iter().any(|step| step.state.ending() == Some(cause));
        let hidden = [Ending::OutOfMemory, Ending::NodeFailure];
        Some(hidden.into_iter().find(|&cause| of_steps(cause)).unwrap_or(ending))
    }

    /// The exit status that tells most: the batch script's own, or else the allocation's.
    pub fn exit(&self) -> ExitStatus {
        let batch = self.steps.iter().find(|step| step.id.step == Some(Step::Batch));
        match batch {
            Some(step) if !step.exit.is_success() => step.exit,
            _ => self.allocation.exit,
        }
    }

    /// The most memory that one process held, in bytes.
    pub fn peak_memory(&self) -> Option<u64> {
        self.steps.iter().filter_map(|step| step.peak_memory).max()
    }
}

/// Reads the accounts, in sacct's order.
///
/// # Errors
/// The query failed, was cut, or has another form. No accounts are `Ok`.
pub fn read(reply: &Reply) -> Result<Vec<AccountedJob>, QueryError> {
    let mut jobs: Vec<AccountedJob> = Vec::new();
    let rows = TABLE.rows(reply)?;
    let said = reply.stderr.to_ascii_lowercase();
    if rows.is_empty() && UNREACHED.iter().any(|mark| said.contains(mark)) {
        return Err(reply.failed());
    }
    for row in rows {
        let account = account(&row)?;
        if account.id.step.is_none() {
            let id = account.id.job.clone();
            jobs.push(AccountedJob { id, allocation: account, steps: Vec::new() });
            continue;
        }
        // sacct lists the steps of an incarnation right behind it.
        match jobs.last_mut() {
            Some(job) if job.id == account.id.job => job.steps.push(account),
            _ => return Err(row.malformed(row.text(0), "a step of the job listed before it")),
        }
    }
    Ok(jobs)
}

fn account(row: &Row) -> Result<Account, QueryError> {
    let absent_as_empty = |column| Some(row.text(column)).filter(|text| !is_absent(text));
    Ok(Account {
        id: row.value(0, JobId::EXPECTED)?,
        state: row.value(1, "the state of a job")?,
        exit: row.optional(2, ExitStatus::EXPECTED)?.unwrap_or_default(),
        derived_exit: row.optional(3, ExitStatus::EXPECTED)?,
        submitted: row.time(4)?,
        started: row.time(5)?,
        ended: row.time(6)?,
        elapsed: row.optional(7, "a number of seconds")?.unwrap_or(0),
        peak_memory: absent_as_empty(8)
            .map(|text| {
                let failure = || row.malformed(text, "an amount of memory such as \"1234K\"");
                bytes(text).ok_or_else(failure)
            })
            .transpose()?,
        nodes: absent_as_empty(9).unwrap_or_default().to_owned(),
        partition: row.text(10).to_owned(),
        user: row.text(11).to_owned(),
        name: row.text(12).to_owned(),
        cluster: row.text(13).to_owned(),
    })
}
