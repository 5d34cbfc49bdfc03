//! What was found by a benchmark, in a folder of its own: `results.csv`, `items.csv`, and `of.json`, which says of
//! what.
//!
//! `of.json` is written last. A folder that has one of the same model and the same pairs is not made again: that is how
//! an evaluation goes on after it was stopped, benchmark by benchmark.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use spec::SCHEMA;
use spec::identity::Digest;
use spec::rows::ResultRow;

use super::items;
use super::minimal_pairs::{Judgement, PairTask};
use crate::files::{WriteError, remove_file, write_atomically, write_json};

const RESULTS: &str = "results.csv";
const OF: &str = "of.json";

/// What `of.json` holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Written {
    #[serde(flatten)]
    of: Of,
    /// Digest of `results.csv`: where rows were lost since, the trainer makes them again when it is asked.
    results: Digest,
}

/// Of what results are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Of {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The task.
    pub task: String,
    /// The model, in words that no other weights have.
    pub model: String,
    /// The content of the pairs, or of a task's files.
    pub pairs: Vec<Digest>,
    /// The protocols, and what was done otherwise than usual.
    pub how: Vec<String>,
}

impl Of {
    /// Results of `task` by `protocols`, as usual.
    pub fn new(task: &PairTask<'_>, model: String, pairs: Vec<Digest>) -> Self {
        let how = task.protocols.iter().map(|protocol| protocol.name().to_owned()).collect();
        Self { schema: SCHEMA, task: task.name.to_owned(), model, pairs, how }
    }
}

/// The model of a run after so many steps.
pub fn model_of_run(run: spec::RunId, step: u64) -> String {
    format!("run {run} after step {step}")
}

/// The results in `folder`, if they are `of` this and as they were written.
pub fn read(folder: &Path, of: &Of) -> Option<Vec<ResultRow>> {
    let found: Written = serde_json::from_slice(&fs::read(folder.join(OF)).ok()?).ok()?;
    let table = fs::read(folder.join(RESULTS)).ok()?;
    if found.of != *of || found.results != Digest::of(&table) {
        return None;
    }
    let mut reader = csv::Reader::from_reader(table.as_slice());
    reader.deserialize().collect::<Result<_, _>>().ok()
}

/// Writes what was found, every score too if `scores`.
///
/// # Errors
/// When a file cannot be written.
pub fn write(
    folder: &Path,
    of: &Of,
    task: &PairTask<'_>,
    judgements: &[Judgement],
    scores: bool,
) -> Result<Vec<ResultRow>, WriteError> {
    begin(folder)?;
    let rows = task.rows(judgements);
    write_atomically(&folder.join("items.csv"), |file| items::write(file, task, judgements))?;
    if scores {
        write_atomically(&folder.join("scores.csv"), |file| items::write_scores(file, task, judgements))?;
    }
    write_table(folder, of, &rows)?;
    Ok(rows)
}

/// Writes rows that were found, and of what they are.
///
/// # Errors
/// When a file cannot be written.
pub fn write_table(folder: &Path, of: &Of, rows: &[ResultRow]) -> Result<(), WriteError> {
    begin(folder)?;
    let path = folder.join(RESULTS);
    let mut table = Vec::new();
    write_rows(&mut table, rows).map_err(|error| WriteError::new(&path, error))?;
    write_atomically(&path, |file| file.write_all(&table))?;
    write_json(&folder.join(OF), &Written { of: of.clone(), results: Digest::of(&table) })
}

/// Makes the folder. What is replaced is of no more use from here on.
fn begin(folder: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|error| WriteError::new(folder, error))?;
    remove_file(&folder.join(OF))
}

/// Writes rows of results with their header line.
///
/// # Errors
/// When they cannot be written.
pub fn write_rows(output: impl Write, rows: &[ResultRow]) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(output);
    for row in rows {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{MinimalPair, Sentence};
    use crate::evaluate::protocol::Protocol;

    #[test]
    fn results_come_back_only_for_the_same_model_and_pairs() {
        let sentence = Sentence { ids: vec![5], words: vec![0], is_cut: false };
        let pair = |paradigm: &str| MinimalPair {
            paradigm: paradigm.to_owned(),
            field: Some("field".to_owned()),
            good: sentence.clone(),
            bad: sentence.clone(),
        };
        let pairs = [pair("a"), pair("b"), pair("a")];
        let task = PairTask { name: "blimp", split: "test", pairs: &pairs, protocols: &[Protocol::Pll] };
        let scores = vec![[-1.0, -2.0], [-2.0, -1.0], [-1.0, -1.0]];
        let judgements = [Judgement { protocol: Protocol::Pll, scores, changed: None }];
        let of = Of::new(&task, "run 1 after step 3".to_owned(), vec![Digest::of(b"pairs")]);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("blimp");
        assert_eq!(read(&folder, &of), None);
        let rows = write(&folder, &of, &task, &judgements, true).unwrap();
        assert_eq!(read(&folder, &of), Some(rows));
        assert_eq!(read(&folder, &Of { model: "run 1 after step 4".to_owned(), ..of.clone() }), None);
        let text = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(
            text("items.csv"),
            "task,protocol,field,paradigm,n,choices\nblimp,pll,field,a,2,15\nblimp,pll,field,b,1,0\n"
        );
        assert_eq!(
            text("scores.csv"),
            "task,protocol,paradigm,pair,good,bad\nblimp,pll,a,0,-1.0,-2.0\nblimp,pll,b,0,-2.0,-1.0\nblimp,pll,a,1,-1.0,-1.0\n"
        );
        assert!(
            text("results.csv")
                .starts_with("metric,value,n,task,protocol,split,fine-tuning-seed\nblimp,0.375,3,blimp,pll,test,\n")
        );
        let table = text("results.csv");
        let lost = table.trim_end().rsplit_once('\n').unwrap().0.to_owned() + "\n";
        fs::write(folder.join(RESULTS), &lost).unwrap();
        assert_eq!(read(&folder, &of), None, "a row was lost");
        fs::write(folder.join(RESULTS), &table).unwrap();
        assert!(read(&folder, &of).is_some());
        fs::remove_file(folder.join(OF)).unwrap();
        assert_eq!(read(&folder, &of), None);
    }
}
