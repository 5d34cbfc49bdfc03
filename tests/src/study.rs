//! A small study in a folder of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use spec::RunId;
use spec::layout::{RunLayout, SweepLayout};
use spec::plan::Plan;
use spec::status::Status;

/// A folder with a corpus, minimal pairs and a sweep file; removed when dropped.
#[derive(Debug)]
pub struct Study {
    folder: tempfile::TempDir,
}

/// Settings of a model that trains in a second.
pub const TINY: &str = r#"
[model]
hidden-size = 32
layers = 2
heads = 2
ffn-size = 64
context = 96
window = 16
vocabulary = 450

[data]
corpus = "stories.txt"

[train]
steps = 30
tokens-per-step = 512
learning-rate = 3e-3
warmup-steps = 3

[evaluate]
tasks = ["validation", "minimal-pairs"]
minimal-pairs = "pairs.jsonl"
"#;

impl Study {
    /// A study whose sweep file has this head (`[sweep]`, `[factors]` …) followed by `settings`.
    ///
    /// # Panics
    /// When the folder cannot be written.
    pub fn new(head: &str, settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let study = Self { folder };
        study.write("stories.txt", &stories::corpus_text(0, 600));
        study.write("pairs.jsonl", &stories::to_jsonl(&stories::minimal_pairs(0, 10)));
        study.write("sweep.toml", &format!("{head}\n{settings}"));
        study
    }

    /// Writes a file of the study.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).expect("the study's folder can be written");
    }

    /// Writes a task to learn in fine-tuning, `data/RTE/`, of so many pairs: is it a cat?
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_pairs_to_learn(&self, training: usize, validation: usize) {
        fs::create_dir_all(self.path("data/RTE")).expect("the study's folder can be written");
        for (name, count) in [("train", training), ("val", validation)] {
            let line = |index: usize| {
                let (animal, label) = [("cat", "entailment"), ("dog", "not_entailment")][index % 2];
                format!(
                    r#"{{"premise": "Once there was a {animal} with {index} toys.", "hypothesis": "It was a cat.", "label": "{label}", "idx": {index}}}"#
                ) + "\n"
            };
            self.write(&format!("data/RTE/{name}.jsonl"), &(0..count).map(line).collect::<String>());
        }
    }

    /// Writes a small BLiMP, `blimp/`: a pair of each of its paradigms, whose names the trainer's list of checksums
    /// has.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_small_blimp(&self) {
        fs::create_dir_all(self.path("blimp")).expect("the study's folder can be written");
        let files = include_str!("../../trainer/src/store/checksums.txt").lines().filter_map(|line| {
            let (address, file) = line.rsplit_once('/')?;
            (address.contains("/blimp/") && address.ends_with("/data")).then_some(file)
        });
        let pairs = stories::minimal_pairs(0, 10);
        for (file, pair) in files.zip(&pairs) {
            let line = serde_json::json!({
                "sentence_good": pair.good, "sentence_bad": pair.bad, "UID": file.trim_end_matches(".jsonl"),
                "linguistics_term": pair.paradigm, "pairID": "0",
            });
            self.write(&format!("blimp/{file}"), &format!("{line}\n"));
        }
    }

    /// A path in the study's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The sweep file, as an argument.
    ///
    /// # Panics
    /// When the temporary folder's name is not UTF-8.
    pub fn sweep(&self) -> String {
        self.path("sweep.toml").to_str().expect("temporary folders have plain names").to_owned()
    }

    /// The directory of the sweep called `name`.
    pub fn layout(&self, name: &str) -> SweepLayout {
        SweepLayout::new(self.path("sweeps").join(name))
    }
}

/// The frozen plan of a sweep.
///
/// # Panics
/// When there is none, or it cannot be read.
pub fn plan(layout: &SweepLayout) -> Plan {
    let text = fs::read_to_string(layout.plan()).expect("the plan is frozen");
    serde_json::from_str(&text).expect("the plan is JSON of its schema")
}

/// What became of a run.
///
/// # Panics
/// When nobody has claimed it yet, or its record cannot be read.
pub fn status(run: &RunLayout) -> Status {
    let text = fs::read_to_string(run.status()).expect("the run has a record");
    serde_json::from_str(&text).expect("the record is JSON of its schema")
}

/// The bytes of the two tables of every run: what must not depend on kills.
///
/// # Panics
/// When a run has not finished.
pub fn tables(layout: &SweepLayout) -> BTreeMap<RunId, (Vec<u8>, Vec<u8>)> {
    let read = |path: &Path| fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    plan(layout)
        .runs
        .iter()
        .map(|planned| {
            let run = layout.run(planned.id);
            (planned.id, (read(&run.metrics()), read(&run.results())))
        })
        .collect()
}
