//! `seedbed evaluate` on this machine, looked at from outside: with shell scripts for trainers, which train and measure
//! nothing.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod stage;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use launcher::array;
use launcher::ledger::{Entry, Event};
use slurm::job_id::JobNumber;
use spec::layout::RunLayout;
use spec::{Digest, RunSpec};
use stage::sweep::ToySweep;
use stage::{DONE, start, stderr, stdout, wait_until};

/// Measures as long as there is a file called `wait`, and counts.
const MEASURING: &str = "#!/bin/sh\nwhile [ \"$1\" != --dir ]; do shift; done\necho once >> FOLDER/count\n\
                         while [ -e FOLDER/wait ]; do sleep 0.02; done\nmkdir -p \"$2/evaluation/blimp\"\n\
                         printf 'metric,value\\nblimp,0.5\\n' > \"$2/evaluation/blimp/results.csv\"\n";

/// Four runs that are done and have left a checkpoint each.
fn trained() -> ToySweep {
    let sweep = ToySweep::new(&format!("mkdir checkpoint; touch checkpoint/latest.safetensors; {DONE}"));
    let output = sweep.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let trainer = sweep.folder().join("trainer");
    fs::write(&trainer, MEASURING.replace("FOLDER", &sweep.folder().display().to_string())).unwrap();
    fs::set_permissions(&trainer, fs::Permissions::from_mode(0o755)).unwrap();
    sweep
}

fn evaluate(sweep: &ToySweep, arguments: &[&str]) -> Command {
    let mut command = sweep.seedbed(&["evaluate", "toy.toml", "--tasks", "blimp"]);
    command.args(arguments).env("SEEDBED_TRAINER", sweep.folder().join("trainer"));
    command.env("SEEDBED_SITES", sweep.folder().join("sites"));
    command
}

fn ends(code: i32, output: &Output) -> String {
    let said = format!("{}{}", stdout(output), stderr(output));
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

fn runs(sweep: &ToySweep) -> Vec<RunLayout> {
    sweep.plan().runs.iter().map(|run| sweep.layout().run(run.id)).collect()
}

#[test]
fn of_two_that_measure_an_element_one_does_and_the_other_says_who() {
    let sweep = trained();
    let one = ["--where", "activation=relu", "--where", "seed=0"];
    fs::write(sweep.folder().join("wait"), "").unwrap();
    let first = start(&mut evaluate(&sweep, &one));
    wait_until("it measures", || sweep.folder().join("count").exists());
    let said = ends(77, &evaluate(&sweep, &one).output().unwrap());
    assert!(said.contains(&format!("blimp of relu seed 0: process {} on ", first.id())), "{said}");
    assert!(said.contains("toy: 0 elements measured, 1 being measured by others"), "{said}");

    // What is killed holds nothing any more.
    let (mut first, second) = (first, sweep.folder().join("wait"));
    first.kill().unwrap();
    first.wait().unwrap();
    fs::remove_file(second).unwrap();
    let said = ends(0, &evaluate(&sweep, &one).output().unwrap());
    assert!(said.contains("toy: 1 element measured\n"), "{said}");
    assert_eq!(fs::read_to_string(sweep.folder().join("count")).unwrap(), "once\nonce\n");
    let left: Vec<String> = fs::read_dir(runs(&sweep)[0].evaluation())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert!(left.iter().all(|name| name == "blimp" || name == "blimp.json"), "{left:?}");
}

#[test]
fn what_was_trained_elsewhere_is_named_before_anything_is_measured() {
    let sweep = trained();
    let runs = runs(&sweep);
    for run in &runs[..2] {
        fs::remove_dir_all(run.checkpoints()).unwrap();
    }
    // One of them was handed to a cluster with a file system of its own.
    let spec: RunSpec = serde_json::from_str(&fs::read_to_string(runs[0].spec()).unwrap()).unwrap();
    fs::create_dir(sweep.folder().join("sites")).unwrap();
    let profile =
        "[ssh]\nhost = \"me@far.example.org\"\n[place]\nroot = \"/scratch/me\"\nseedbed = \"/scratch/me/seedbed\"\n";
    fs::write(sweep.folder().join("sites/far.toml"), profile).unwrap();
    fs::create_dir_all(sweep.layout().arrays()).unwrap();
    array::write(&sweep.layout().array("toy-1"), [&spec]).unwrap();
    let events = [
        Event::Intended {
            submission: "toy-1".to_owned(),
            site: "far".to_owned(),
            runs: 1,
            runs_per_task: 1,
            evaluates: false,
            after: Vec::new(),
            script: Digest::of(b"script"),
        },
        Event::Accepted { submission: "toy-1".to_owned(), job: JobNumber::new(7).unwrap(), adopted: false },
    ];
    let mut ledger = fs::read_to_string(sweep.layout().ledger()).unwrap();
    for event in events {
        let entry = Entry { schema: spec::SCHEMA, at: "2026-01-01T00:00:00Z".to_owned(), event };
        ledger += &(serde_json::to_string(&entry).unwrap() + "\n");
    }
    fs::write(sweep.layout().ledger(), ledger).unwrap();

    let said = ends(1, &evaluate(&sweep, &[]).output().unwrap());
    let ids: Vec<String> = sweep.plan().runs.iter().map(|run| run.id.to_string()).collect();
    let far = format!(
        "1 run cannot be measured on this machine: last submitted to `far`, where --site far would measure: {}\n",
        ids[0]
    );
    let gone = format!("1 run cannot be measured on this machine: no checkpoint is left there: {}\n", ids[1]);
    assert!(said.contains(&far) && said.contains(&gone), "{said}");
    let counts = "toy: 2 elements measured, 2 of runs that cannot be measured here\n";
    assert!(said.contains(counts), "{said}");
    assert_eq!(fs::read_to_string(sweep.folder().join("count")).unwrap(), "once\nonce\n");
}

/// The trainer of a sweep from here on.
fn trainer(sweep: &ToySweep, script: &str) {
    fs::write(sweep.folder().join("trainer"), script).unwrap();
}

const ONE: [&str; 4] = ["--where", "activation=relu", "--where", "seed=0"];

fn record(run: &RunLayout, element: &str) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(run.element(element)).unwrap()).unwrap()
}

