//! Made-up tasks that can be learned are learned, a kill changes no byte, and what is missing is said to be.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rand_chacha::rand_core::Rng;
use spec::fine_tuning::{Tuning, TuningProtocol};
use spec::fine_tuning_seeds::FineTuningSeeds;
use spec::identity::Digest;
use spec::model::Architecture;
use spec::rows::ResultRow;
use spec::value::Value;
use tch::Device;

use super::data::{Stored, TaskData};
use super::element::{Element, Found};
use super::folder::Foreign;
use super::{FinetuneError, Outcome, Protocol, Request, run};
use crate::data::testing::tokenizer;
use crate::model::sample;
use crate::streams;
use crate::trained::origin::ImportOrigin;
use crate::trained::{Origin, TrainedModel};

const ARCHITECTURES: [Architecture; 2] = [Architecture::GptNeo, Architecture::Roberta];
const WORDS: [&str; 6] = ["cat", "dog", "sun", "mat", "hat", "red"];

/// A tiny network that was never trained.
fn model(architecture: Architecture) -> TrainedModel {
    // No dropout: it draws from a generator that all tests of this process share.
    let settings = [
        ("model.context", Value::Integer(64)),
        ("model.hidden-size", Value::Integer(16)),
        ("model.dropout", Value::Float(0.0)),
        ("model.attention-dropout", Value::Float(0.0)),
    ];
    let spec = sample::spec(architecture, &settings);
    let origin = ImportOrigin { from: "nowhere".to_owned(), model_type: "gpt_neo".to_owned(), changes: vec![] };
    let weights = sample::weights(&spec).into_iter().map(|(name, tensor)| (name, tensor.detach())).collect();
    TrainedModel { weights, spec, tokenizer: tokenizer(), origin: Origin::Import(origin) }
}

/// Items in which the answer is a word's presence: RTE and its diagnostics by the hypothesis, COPA by the choice, WiC
/// by the word at the span, and WSC likewise.
fn write_tasks(data: &Path) {
    let mut stream = streams::generator(1, "made-up tasks", &[]);
    let mut word = move || WORDS[(stream.next_u64() % 6) as usize];
    for (split, count) in [("train", 240_u32), ("val", 80)] {
        let mut files: BTreeMap<&str, String> = BTreeMap::new();
        let mut add = |task: &'static str, line: String| {
            let file = files.entry(task).or_default();
            writeln!(file, "{line}").unwrap();
        };
        for idx in 0..count {
            let (one, two, three) = (word(), word(), word());
            let label = if idx.is_multiple_of(2) { "entailment" } else { "not_entailment" };
            let sign = if idx.is_multiple_of(2) { "sun" } else { "dog" };
            add(
                "RTE",
                format!(
                    r#"{{"premise": "The {one} {two}.", "hypothesis": "A {sign} {three}", "label": "{label}", "idx": {idx}}}"#
                ),
            );
            let (label, yes, no) = if idx.is_multiple_of(2) { (0, "sun", "dog") } else { (1, "dog", "sun") };
            add(
                "COPA",
                format!(
                    r#"{{"premise": "The {one}.", "choice1": "A {yes}.", "choice2": "A {no}.", "question": "cause", "label": {label}, "idx": {idx}}}"#
                ),
            );
            let label = idx.is_multiple_of(2);
            add(
                "WiC",
                format!(
                    r#"{{"word": "x", "sentence1": "{sign} {one}", "sentence2": "A {two}", "start1": 0, "end1": 3, "start2": 2, "end2": 5, "label": {label}, "idx": {idx}}}"#
                ),
            );
            add(
                "WSC",
                format!(
                    r#"{{"text": "The {sign} saw {one} {two}.", "target": {{"span1_index": 1, "span1_text": "{sign}", "span2_index": 3, "span2_text": "{one}"}}, "idx": {idx}, "label": {label}}}"#
                ),
            );
        }
        for (task, lines) in files {
            fs::create_dir_all(data.join(task)).unwrap();
            fs::write(data.join(task).join(format!("{split}.jsonl")), lines).unwrap();
        }
    }
    let pair = |idx: usize| {
        let sign = if idx.is_multiple_of(2) { "sun" } else { "dog" };
        let label = if idx.is_multiple_of(2) { "entailment" } else { "not_entailment" };
        format!(
            r#"{{"premise": "The cat mat.", "hypothesis": "A {sign} hat", "label": "{label}", "idx": {idx}, "pair_id": {}}}"#,
            idx / 2
        )
    };
    fs::create_dir_all(data.join("AX-g")).unwrap();
    fs::write(data.join("AX-g/AX-g.jsonl"), (0..20).map(pair).collect::<Vec<_>>().join("\n")).unwrap();
}

