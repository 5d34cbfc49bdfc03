//! Jobs in full: `scontrol --oneliner show job`.

use std::collections::BTreeMap;

use super::values::optional_time;
use super::{DateTime, QueryError, Reply};
use crate::job_id::{JobNumber, JobPart};
use crate::state::{ExitStatus, JobState, PendingReason};

/// What the controller knows of one job that squeue and sacct do not tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDetails {
    /// The number of the job; of a task that has started, not the array's.
    pub number: JobNumber,
    /// The number of the array, if this is a part of one.
    pub array: Option<JobNumber>,
    /// The task or the tasks of the array.
    pub part: JobPart,
    /// Its state.
    pub state: JobState,
    /// Why it waits, or why it ended.
    pub reason: Option<PendingReason>,
    /// How often Slurm has queued it again.
    pub restarts: u32,
    /// How it ended.
    pub exit: Option<ExitStatus>,
    /// When it was submitted, in the cluster's own zone.
    pub submitted: Option<DateTime>,
    /// When its time is up.
    pub ends: Option<DateTime>,
    fields: BTreeMap<String, String>,
}

impl JobDetails {
    /// Any field by Slurm's name for it, such as `StdOut`.
    ///
    /// Slurm does not quote: text that a user chose, such as a comment, may imitate a field. The
    /// first field of a name counts, and the ones above come before any such text but the name.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str).filter(|value| *value != "(null)")
    }
}

/// Reads all jobs of an answer.
///
/// # Errors
/// The query failed, was cut, or has another form. [`QueryError::UnknownJob`] if the controller
/// has no such job.
pub fn read(reply: &Reply) -> Result<Vec<JobDetails>, QueryError> {
    let answer = reply.answer()?;
    if answer.contains("No jobs in the system") {
        return Ok(Vec::new());
    }
    if !answer.ends_with('\n') {
        return Err(reply.truncated());
    }
    let records = answer.lines().enumerate().filter(|(_, line)| line.starts_with("JobId="));
    let jobs = records
        .map(|(position, line)| {
            job(line).ok_or_else(|| QueryError::Malformed {
                command: reply.command,
                line: position + 1,
                text: line.to_owned(),
                expected: "a job with its number and state",
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if jobs.is_empty() {
        return Err(QueryError::NoAnswer { command: reply.command, expected: "JobId=" });
    }
    Ok(jobs)
}

fn job(line: &str) -> Option<JobDetails> {
    let fields = fields(line);
    let text = |name: &str| fields.get(name).map(String::as_str);
    let time = |name: &str| optional_time(text(name).unwrap_or_default()).ok();
    let part = match text("ArrayTaskId") {
        None => JobPart::Whole,
        Some(index) => match index.parse() {
            Ok(index) => JobPart::Task(index),
            Err(_) => JobPart::Tasks(index.parse().ok()?),
        },
    };
    let array = match text("ArrayJobId") {
        Some(number) => Some(number.parse().ok()?),
        None => None,
    };
    Some(JobDetails {
        number: text("JobId")?.parse().ok()?,
        array,
        part,
        state: text("JobState")?.parse().ok()?,
        reason: text("Reason").filter(|reason| *reason != "None").map(PendingReason::read),
        restarts: text("Restarts").map_or(Some(0), |count| count.parse().ok())?,
        exit: text("ExitCode").and_then(|exit| exit.parse().ok()),
        submitted: time("SubmitTime")?,
        ends: time("EndTime")?,
        fields,
    })
}

/// Splits `Name=value Other=value with spaces` at the words that start with a name and `=`.
fn fields(line: &str) -> BTreeMap<String, String> {
    let mut found: Vec<(&str, String)> = Vec::new();
    for word in line.split(' ') {
        match word.split_once('=') {
            Some((name, value)) if is_field_name(name) => found.push((name, value.to_owned())),
            _ => {
                if let Some((_, value)) = found.last_mut() {
                    value.push(' ');
                    value.push_str(word);
                }
            }
        }
    }
    let mut fields = BTreeMap::new();
    for (name, value) in found {
        fields.entry(name.to_owned()).or_insert_with(|| value.trim_end().to_owned());
    }
    fields
}

fn is_field_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/_".contains(&byte))
}