#[test]
fn a_trainer_that_is_killed_or_fails_has_a_reason() {
    let sweep = trained();
    let run = &runs(&sweep)[0];
    for (script, reason) in [
        ("#!/bin/sh\nkill -9 $$\n", "killed by signal 9"),
        ("#!/bin/sh\nexit 65\n", "exit code 65: missing, damaged or too small data"),
    ] {
        trainer(&sweep, script);
        let said = ends(1, &evaluate(&sweep, &ONE).output().unwrap());
        assert!(said.contains(&format!("blimp of relu seed 0: failed: {reason}\n")), "{said}");
        assert_eq!((&record(run, "blimp")["end"], &record(run, "blimp")["reason"]), (&"failed".into(), &reason.into()));
    }
}

#[test]
fn what_has_no_data_now_is_missing_although_it_was_measured_once() {
    let sweep = trained();
    let run = &runs(&sweep)[0];
    let results = run.evaluation().join("cb/results.csv");
    fs::create_dir_all(results.parent().unwrap()).unwrap();
    fs::write(&results, "metric,value\ncb,0.5\n").unwrap();
    // As the real one does that finds scores of earlier, and no data (`an_element_is_of_the_data_that_it_names`).
    trainer(&sweep, "#!/bin/sh\necho 'cb: missing: the store holds no CB/train.jsonl' >&2\nexit 1\n");
    let store = sweep.folder().join("store");
    let mut command = sweep.seedbed(&["evaluate", "toy.toml", "--tasks", "cb", "--store"]);
    command.arg(&store).args(ONE).env("SEEDBED_TRAINER", sweep.folder().join("trainer"));
    let said = ends(1, &command.output().unwrap());
    assert!(said.contains("toy: 0 elements measured, 1 missing\n"), "{said}");
    assert_eq!(record(run, "cb")["end"], "missing");
    assert_eq!(fs::read_to_string(&results).unwrap(), "metric,value\ncb,0.5\n");
    // The data comes.
    trainer(&sweep, "#!/bin/sh\n");
    let said = ends(0, &command.output().unwrap());
    assert!(said.contains("toy: 1 element measured\n"), "{said}");
}

#[test]
fn what_was_measured_needs_its_checkpoint_no_more() {
    let sweep = trained();
    ends(0, &evaluate(&sweep, &[]).output().unwrap());
    for run in runs(&sweep) {
        fs::remove_dir_all(run.checkpoints()).unwrap();
    }
    let said = ends(0, &evaluate(&sweep, &[]).output().unwrap());
    assert_eq!(said, "toy: 4 elements measured\n");
}