struct Desk {
    folder: tempfile::TempDir,
    protocol: Protocol,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_tasks(&folder.path().join("data"));
        let tuning = Tuning { learning_rate: Some(1e-2), batch: Some(16), epochs: Some(8), ..Tuning::default() };
        Self { folder, protocol: Protocol::of(&tuning) }
    }

    fn run(
        &self,
        model: &TrainedModel,
        tasks: &[&str],
        to: &str,
        stop: &dyn Fn() -> bool,
    ) -> Result<Outcome, FinetuneError> {
        let tasks: Vec<String> = tasks.iter().map(|task| (*task).to_owned()).collect();
        let request = Request {
            model,
            device: Device::Cpu,
            data: &TaskData::Folder(self.folder.path().join("data")),
            protocol: &self.protocol,
            tasks: &tasks,
            seeds: &FineTuningSeeds::first(2),
            batch_tokens: 512,
            to: &self.folder.path().join(to),
            foreign: Foreign::Refused,
        };
        run(&request, stop, &mut |_| ())
    }

    /// The content of every file below a folder, by its path there.
    fn files(&self, to: &str) -> BTreeMap<String, String> {
        let root = self.folder.path().join(to);
        let (mut files, mut folders) = (BTreeMap::new(), vec![root.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&root).unwrap().display().to_string();
                    files.insert(name, fs::read_to_string(&path).unwrap());
                }
            }
        }
        files
    }
}

fn value(rows: &[ResultRow], metric: &str, seed: u64) -> f64 {
    let is_it = |row: &&ResultRow| row.metric == metric && row.fine_tuning_seed == Some(seed);
    rows.iter().find(is_it).unwrap_or_else(|| panic!("no {metric}")).value
}

#[test]
fn what_can_be_learned_is_learned() {
    let desk = Desk::new();
    for architecture in ARCHITECTURES {
        let outcome =
            desk.run(&model(architecture), &["rte", "copa", "wic", "wsc"], architecture.name(), &|| false).unwrap();
        for task in ["rte", "copa", "wic", "wsc", "axg"] {
            for seed in [0, 1] {
                let found = value(&outcome.rows, task, seed);
                assert!(found > 0.95, "{architecture:?}: {task}, seed {seed}: {found}");
                assert_eq!(value(&outcome.rows, &format!("{task}/accuracy"), seed).to_bits(), found.to_bits());
                let majority = value(&outcome.rows, &format!("{task}-majority"), seed);
                assert!(majority < 0.6, "{task}: majority {majority}");
            }
        }
        // Every pair of the made-up diagnostic differs in the answer.
        assert!(value(&outcome.rows, "axg/gender-parity", 0) < 0.05);
        assert!(outcome.missing.is_empty(), "{:?}", outcome.missing);
        let is_test = |row: &ResultRow| row.split == if row.task == "axg" { "test" } else { "validation" };
        assert!(outcome.rows.iter().all(is_test), "{:?}", outcome.rows);
        let predictions = &desk.files(architecture.name())[&format!("{}/rte/0.predictions.csv", desk.protocol.name)];
        assert_eq!(predictions.lines().count(), 1 + 80 + 20);
    }
}

#[test]
fn a_run_that_was_stopped_leaves_the_bytes_of_one_that_was_not() {
    let desk = Desk::new();
    let model = model(Architecture::Roberta);
    desk.run(&model, &["rte", "copa"], "whole", &|| false).unwrap();
    for _ in 0..20 {
        let asked = AtomicU64::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) > 250;
        let outcome = desk.run(&model, &["rte", "copa"], "cut", &stop).unwrap();
        // Killed after the predictions and before the record.
        let left = desk.folder.path().join("cut").join(&desk.protocol.name).join("copa");
        fs::create_dir_all(&left).unwrap();
        if !left.join("1.json").exists() {
            fs::write(left.join("1.predictions.csv"), "torn").unwrap();
        }
        if !outcome.stopped {
            assert!(desk.files("whole") == desk.files("cut"), "the files differ");
            return;
        }
    }
    panic!("it never came to its end");
}

#[test]
fn what_is_missing_is_told_and_not_scored() {
    let desk = Desk::new();
    let model = model(Architecture::GptNeo);
    let outcome = desk.run(&model, &["record", "axb", "copa"], "to", &|| false).unwrap();
    let tasks: Vec<&str> = outcome.missing.iter().map(|one| one.task.as_str()).collect();
    assert_eq!(tasks, ["record", "axb"]);
    assert!(!outcome.rows.iter().any(|row| row.task == "record" || row.task == "axb"));
    let files = desk.files("to");
    assert_eq!(files["missing.csv"].lines().count(), 3, "{}", files["missing.csv"]);
    // Today's reason takes the place of yesterday's.
    fs::create_dir_all(desk.folder.path().join("data/ReCoRD")).unwrap();
    fs::write(desk.folder.path().join("data/ReCoRD/train.jsonl"), "{}").unwrap();
    desk.run(&model, &["record"], "to", &|| false).unwrap();
    let told = &desk.files("to")["missing.csv"];
    let reasons: Vec<&str> = told.lines().filter(|line| line.starts_with("record,")).collect();
    assert!(reasons.len() == 1 && reasons[0].contains("holds no ReCoRD/val.jsonl"), "{told}");
    // The data comes.
    fs::create_dir_all(desk.folder.path().join("data/AX-b")).unwrap();
    let line = r#"{"sentence1": "The cat.", "sentence2": "A sun hat", "label": "entailment", "idx": "0"}"#;
    fs::write(desk.folder.path().join("data/AX-b/AX-b.jsonl"), line).unwrap();
    let error = desk.run(&model, &["axb"], "to", &|| false).unwrap_err().to_string();
    assert!(error.contains("other data or settings"), "{error}");
    let error = desk.run(&model, &["rtte"], "to", &|| false).unwrap_err().to_string();
    assert!(error.contains("has no task `rtte`; its tasks are boolq, cb, copa"), "{error}");
    let other = self::model(Architecture::Roberta);
    let error = desk.run(&other, &["copa"], "to", &|| false).unwrap_err().to_string();
    assert!(error.contains("another model"), "{error}");
}

