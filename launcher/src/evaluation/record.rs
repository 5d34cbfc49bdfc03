use std::{fs, io};

use serde::{Deserialize, Serialize};
use spec::Digest;
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
    /// Digest of the results.csv that it left, where it was measured: what was lost from it since is measured again.
    /// Absent in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Digest>,
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
    /// The task's data is not there, or no fine-tuning came to an end. What was found before, with data that was there
    /// then, stays.
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

/// Whether its own record says that `element` was measured with these settings, and what was found is still there as it
/// was.
///
/// # Errors
/// The record, or what was found, cannot be read.
pub fn is_measured(layout: &SweepLayout, element: &Element) -> Result<bool, FileError> {
    let record = record_of(layout, element)?;
    let is_of_this = |record: &ElementRecord| record.end == End::Measured && record.element.tuning == element.tuning;
    let Some(record) = record.filter(is_of_this) else { return Ok(false) };
    let found = results_of(layout, element)?;
    Ok(found.is_some_and(|found| record.results.is_none_or(|results| results == found)))
}

/// Digest of what was found of `element`, if anything was.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn results_of(layout: &SweepLayout, element: &Element) -> Result<Option<Digest>, FileError> {
    let path = layout.run(element.run).evaluation().join(element.folder()).join("results.csv");
    match fs::read(&path) {
        Ok(content) => Ok(Some(Digest::of(&content))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FileError::read(path, error)),
    }
}

#[cfg(test)]
mod tests {
    use spec::RunId;
    use spec::fine_tuning::TuningProtocol;

    use super::*;
    use crate::evaluation::{Measure, Tuning};
    use crate::files::{create_directory, write_record};

    #[test]
    fn what_lost_rows_is_measured_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let layout = SweepLayout::new(folder.path());
        let rte = Measure::Tuned("rte".to_owned());
        let element = Element::new(RunId::of(b"run"), rte, TuningProtocol::Superglue, &Tuning::default(), None);
        let run = layout.run(element.run);
        create_directory(&run.evaluation().join("rte")).unwrap();
        let table = run.evaluation().join("rte/results.csv");
        let is_measured = || is_measured(&layout, &element).unwrap();
        let measured = |end, results| {
            let (host, ended) = ("h".to_owned(), "2026-01-01T00:00:00Z".to_owned());
            let (submission, task) = (None, None);
            let element = element.clone();
            let record = ElementRecord {
                schema: spec::SCHEMA,
                element,
                end,
                reason: None,
                results,
                submission,
                task,
                host,
                ended,
                seconds: 1.0,
            };
            write_record(&run.element("rte"), &record).unwrap();
        };
        assert!(!is_measured());
        fs::write(&table, "task,value\nrte,0.5\nrte,0.6\n").unwrap();
        measured(End::Measured, results_of(&layout, &element).unwrap());
        assert!(is_measured());
        fs::write(&table, "task,value\nrte,0.5\n").unwrap();
        assert!(!is_measured());
        // A record of an earlier version does not say what it left.
        measured(End::Measured, None);
        assert!(is_measured());
        fs::remove_file(&table).unwrap();
        assert!(!is_measured());
    }
}
