//! What a job wrote outside of its runs: why one ended before its run began stands nowhere else.

use std::fs;
use std::path::PathBuf;

use slurm::job_id::{JobId, JobPart};
use spec::layout::SweepLayout;

/// The file with what the task of a batch of this sweep wrote outside of its runs.
pub fn job_log(layout: &SweepLayout, task: &JobId) -> Option<PathBuf> {
    match task.part {
        JobPart::Task(index) => Some(layout.job_logs().join(format!("{}_{index}.log", task.number))),
        _ => None,
    }
}

/// The last line of [`job_log`], and the file; `None` where nothing was written, or it is not here.
pub fn last_words(layout: &SweepLayout, task: &JobId) -> Option<(String, PathBuf)> {
    let path = job_log(layout, task)?;
    let text = String::from_utf8_lossy(&fs::read(&path).ok()?).into_owned();
    let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    Some((last.to_owned(), path))
}