#[test]
fn an_element_is_of_the_data_that_it_names() {
    let desk = Desk::new();
    let model = model(Architecture::GptNeo);
    let protocol = Protocol::of(&Tuning { batch: Some(16), epochs: Some(1), ..Tuning::default() });
    let path = |name: &str| desk.folder.path().join("data").join(name);
    let names = ["COPA/train.jsonl", "COPA/val.jsonl"];
    let files: BTreeMap<String, Stored> = names
        .map(|name| {
            let stored = Stored { path: path(name), content: Digest::of(&fs::read(path(name)).unwrap()) };
            (name.to_owned(), stored)
        })
        .into();
    let carry_out = |files: &BTreeMap<String, Stored>| {
        let data = TaskData::Files { place: "the store".to_owned(), files: files.clone() };
        let element = Element {
            model: &model,
            words: "a model".to_owned(),
            device: Device::Cpu,
            task: "copa",
            data: &data,
            contents: files.values().map(|stored| stored.content).collect(),
            protocol: &protocol,
            seeds: &FineTuningSeeds::first(1),
            evaluation: &desk.folder.path().join("evaluation"),
        };
        element.carry_out(&|| false, &mut |_| ())
    };
    let found = carry_out(&files).unwrap();
    assert!(matches!(&found, Found::Scores(rows) if rows.iter().any(|row| row.metric == "copa")), "{found:?}");
    let of = || fs::read_to_string(desk.folder.path().join("evaluation/copa/of.json")).unwrap();
    let before = of();

    // Without its data it is missing, and the earlier score is of the earlier data still.
    for reason in ["the store holds no COPA/train.jsonl", "the store holds no COPA/val.jsonl"] {
        let mut less = files.clone();
        less.retain(|name, _| !reason.ends_with(name.as_str()));
        let missing = carry_out(&less).unwrap();
        assert!(matches!(&missing, Found::Missing(told) if told.starts_with(reason)), "{missing:?}");
    }
    assert_eq!((of(), carry_out(&files).unwrap()), (before, found));

    // Data that was changed since is no data.
    let text = fs::read_to_string(path(names[0])).unwrap();
    fs::write(path(names[0]), text.replacen("\"label\": 0", "\"label\": 1", 1)).unwrap();
    fs::remove_dir_all(desk.folder.path().join("evaluation")).unwrap();
    let data = TaskData::Files { place: "the store".to_owned(), files: files.clone() };
    assert!(matches!(data.verify(), Err(FinetuneError::Changed { .. })));
    let refused = carry_out(&files).unwrap_err().to_string();
    assert!(refused.starts_with("COPA/train.jsonl was changed since it was taken in"), "{refused}");
}

#[test]
fn the_pipeline_of_babylm_looks_at_what_it_reports() {
    let desk = Desk::new();
    let data = desk.folder.path().join("data");
    let line = |idx: usize| {
        let sign = if idx.is_multiple_of(2) { "sun" } else { "dog" };
        format!(r#"{{"sentence1": "The cat.", "sentence2": "A {sign}", "label": {}, "idx": {idx}}}"#, idx % 2)
    };
    let lines = |count| (0..count).map(line).collect::<Vec<_>>().join("\n");
    fs::write(data.join("rte.train.jsonl"), lines(300)).unwrap();
    fs::write(data.join("rte.validation.jsonl"), lines(50)).unwrap();
    let protocol = TuningProtocol::Babylm2023;
    let tuning = Tuning { protocol, learning_rate: Some(1e-2), batch: Some(12), ..Tuning::default() };
    let desk = Desk { protocol: Protocol::of(&tuning), ..desk };
    let outcome = desk.run(&model(Architecture::GptNeo), &["rte", "cola"], "to", &|| false).unwrap();
    assert_eq!(outcome.missing.len(), 1, "{:?}", outcome.missing);
    for metric in ["accuracy", "f1", "matthews"] {
        assert!(value(&outcome.rows, &format!("babylm-rte/{metric}"), 0) > 0.95);
    }
    assert!(outcome.rows.iter().all(|row| row.split == "validation-selected-on"));
    // 250 steps: one look, at 200.
    let record = &desk.files("to")[&format!("{}/rte/0.json", desk.protocol.name)];
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    assert_eq!((record["steps"].as_u64(), record["chosen"].as_u64()), (Some(250), Some(200)));
}
