//! The trainer's models in two versions of Hugging Face's transformers, and theirs in the trainer.
//!
//! `cargo verify transformers` lays the versions out under `target/transformers/` and runs this. One tiny run of every
//! activation in both architectures is trained once, exported, and loaded in each version: logits, tokens and ids must
//! be those of `seedbed-trainer score`. The other way, each version writes checkpoints, among them ones in the layout
//! of the published study, and `import` and `score` must come to the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;

use e2e::programs::{expect, program, transcript};
use e2e::study::{self, Study};
use serde_json::Value;
use spec::feed_forward::level::NAMES;
use spec::plan::PlannedRun;

const VERSIONS: [&str; 2] = ["4.40.2", "5.23.0"];

/// Texts of which each asks something else: spaces, letters beyond ASCII, a text longer than the window, one token.
const TEXTS: [&str; 4] = [
    "The cat sat.",
    "Two  spaces, a café — and 🐈",
    "Once upon a time there was a little dog who found a red ball in the park and was very happy about it.",
    "a",
];

const SETTINGS: &str = r#"
[model]
hidden-size = 24
layers = 3
heads = 2
ffn-size = 48
context = 96
window = 8
vocabulary = 450
budget = "unmatched"

[data]
corpus = "stories.txt"

[train]
steps = 8
tokens-per-step = 512
learning-rate = 3e-3
"#;

/// The trained and exported models.
struct Models {
    study: Study,
}

impl Models {
    /// Trains and exports them once for all tests.
    fn get() -> &'static Self {
        static MODELS: OnceLock<Models> = OnceLock::new();
        MODELS.get_or_init(Self::make)
    }

    fn make() -> Self {
        let levels = NAMES.map(|name| format!("{name:?}")).join(", ");
        let head = format!(
            "[sweep]\nname = 'models'\nseeds = 1\n[factors]\narchitecture = ['gpt-neo', 'roberta']\nactivation = [{levels}]\n\
             [analysis]\nprimary = 'validation-loss'\n"
        );
        let study = Study::new(&head, SETTINGS);
        expect(0, &["run", &study.sweep()]);
        let models = Self { study };
        let layout = models.study.layout("models");
        let plan = study::plan(&layout);
        assert_eq!(plan.runs.len(), 2 * NAMES.len());
        let export = |run: &PlannedRun| {
            let name = format!("{}-{}", run.levels["architecture"], run.levels["activation"]);
            let (run, to) = (layout.run(run.id), models.folder().join(&name));
            trainer(&["export", "--dir", path(run.directory()), "--to", path(&to)], "");
            fs::write(to.with_extension("jsonl"), score(&to, &TEXTS)).expect("scores can be written");
        };
        // All other tests wait for this one: both halves at once, for a trainer hardly uses more than one core.
        let (first, second) = plan.runs.split_at(plan.runs.len() / 2);
        thread::scope(|scope| {
            scope.spawn(|| first.iter().for_each(export));
            second.iter().for_each(export);
        });
        models
    }

    fn folder(&self) -> PathBuf {
        self.study.path("exported")
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("temporary folders have plain names")
}

/// The trainer's scores of some texts, a line of JSON each.
fn score(model: &Path, texts: &[&str]) -> String {
    let lines: Vec<String> = texts.iter().map(|text| format!("{}\n", serde_json::json!({ "text": text }))).collect();
    trainer(&["score", "--dir", path(model)], &lines.concat())
}

