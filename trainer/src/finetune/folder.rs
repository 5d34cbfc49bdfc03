//! What is written: a record and the predictions of every (task, seed), and the tables made of all records.
//!
//! ```text
//! <folder>/<protocol>/<task>/<seed>.predictions.csv    task,split,item,gold,predicted,probability
//! <folder>/<protocol>/<task>/<seed>.json               the record; written last, so that what has one is done
//! <folder>/<protocol>/<task>/<seed>.halfway            how far it is, until then
//! <folder>/results.csv                                 metric,value,n,task,protocol,split,fine-tuning-seed
//! <folder>/missing.csv                                 task,protocol,reason
//! ```
//!
//! Several processes may work in one folder, each on its own tasks and seeds: the tables are made anew from all records
//! until no record has come meanwhile, so the last writer writes them whole.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use spec::fine_tuning::SUPERGLUE;
use spec::identity::Digest;
use spec::rows::ResultRow;

use super::error::FinetuneError;
use super::halfway::Halfway;
use super::record::{Missing, Prediction, Record};
use crate::files::{WriteError, write_atomically, write_json};

/// A folder of results.
#[derive(Debug, Clone)]
pub struct ResultsFolder {
    folder: PathBuf,
    foreign: Foreign,
}

/// What becomes of records of another model, of other data or of other settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// They are an error: a person's folder is not written over.
    Refused,
    /// They are made anew.
    Replaced,
}

/// What stands in the tables of a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct Tables {
    /// The rows of `results.csv`.
    pub rows: Vec<ResultRow>,
    /// Those of `missing.csv`: also seeds with which the loss ceased to be a number.
    pub missing: Vec<Missing>,
}

impl ResultsFolder {
    /// The results in `folder`, which is made if need be.
    ///
    /// # Errors
    /// When it cannot be made, or holds results of another model.
    pub fn open(folder: &Path, model: Digest, foreign: Foreign) -> Result<Self, FinetuneError> {
        make(folder)?;
        let results = Self { folder: folder.to_owned(), foreign };
        let is_foreign = |(_, record): &(PathBuf, Record)| foreign == Foreign::Refused && record.model != model;
        match results.records()?.into_iter().find(is_foreign) {
            Some((path, _)) => Err(FinetuneError::Foreign { path, what: "another model" }),
            None => Ok(results),
        }
    }

    fn path(&self, protocol: &str, task: &str, seed: u64, ending: &str) -> PathBuf {
        self.folder.join(protocol).join(task).join(format!("{seed}.{ending}"))
    }

    /// The record of a (task, seed), if it is done.
    ///
    /// # Errors
    /// When there is one that cannot be read, or one of other data or settings.
    pub fn find(&self, protocol: &str, task: &str, seed: u64, wanted: Digest) -> Result<Option<Record>, FinetuneError> {
        let path = self.path(protocol, task, seed, "json");
        if !path.exists() {
            return Ok(None);
        }
        let record = read(&path)?;
        if record.fingerprint != wanted {
            if self.foreign == Foreign::Replaced {
                return Ok(None);
            }
            return Err(FinetuneError::Foreign { path, what: "other data or settings" });
        }
        let _ = fs::remove_file(path.with_extension("halfway"));
        Ok(Some(record))
    }

    /// Where a (task, seed) writes how far it is.
    pub(super) fn halfway(&self, protocol: &str, task: &str, seed: u64, fingerprint: Digest) -> Halfway {
        Halfway { path: self.path(protocol, task, seed, "halfway"), fingerprint }
    }

