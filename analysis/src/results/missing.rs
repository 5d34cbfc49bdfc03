//! Scores that runs should have and do not: what a trainer tells in `evaluation/<task>/missing.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

/// A task without a score, or with a score of fewer fine-tuning seeds than were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingScore {
    /// The task.
    pub task: String,
    /// Why.
    pub reason: String,
    /// In how many runs.
    pub runs: usize,
}

/// A line of `missing.csv`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Told {
    task: String,
    reason: String,
}

impl Told {
    pub(super) fn of(task: String, reason: String) -> Self {
        Self { task, reason }
    }
}

/// What the folders of a run's evaluations tell. A file that cannot be read tells nothing: it decides no number.
pub(super) fn told(evaluation: &Path) -> Vec<Told> {
    let folders = std::fs::read_dir(evaluation).into_iter().flatten().flatten();
    let mut told: Vec<Told> = folders
        .filter_map(|folder| csv::Reader::from_path(folder.path().join("missing.csv")).ok())
        .flat_map(|reader| reader.into_deserialize().filter_map(Result::ok))
        .collect();
    told.sort();
    told.dedup();
    told
}

/// What all runs tell, by task.
pub(super) fn gathered(told: impl IntoIterator<Item = Told>) -> Vec<MissingScore> {
    let mut counts: BTreeMap<Told, usize> = BTreeMap::new();
    for one in told {
        *counts.entry(one).or_default() += 1;
    }
    counts.into_iter().map(|(Told { task, reason }, runs)| MissingScore { task, reason, runs }).collect()
}
