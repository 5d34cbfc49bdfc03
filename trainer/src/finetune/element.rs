//! Fine-tuning as a benchmark of a run: one task with all its seeds, in a folder of the run's `evaluation/`.
//!
//! ```text
//! evaluation/<task>/results.csv    the rows of all seeds; there when all of them are done
//! evaluation/<task>/missing.csv    what has no score, and why
//! evaluation/<task>/of.json        of which model, data and protocol they are; written last
//! evaluation/<task>/tuning/        a record and the predictions of every seed: see `folder`
//! ```
//!
//! What was cut off goes on with the seed that it was at.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};
use spec::SCHEMA;
use spec::fine_tuning_seeds::FineTuningSeeds;
use spec::identity::Digest;
use spec::rows::ResultRow;
use tch::Device;

use super::data::TaskData;
use super::error::FinetuneError;
use super::folder::{self, Foreign};
use super::protocol::Protocol;
use super::record::Missing;
use super::run::{Request, run};
use crate::evaluate::folder::{self as evaluation, Of};
use crate::files::remove_file;
use crate::trained::TrainedModel;

/// Most tokens in one forward pass. It is part of what is measured, because each pass draws its own dropout.
pub const BATCH_TOKENS: usize = 4096;

/// One task of a run's model.
#[derive(Debug, Clone)]
pub struct Element<'a> {
    /// The model.
    pub model: &'a TrainedModel,
    /// The model in words that no other weights have.
    pub words: String,
    /// Where to compute.
    pub device: Device,
    /// The task's name.
    pub task: &'a str,
    /// Where its data lies.
    pub data: &'a TaskData,
    /// The contents of its files.
    pub contents: Vec<Digest>,
    /// How it is tuned and scored.
    pub protocol: &'a Protocol,
    /// Fine-tuning seeds.
    pub seeds: &'a FineTuningSeeds,
    /// The run's folder of evaluations.
    pub evaluation: &'a Path,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Found {
    /// The rows of all seeds that have a score.
    Scores(Vec<ResultRow>),
    /// There is no score, for this reason.
    Missing(String),
    /// Somebody asked for a stop; the same call goes on.
    Stopped,
}

impl Element<'_> {
    /// Tunes and scores with every seed that is not done.
    ///
    /// # Errors
    /// As [`run`], but that results of other data or settings are made anew.
    pub fn carry_out(&self, stop: &dyn Fn() -> bool, note: &mut dyn FnMut(&str)) -> Result<Found, FinetuneError> {
        let name = self.protocol.metric(self.task);
        let seeds: Vec<String> = self.seeds.as_slice().iter().map(u64::to_string).collect();
        let how = vec![self.protocol.name.clone(), format!("fine-tuning seeds {}", seeds.join(", "))];
        let of =
            Of { schema: SCHEMA, task: name.clone(), model: self.words.clone(), pairs: self.contents.clone(), how };
        let folder = self.evaluation.join(&name);
        if let Some(rows) = evaluation::read(&folder, &of) {
            note(&format!("{name}: is there already"));
            return Ok(Found::Scores(rows));
        }
        let tasks = [self.task.to_owned()];
        let request = Request {
            model: self.model,
            device: self.device,
            data: self.data,
            protocol: self.protocol,
            tasks: &tasks,
            seeds: self.seeds,
            batch_tokens: BATCH_TOKENS,
            to: &folder.join("tuning"),
            foreign: Foreign::Replaced,
        };
        let outcome = run(&request, stop, note)?;
        if outcome.stopped {
            return Ok(Found::Stopped);
        }
        let missing: Vec<_> = outcome.told.into_iter().filter(|one| one.protocol == self.protocol.name).collect();
        let now = outcome.missing.into_iter().find(|missing| missing.task == self.task);
        tell(&folder.join("missing.csv"), missing.iter().chain(&now))?;
        // Earlier results of this task stay where they are: they are not of the data that is not there now.
        if let Some(now) = now {
            return Ok(Found::Missing(now.reason));
        }
        // The folder may hold records of another protocol, or of more seeds.
        let mut rows = outcome.rows;
        rows.retain(|row| {
            row.protocol == self.protocol.name
                && row.fine_tuning_seed.is_some_and(|seed| self.seeds.as_slice().contains(&seed))
        });
        if rows.is_empty() {
            let reasons: Vec<String> = missing.into_iter().map(|one| one.reason).collect();
            return Ok(Found::Missing(reasons.join("; ")));
        }
        evaluation::write_table(&folder, &of, &rows)?;
        Ok(Found::Scores(rows))
    }
}

/// Writes what has no score, and why; nothing lies there where all has one.
fn tell<'a>(path: &Path, missing: impl Iterator<Item = &'a Missing>) -> Result<(), FinetuneError> {
    let missing: BTreeSet<Missing> = missing.cloned().collect();
    if !missing.is_empty() {
        return folder::write_missing(path, &missing.into_iter().collect::<Vec<_>>());
    }
    Ok(remove_file(path)?)
}
