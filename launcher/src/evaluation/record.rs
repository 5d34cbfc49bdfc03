use serde::{Deserialize, Serialize};
use spec::layout::SweepLayout;

use super::element::Element;
use crate::files::{FileError, read_optional_record};

/// What became of an element the last time: `evaluation/<folder>.json` in the run's directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ElementRecord {
    /// [`spec::SCHEMA`] of the writer.
    pub schema: u32,
    /// The element.
    pub element: Element,
    /// How it ended.
    pub end: End,
    /// How the trainer failed: its exit code, or the signal that killed it. Absent where it did not fail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The submission to Slurm that it was carried out for; absent where it was carried out by a person's command.
    pub submission: Option<String>,
    /// The task of Slurm, as Slurm writes it.
    pub task: Option<String>,
    /// Where.
    pub host: String,
    /// When it ended: RFC 3339, UTC.
    pub ended: String,
    /// How long it took.
    pub seconds: f64,
}

/// How the measurement of an element ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// What was found lies in its folder.
    Measured,
    /// The task's data is not there, or no fine-tuning came to an end. What was found before, with data that was there then, stays.
    Missing,
    /// Somebody asked for a stop. It goes on from there.
    Stopped,
    /// The trainer failed; what it said is in the log of whoever started it.
    Failed,
}

impl ElementRecord {
    /// Whether it is the last word of the submission called `name`.
    pub fn is_last_word_of(&self, name: &str) -> bool {
        self.end != End::Stopped && self.submission.as_deref() == Some(name)
    }
}

/// The record of `element` in the sweep of `layout`, if it has one.
///
/// # Errors
/// It cannot be read.
pub fn record_of(layout: &SweepLayout, element: &Element) -> Result<Option<ElementRecord>, FileError> {
    read_optional_record(&layout.run(element.run).element(&element.folder()))
}

/// Whether its own record says that `element` was measured with these settings, and what was found is still there.
///
/// # Errors
/// The record cannot be read.
pub fn is_measured(layout: &SweepLayout, element: &Element) -> Result<bool, FileError> {
    let record = record_of(layout, element)?;
    let is_of_this =
        record.is_some_and(|record| record.end == End::Measured && record.element.tuning == element.tuning);
    Ok(is_of_this && layout.run(element.run).evaluation().join(element.folder()).join("results.csv").exists())
}