/// What the trainer prints for these arguments and this input.
fn trainer(arguments: &[&str], input: &str) -> String {
    let mut command = Command::new(program("seedbed-trainer"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the trainer starts");
    child.stdin.take().expect("stdin is piped").write_all(input.as_bytes()).expect("the trainer reads");
    let output = child.wait_with_output().expect("the trainer ends");
    assert!(output.status.success(), "{arguments:?}\n{}", transcript(&output));
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// Runs a script of this folder in the environment of a version.
fn python(version: &str, script: &str, arguments: &[&Path]) -> Output {
    let target = program("seedbed-trainer");
    let target = target.ancestors().nth(2).expect("programs lie in target/release");
    let python = target.join("transformers").join(version).join("python");
    assert!(python.exists(), "{} is not there: run `cargo verify transformers`", python.display());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("transformers").join(script);
    let cache = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = Command::new(python);
    command.arg(script).args(arguments).env("HF_HOME", cache.path()).env("HF_HUB_OFFLINE", "1");
    command.stdin(Stdio::null()).output().expect("the environment's Python starts")
}

fn exported_models_agree(version: &str) {
    let output = python(version, "compare.py", &[&Models::get().folder()]);
    assert!(output.status.success(), "{}", transcript(&output));
    let said = String::from_utf8_lossy(&output.stdout);
    let models = 2 * NAMES.len();
    assert!(said.contains(&format!("transformers {version}: {models} of {models} models agree")), "{said}");
}

fn imported_models_agree(version: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let tokenizer = Models::get().folder().join("roberta-relu");
    let output = python(version, "checkpoints.py", &[&tokenizer, folder.path()]);
    assert!(output.status.success(), "{}", transcript(&output));
    let mut compared = 0;
    for entry in fs::read_dir(folder.path()).expect("checkpoints were written") {
        let checkpoint = entry.expect("the folder can be read").path();
        if !checkpoint.is_dir() {
            continue;
        }
        let ours = checkpoint.with_extension("ours");
        trainer(&["import", "--from", path(&checkpoint), "--to", path(&ours)], "");
        let lines = fs::read_to_string(checkpoint.with_extension("jsonl")).expect("what transformers said");
        let (found, expected) = (rows(&trainer(&["score", "--dir", path(&ours)], &asked(&lines))), rows(&lines));
        assert_eq!((found.len(), expected.len()), (4, 4), "{}", checkpoint.display());
        for (found, expected) in found.iter().zip(&expected) {
            let (ours, theirs) = (log_probabilities(found), log_probabilities(expected));
            assert_eq!(ours.len(), theirs.len(), "{}: {expected}", checkpoint.display());
            assert!(!theirs.is_empty(), "{}: {expected}", checkpoint.display());
            for (one, other) in ours.iter().zip(&theirs) {
                let far = (one - other).abs() / other.abs().max(1.0);
                assert!(far < 1e-5, "{}: {one} instead of {other} in {expected}", checkpoint.display());
            }
        }
        compared += 1;
    }
    // Version 5 alone knows xielu.
    assert_eq!(compared, if version.starts_with("4.") { 15 } else { 16 });
}

/// The lines of a file of scores with nothing but what was scored.
fn asked(lines: &str) -> String {
    let question = |row: Value| match row.get("ids") {
        Some(ids) => serde_json::json!({ "ids": ids }),
        None => serde_json::json!({ "text": row["text"] }),
    };
    let questions: Vec<String> = rows(lines).into_iter().map(|row| question(row).to_string()).collect();
    questions.join("\n")
}

fn log_probabilities(row: &Value) -> Vec<f64> {
    let numbers = row["log-probabilities"].as_array().expect("a row has log-probabilities");
    numbers.iter().map(|number| number.as_f64().expect("they are numbers")).collect()
}

/// Losses, all gradients and fifty steps of the networks of `make_reference.py` and `make_training.py`, and what
/// `make_masking.py` counts of the collator's masks: numbers that this version computes now, with other weights, texts
/// and shapes than those in the repository.
fn training_agrees(version: &str, seed: &str, tests: &[&str]) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = python(version, "training.py", &[folder.path(), Path::new(seed)]);
    assert!(output.status.success(), "{}", transcript(&output));
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the workspace");
    let mut command = Command::new(env!("CARGO"));
    // As `cargo verify` calls it, or all would be compiled again: the whole workspace, and nothing told of this
    // package.
    command.args(["test", "--quiet", "--release", "--workspace"]);
    let told = std::env::vars().map(|(name, _)| name);
    let of_this_package = |name: &String| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
    for name in told.filter(of_this_package) {
        command.env_remove(name);
    }
    command.args(tests.iter().flat_map(|test| ["--test", test]));
    command.env("SEEDBED_REFERENCE", folder.path()).current_dir(workspace).stdin(Stdio::null());
    let output = command.output().expect("cargo starts");
    assert!(output.status.success(), "{}", transcript(&output));
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(said.matches("test result: ok").count(), tests.len(), "{said}");
}

#[test]
fn fifty_steps_and_masks_are_those_of_the_old_version() {
    training_agrees(VERSIONS[0], "41", &["training", "masking"]);
}

#[test]
fn losses_gradients_steps_and_masks_are_those_of_the_new_version() {
    training_agrees(VERSIONS[1], "42", &["gradients", "training", "masking"]);
}

/// The trainer's scores of minimal pairs beside those of a plain PyTorch script, by every protocol.
#[test]
fn scores_of_minimal_pairs_are_those_of_plain_pytorch() {
    let models = Models::get();
    let pairs = models.study.path("pairs.jsonl");
    for name in ["gpt-neo-gelu", "roberta-gelu", "gpt-neo-kan", "roberta-swiglu"] {
        let (model, to) = (models.folder().join(name), models.study.path(&format!("scores of {name}")));
        let named = format!("minimal-pairs={}", path(&pairs));
        trainer(&["evaluate", "--dir", path(&model), "--pairs", &named, "--to", path(&to), "--scores"], "");
        let scores = to.join("minimal-pairs").join("scores.csv");
        let output = python(VERSIONS[1], "pairs.py", &[&model, &pairs, Path::new("--scores"), &scores]);
        assert!(output.status.success(), "{}: {}", model.display(), transcript(&output));
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.matches(", 0 choices differ").count(), 2, "{said}");
    }
}

fn rows(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

#[test]
fn the_old_version_loads_what_is_exported() {
    exported_models_agree(VERSIONS[0]);
}

#[test]
fn the_new_version_loads_what_is_exported() {
    exported_models_agree(VERSIONS[1]);
}

#[test]
fn what_the_old_version_saves_is_imported() {
    imported_models_agree(VERSIONS[0]);
}

#[test]
fn what_the_new_version_saves_is_imported() {
    imported_models_agree(VERSIONS[1]);
}