    /// Writes a finished (task, seed), its record last.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, record: &Record, predictions: &[Prediction]) -> Result<(), FinetuneError> {
        let path = |ending| self.path(&record.protocol.name, &record.task, record.fine_tuning_seed, ending);
        make(path("json").parent().unwrap_or(&self.folder))?;
        write_table(&path("predictions.csv"), predictions)?;
        write_json(&path("json"), record)?;
        // Of no more use. What cannot be removed does no harm: a record comes first.
        let _ = fs::remove_file(path("halfway"));
        Ok(())
    }

    /// Makes the tables from all records, and gives what stands in them.
    ///
    /// # Errors
    /// When a record cannot be read, or a table not be written.
    pub fn tabulate(&self, missing: &[Missing]) -> Result<Tables, FinetuneError> {
        loop {
            let records = self.records()?;
            let mut rows: Vec<ResultRow> = records.values().flat_map(|record| record.rows.clone()).collect();
            rows.extend(scores_of_all(&records));
            write_rows(&self.folder.join("results.csv"), &rows)?;
            if self.records()?.len() == records.len() {
                let missing = self.tell_missing(missing, &records)?;
                return Ok(Tables { rows, missing });
            }
        }
    }

    /// Adds to `missing.csv` what is missing, and takes out of it what has come.
    fn tell_missing(
        &self,
        missing: &[Missing],
        records: &BTreeMap<PathBuf, Record>,
    ) -> Result<Vec<Missing>, FinetuneError> {
        let path = self.folder.join("missing.csv");
        let mut all: Vec<Missing> = csv::Reader::from_path(&path)
            .map(|mut reader| reader.deserialize().filter_map(Result::ok).collect())
            .unwrap_or_default();
        // The reason of today holds, not that of an earlier time.
        all.retain(|told| !missing.iter().any(|now| now.task == told.task && now.protocol == told.protocol));
        all.extend(missing.iter().cloned());
        let diverged = records.values().filter(|record| record.diverged).map(|record| Missing {
            task: record.task.clone(),
            protocol: record.protocol.name.clone(),
            reason: format!("diverged with fine-tuning seed {}", record.fine_tuning_seed),
        });
        let has_come = |one: &Missing| {
            records
                .values()
                .flat_map(|record| &record.rows)
                .any(|row| row.task == one.task && row.protocol == one.protocol)
        };
        all.retain(|one| !has_come(one));
        all.extend(diverged);
        all.sort();
        all.dedup();
        if !all.is_empty() || path.exists() {
            write_missing(&path, &all)?;
        }
        Ok(all)
    }

    /// All records by their paths.
    fn records(&self) -> Result<BTreeMap<PathBuf, Record>, FinetuneError> {
        let mut records = BTreeMap::new();
        for protocol in folders(&self.folder) {
            for task in folders(&protocol) {
                for file in entries(&task) {
                    if file.extension().is_some_and(|ending| ending == "json") {
                        let record = read(&file)?;
                        records.insert(file, record);
                    }
                }
            }
        }
        Ok(records)
    }
}

/// SuperGLUE's overall score (Wang et al. 2019, arXiv:1905.00537, §3.1), for every protocol and seed that has all eight
/// tasks: the mean over tasks of their scores.
fn scores_of_all(records: &BTreeMap<PathBuf, Record>) -> Vec<ResultRow> {
    let mut by_seed: BTreeMap<(&str, u64), Vec<&Record>> = BTreeMap::new();
    for record in records.values().filter(|record| !record.diverged) {
        by_seed.entry((&record.protocol.name, record.fine_tuning_seed)).or_default().push(record);
    }
    let mut rows = Vec::new();
    for ((protocol, seed), records) in by_seed {
        let trained = records[0].protocol.tasks().iter().filter(|task| !task.training.is_empty()).count();
        if records[0].protocol.selection != super::protocol::Selection::HeldOut || records.len() != trained {
            continue;
        }
        let scores = records.iter().flat_map(|record| {
            let metric = record.protocol.metric(&record.task);
            record.rows.iter().filter(move |row| row.metric == metric).map(|row| row.value)
        });
        rows.push(ResultRow {
            task: SUPERGLUE.to_owned(),
            metric: SUPERGLUE.to_owned(),
            protocol: protocol.to_owned(),
            split: records[0].protocol.split().to_owned(),
            n: trained as u64,
            fine_tuning_seed: Some(seed),
            value: scores.sum::<f64>() / trained as f64,
        });
    }
    rows
}

fn read(path: &Path) -> Result<Record, FinetuneError> {
    let bad = |reason: String| FinetuneError::Record { path: path.to_owned(), reason };
    let text = fs::read(path).map_err(|error| bad(error.to_string()))?;
    serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))
}

fn make(folder: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

/// A table of what is missing, which keeps its header when nothing is.
pub(super) fn write_missing(path: &Path, missing: &[Missing]) -> Result<(), FinetuneError> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(b"task,protocol,reason\n".to_vec());
    write_into(path, &mut writer, missing)
}

/// A table that keeps its header when it has no rows.
fn write_rows(path: &Path, rows: &[ResultRow]) -> Result<(), FinetuneError> {
    let header = b"metric,value,n,task,protocol,split,fine-tuning-seed\n".to_vec();
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(header);
    write_into(path, &mut writer, rows)
}

fn write_table<T: Serialize>(path: &Path, rows: &[T]) -> Result<(), FinetuneError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    write_into(path, &mut writer, rows)
}

fn write_into<T: Serialize>(path: &Path, writer: &mut csv::Writer<Vec<u8>>, rows: &[T]) -> Result<(), FinetuneError> {
    let failed = |error: io::Error| WriteError::new(path, error);
    for row in rows {
        writer.serialize(row).map_err(|error| failed(io::Error::other(error)))?;
    }
    writer.flush().map_err(failed)?;
    let bytes = writer.get_ref().clone();
    Ok(write_atomically(path, |file| file.write_all(&bytes))?)
}
