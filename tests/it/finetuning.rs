//! Fine-tuning as a user runs it: killed at any moment it leaves the bytes that it would have left, and it says what it
//! cannot use.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::programs::{ends, expect, program};
use e2e::study::{self, Study, TINY};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

const HEAD: &str =
    "[sweep]\nname = \"tuned\"\nseeds = 1\n\n[factors]\narchitecture = [\"roberta\"]\nactivation = [\"gelu\"]\n";

/// A trained encoder, which has dropout, and a task that it can learn: is it a cat?
fn trained() -> (Study, PathBuf) {
    let study = Study::new(HEAD, TINY);
    expect(0, &["run", &study.sweep()]);
    let layout = study.layout("tuned");
    let run = layout.run(study::plan(&layout).runs[0].id).directory().to_owned();
    study.write_pairs_to_learn(240, 60);
    (study, run)
}

fn finetune(study: &Study, run: &Path, to: &str, tasks: &str) -> Command {
    let mut command = Command::new(program("seedbed-trainer"));
    command.arg("finetune").arg("--dir").arg(run).arg("--data").arg(study.path("data")).arg("--to").arg(study.path(to));
    command.args(["--tasks", tasks, "--epochs", "4", "--batch", "16", "--learning-rate", "3e-3"]);
    command
}

/// Every file below `folder`; the unfinished ones of a killed process have hidden names and do not count.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(current) = folders.pop() {
        for entry in fs::read_dir(current).expect("a folder of results can be read") {
            let entry = entry.expect("an entry of it as well");
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if !entry.file_name().to_string_lossy().starts_with('.') {
                let name = entry.path().strip_prefix(folder).expect("it lies below").to_owned();
                files.insert(name, fs::read_to_string(entry.path()).expect("results are UTF-8"));
            }
        }
    }
    files
}

#[test]
fn kills_at_random_moments_change_no_byte() {
    let (study, run) = trained();
    let said = ends(0, finetune(&study, &run, "whole", "rte"));
    assert!(said.contains("rte, seed 2: step"), "{said}");
    let mut random = ChaCha8Rng::from_seed(*b"fine-tuning is killed six times.");
    let mut hits = 0;
    for _ in 0..6 {
        let mut command = finetune(&study, &run, "cut", "rte");
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(100 + random.next_u64() % 900));
        hits += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
    }
    assert!(hits > 0, "it was always done before it could be killed");
    ends(0, finetune(&study, &run, "cut", "rte"));
    let (whole, cut) = (files(&study.path("whole")), files(&study.path("cut")));
    assert_eq!(whole.keys().collect::<Vec<_>>(), cut.keys().collect::<Vec<_>>());
    assert_eq!(whole.len(), 7, "{:?}", whole.keys());
    for (name, content) in whole {
        assert!(cut[&name] == content, "{} differs", name.display());
    }
    let results = fs::read_to_string(study.path("cut/results.csv")).unwrap();
    assert!(results.starts_with("metric,value,n,task,protocol,split,fine-tuning-seed\n"), "{results}");
    // Of each seed the score and its one metric, thrice: the model's, the majority's, chance's.
    assert_eq!(results.lines().count(), 1 + 3 * 6, "{results}");
}

#[test]
fn what_is_missing_or_wrong_is_said() {
    let (study, run) = trained();
    let said = ends(1, finetune(&study, &run, "to", "cb"));
    assert!(said.contains("cb: missing") && said.contains("holds no CB/train.jsonl"), "{said}");
    let missing = fs::read_to_string(study.path("to/missing.csv")).unwrap();
    assert!(missing.starts_with("task,protocol,reason\ncb,superglue+"), "{missing}");
    let said = ends(2, finetune(&study, &run, "to", "rtte"));
    assert!(said.contains("has no task `rtte`"), "{said}");
    let good = fs::read_to_string(study.path("data/RTE/val.jsonl")).unwrap();
    study.write("data/RTE/val.jsonl", &good.replacen("entailment", "entails", 1));
    let said = ends(65, finetune(&study, &run, "to", "rte"));
    assert!(said.contains("val.jsonl, line 1: the label \"entails\" is none of this task"), "{said}");
    assert!(!study.path("to/superglue").exists());
}
