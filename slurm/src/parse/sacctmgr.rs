//! Who may use the cluster, and how much of it: `sacctmgr --parsable2 show …`, with its header.

use super::table::{Row, Table};
use super::{QueryError, Reply};
use crate::resources::TimeLimit;

/// The value of `format=` for associations.
pub const ASSOCIATION_FIELDS: &str =
    "Cluster,Account,User,Partition,QOS,DefaultQOS,MaxJobs,MaxSubmit,MaxWall,MaxTRES,GrpJobs,GrpSubmit,GrpTRES";

/// The value of `format=` for qualities of service.
pub const QUALITY_FIELDS: &str =
    "Name,Priority,Preempt,PreemptMode,MaxWall,MaxTRES,MaxTRESPU,MaxJobsPU,MaxSubmitPU,GrpJobs,GrpSubmit,GrpTRES";

const ASSOCIATIONS: Table = Table { first_title: "Cluster", columns: 13 };
const QUALITIES: Table = Table { first_title: "Name", columns: 12 };

/// What bounds one user, and what bounds all who share the same allowance with that user.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Limits {
    /// Jobs of the user that may run at a time.
    pub jobs: Option<u32>,
    /// Jobs of the user that may be queued or running at a time; each task of an array counts.
    pub submitted: Option<u32>,
    /// The longest time of a job.
    pub time: Option<TimeLimit>,
    /// The most that the user, or one job, may hold, as Slurm writes it: `gres/gpu=4,node=2`.
    pub resources: Option<String>,
    /// Jobs of all together that may run at a time.
    pub shared_jobs: Option<u32>,
    /// Jobs of all together that may be queued or running at a time.
    pub shared_submitted: Option<u32>,
    /// The most that all together may hold.
    pub shared_resources: Option<String>,
}

/// A user's right to use an account, everywhere or in one partition. Limits of the accounts above it count in already,
/// but for the shared ones.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Association {
    /// The cluster.
    pub cluster: String,
    /// The account that is charged.
    pub account: String,
    /// The user.
    pub user: String,
    /// The only partition for which it holds.
    pub partition: Option<String>,
    /// The qualities of service that may be asked for.
    pub qualities: Vec<String>,
    /// The quality of service of jobs that name none.
    pub default_quality: Option<String>,
    /// Its limits.
    pub limits: Limits,
}

/// A quality of service.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Quality {
    /// Its name.
    pub name: String,
    /// What it adds to the priority of a job.
    pub priority: u32,
    /// The qualities of service whose jobs make way for its own.
    pub preempts: Vec<String>,
    /// How its jobs make way for others: `cluster` (as set there), `requeue`, `cancel`.
    pub preempt_mode: String,
    /// Its limits.
    pub limits: Limits,
}

/// Reads associations, in sacctmgr's order.
///
/// # Errors
/// The query failed, was cut, or has another form.
pub fn associations(reply: &Reply) -> Result<Vec<Association>, QueryError> {
    ASSOCIATIONS.rows(reply)?.iter().map(association).collect()
}

/// Reads qualities of service, in sacctmgr's order.
///
/// # Errors
/// The query failed, was cut, or has another form.
pub fn qualities(reply: &Reply) -> Result<Vec<Quality>, QueryError> {
    QUALITIES.rows(reply)?.iter().map(quality).collect()
}

fn association(row: &Row) -> Result<Association, QueryError> {
    let limits = Limits {
        jobs: count(row, 6)?,
        submitted: count(row, 7)?,
        time: time(row, 8)?,
        resources: text(row, 9),
        shared_jobs: count(row, 10)?,
        shared_submitted: count(row, 11)?,
        shared_resources: text(row, 12),
    };
    Ok(Association {
        cluster: row.text(0).to_owned(),
        account: row.text(1).to_owned(),
        user: row.text(2).to_owned(),
        partition: text(row, 3),
        qualities: list(row, 4),
        default_quality: text(row, 5),
        limits,
    })
}

fn quality(row: &Row) -> Result<Quality, QueryError> {
    let limits = Limits {
        jobs: count(row, 7)?,
        submitted: count(row, 8)?,
        time: time(row, 4)?,
        resources: text(row, 6).or_else(|| text(row, 5)),
        shared_jobs: count(row, 9)?,
        shared_submitted: count(row, 10)?,
        shared_resources: text(row, 11),
    };
    Ok(Quality {
        name: row.text(0).to_owned(),
        priority: row.optional(1, "a priority")?.unwrap_or(0),
        preempts: list(row, 2),
        preempt_mode: row.text(3).to_owned(),
        limits,
    })
}

fn text(row: &Row, column: usize) -> Option<String> {
    Some(row.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn list(row: &Row, column: usize) -> Vec<String> {
    row.text(column).split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn count(row: &Row, column: usize) -> Result<Option<u32>, QueryError> {
    row.optional(column, "a number of jobs")
}

fn time(row: &Row, column: usize) -> Result<Option<TimeLimit>, QueryError> {
    row.optional(column, TimeLimit::EXPECTED)
}
