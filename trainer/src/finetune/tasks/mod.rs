//! The tasks: from JSON Lines files to what a network is asked.
//!
//! One file a task, with the format of its lines, an example of what the network sees, and its source: [`boolq`],
//! [`cb`], [`copa`], [`multirc`], [`record`], [`rte`], [`wic`], [`wsc`], and the diagnostics [`axb`] and [`axg`];
//! [`entailment`] is what four of them share. [`lines`] reads the files, and [`error`] says what is wrong with them, by
//! file and line.
//!
//! Both segments stand as RoBERTa's tokenizers lay a pair: `<s> first </s></s> second </s>`, for decoders as well. What
//! is cut where they are too long is said in each file, and counted in the results.

pub mod axb;
pub mod axg;
pub mod boolq;
pub mod cb;
pub mod copa;
pub mod entailment;
pub mod error;
pub mod lines;
pub mod multirc;
pub mod record;
pub mod rte;
#[cfg(test)]
mod tests;
pub mod wic;
pub mod wsc;

pub use error::TaskError;
pub use lines::ItemFile;

use super::data::{FoundFile, TaskData};
use super::measure::Measure;
use super::question::{Form, Question};

/// A task: where its data lies, how it is read, and how it is measured.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// Its name on command lines and in results.
    pub name: &'static str,
    /// What it asks for.
    pub form: Form,
    /// Its metrics.
    pub measure: Measure,
    /// Where its training set may lie below the data folder; the first that is there counts. A diagnostic has none.
    pub training: &'static [&'static str],
    /// Where the set lies that is reported, likewise.
    pub reported: &'static [&'static str],
    /// Reads a file of it.
    pub read: fn(&ItemFile<'_>) -> Result<Vec<Question>, TaskError>,
}

impl PartialEq for Task {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Task {
    /// The file of `data` that holds the training set.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn training_file(&self, data: &TaskData) -> Result<FoundFile, TaskError> {
        data.find(self.training)
    }

    /// The file of `data` that holds the reported set.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn reported_file(&self, data: &TaskData) -> Result<FoundFile, TaskError> {
        data.find(self.reported)
    }
}

/// The eight tasks of SuperGLUE and its two diagnostics (Wang et al. 2019, arXiv:1905.00537, table 1), by their files'
/// names.
pub static SUPERGLUE: [Task; 10] = [
    Task {
        name: "boolq",
        form: Form::Classes(&boolq::CLASSES),
        measure: Measure::Accuracy,
        // A part of the training set is a training set; the record of a result says which file it was.
        training: &["BoolQ/train.jsonl", "BoolQ/train_partial.jsonl"],
        reported: &["BoolQ/val.jsonl"],
        read: |file| Ok(boolq::read(file)?.iter().map(boolq::Example::question).collect()),
    },
    Task {
        name: "cb",
        form: Form::Classes(&cb::CLASSES),
        measure: Measure::AccuracyAndMacroF1,
        training: &["CB/train.jsonl"],
        reported: &["CB/val.jsonl"],
        read: |file| Ok(cb::read(file)?.iter().map(cb::Example::question).collect()),
    },
    Task {
        name: "copa",
        form: Form::Ranking,
        measure: Measure::Accuracy,
        training: &["COPA/train.jsonl"],
        reported: &["COPA/val.jsonl"],
        read: |file| Ok(copa::read(file)?.iter().map(copa::Example::question).collect()),
    },
    Task {
        name: "multirc",
        form: Form::Classes(&multirc::CLASSES),
        measure: Measure::MultiRc,
        training: &["MultiRC/train.jsonl"],
        reported: &["MultiRC/val.jsonl"],
        read: |file| Ok(multirc::read(file)?.iter().flat_map(multirc::Example::questions).collect()),
    },
    Task {
        name: "record",
        form: Form::Ranking,
        measure: Measure::ReCoRD,
        training: &["ReCoRD/train.jsonl"],
        reported: &["ReCoRD/val.jsonl"],
        read: |file| Ok(record::read(file)?.iter().flat_map(record::Example::questions).collect()),
    },
    Task {
        name: "rte",
        form: Form::Classes(&rte::CLASSES),
        measure: Measure::Accuracy,
        training: &["RTE/train.jsonl"],
        reported: &["RTE/val.jsonl"],
        read: |file| Ok(rte::read(file)?.iter().map(rte::Example::question).collect()),
    },
    Task {
        name: "wic",
        form: Form::Classes(&wic::CLASSES),
        measure: Measure::Accuracy,
        training: &["WiC/train.jsonl"],
        reported: &["WiC/val.jsonl"],
        read: |file| Ok(wic::read(file)?.iter().map(wic::Example::question).collect()),
    },
    Task {
        name: "wsc",
        form: Form::Classes(&wsc::CLASSES),
        measure: Measure::Accuracy,
        training: &["WSC/train.jsonl"],
        reported: &["WSC/val.jsonl"],
        read: |file| Ok(wsc::read(file)?.iter().map(wsc::Example::question).collect()),
    },
    Task {
        name: "axb",
        form: Form::Classes(&rte::CLASSES),
        measure: Measure::Matthews,
        training: &[],
        reported: &["AX-b/AX-b.jsonl"],
        read: |file| Ok(axb::read(file)?.iter().map(axb::Example::question).collect()),
    },
    Task {
        name: "axg",
        form: Form::Classes(&rte::CLASSES),
        measure: Measure::Winogender,
        training: &[],
        reported: &["AX-g/AX-g.jsonl"],
        read: |file| Ok(axg::read(file)?.iter().map(axg::Example::question).collect()),
    },
];

/// The diagnostics that the model for RTE answers.
pub const DIAGNOSTICS: [&str; 2] = ["axb", "axg"];
