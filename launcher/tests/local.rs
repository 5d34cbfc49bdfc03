//! Local mode, looked at from outside: `seedbed run` with shell scripts for trainers.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod stage;

use std::fs;
use std::time::Instant;

use spec::status::{Cause, State};
use stage::sweep::ToySweep;
use stage::{COUNTING, DONE, processes_of, signal, start, stderr, stdout, wait_until};

const ALL_DONE: [State; 4] = [State::Done; 4];

/// Whether a trainer of the sweep still lives.
fn any_trainer(sweep: &ToySweep) -> bool {
    let runs = fs::read_dir(sweep.layout().runs()).unwrap().flatten();
    runs.into_iter().any(|run| !processes_of(&run.path()).is_empty())
}

#[test]
fn a_sweep_is_carried_out_once() {
    let sweep = ToySweep::new(DONE);
    let output = sweep.run(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("toy: 4 of 4 runs (4 done)\n"), "{}", stdout(&output));
    assert_eq!(stderr(&output).lines().count(), 4);
    assert_eq!(sweep.states(), ALL_DONE);
    let again = sweep.run(&[]);
    assert_eq!((again.status.code(), sweep.attempts()), (Some(0), vec![1; 4]));
    assert_eq!(stderr(&again), "");
    assert!(!sweep.layout().lock().exists());
}

#[test]
fn failed_and_diverged_runs_are_told_apart() {
    let script = format!("[ $1$2 = relu0 ] && exit 76; [ $1$2 = gelu1 ] && {{ echo boom; exit 3; }}; {DONE}");
    let sweep = ToySweep::new(&script);
    assert_eq!(sweep.run(&[]).status.code(), Some(1));
    let states = [State::Diverged, State::Done, State::Done, State::Failed];
    assert_eq!(sweep.states(), states);

    assert_eq!(sweep.run(&[]).status.code(), Some(1), "a failed run that nobody retries is still missing");
    assert_eq!(sweep.attempts(), [1, 1, 1, 1]);
    sweep.run(&["--retry", "out-of-memory"]);
    assert_eq!(sweep.attempts(), [1, 1, 1, 1]);
    assert_eq!(sweep.run(&["--retry", "failed"]).status.code(), Some(1));
    assert_eq!(sweep.attempts(), [1, 1, 1, 2]);
    sweep.run(&["--retry", "program-error", "--retry", "diverged"]);
    assert_eq!(sweep.attempts(), [2, 1, 1, 3]);
    let asked = fs::read_to_string(sweep.layout().ledger()).unwrap();
    assert_eq!(asked.matches("\"asked\":true").count(), 3);
}

#[test]
fn a_run_that_is_done_without_a_number_is_told_apart() {
    let sweep = ToySweep::new(&format!("{DONE}; [ $1$2 = relu0 ] && sed -i s/1.5/nan/ results.csv; true"));
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    let status = stdout(&sweep.seedbed(&["status", "toy.toml"]).output().unwrap());
    let told =
        "1 run of those done without a usable loss (not finite, or beyond ±1e75): the report counts them as diverged\n";
    assert!(status.contains(told), "{status}");
    sweep.seedbed(&["report", "toy.toml"]).output().unwrap();
    let report = fs::read_to_string(sweep.layout().report().join("report.md")).unwrap();
    assert!(report.contains("1 run diverged"), "{report}");
}

#[test]
fn a_run_that_is_done_without_the_primary_metric_is_told_at_once_and_at_the_end() {
    let sweep = ToySweep::new(&format!("{DONE}; sed -i s/loss/los/ results.csv"));
    let output = sweep.run(&[]);
    assert_eq!(output.status.code(), Some(0));
    let said = stderr(&output);
    let lacks = "without loss, which is what is compared: results.csv has los; was los meant in analysis.primary?";
    assert_eq!(said.matches(&format!(" is done {lacks}\n")).count(), 1, "{said}");
    assert!(said.contains(&format!("warning: 4 runs of those done {lacks}\n")), "{said}");
    let status = stdout(&sweep.seedbed(&["status", "toy.toml"]).output().unwrap());
    assert!(status.contains(&format!("4 runs of those done {lacks}\n")), "{status}");
    // What is measured later is part of a run as its report sees it.
    let first = fs::read_dir(sweep.layout().runs()).unwrap().next().unwrap().unwrap().path();
    fs::create_dir_all(first.join("evaluation/later")).unwrap();
    fs::write(first.join("evaluation/later/results.csv"), "metric,value\nloss,1\n").unwrap();
    let status = stdout(&sweep.seedbed(&["status", "toy.toml"]).output().unwrap());
    assert!(status.contains("3 runs of those done without loss"), "{status}");
}

#[test]
fn a_diverged_run_is_no_failure() {
    let sweep = ToySweep::new(&format!("[ $1$2 = relu0 ] && exit 76; {DONE}"));
    let output = sweep.run(&[]);
    assert_eq!(output.status.code(), Some(0));
    assert!(stdout(&output).starts_with("toy: 4 of 4 runs (3 done, 1 diverged)\n"), "{}", stdout(&output));
}

#[test]
fn the_policy_of_the_sweep_starts_a_failed_run_again() {
    let sweep = ToySweep::new(&format!("[ $SEEDBED_ATTEMPT = 1 ] && exit 3; {DONE}"));
    sweep.write("[retry]\nerror = 1\n");
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    assert_eq!(sweep.attempts(), [2; 4]);
}

#[test]
fn conditions_and_limit_choose() {
    let sweep = ToySweep::new(DONE);
    assert_eq!(sweep.run(&["--where", "activation=gelu", "--where", "seed=1"]).status.code(), Some(0));
    assert_eq!(sweep.states().len(), 1);
    assert_eq!(sweep.run(&["--limit", "1"]).status.code(), Some(0));
    assert_eq!(sweep.states().len(), 2);
    assert!(sweep.layout().run(sweep.plan().runs[0].id).status().exists(), "the first of the plan comes first");
    let output = sweep.run(&["--where", "activation=gelo"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("did you mean `gelu`?"), "{}", stderr(&output));
}

#[test]
fn ctrl_c_once_checkpoints_and_the_same_command_goes_on() {
    let sweep = ToySweep::new(COUNTING);
    let child = start(&mut sweep.seedbed(&["run", "toy.toml", "--slots", "2"]));
    wait_until("trainers count", || sweep.layout().plan().exists() && sweep.files("steps").len() == 2);
    signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75));
    assert!(stderr(&output).contains("stopping: runs write a checkpoint first"), "{}", stderr(&output));
    assert_eq!(sweep.states(), [State::Interrupted; 2], "nothing new was started");
    assert!(sweep.records().iter().all(|record| record.attempts[0].cause == Some(Cause::Checkpointed)));
    assert!(!any_trainer(&sweep));

    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    let expected: String = (1..=20).map(|step| step.to_string() + "\n").collect();
    assert_eq!(sweep.files("steps"), vec![expected; 4]);
}

#[test]
fn ctrl_c_twice_stops_at_once() {
    let sweep = ToySweep::new("trap '' TERM; touch started; while :; do sleep 0.05; done");
    let child = start(&mut sweep.seedbed(&["run", "toy.toml", "--slots", "2"]));
    wait_until("trainers run", || sweep.layout().plan().exists() && sweep.files("started").len() == 2);
    signal(child.id(), "INT");
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert!(any_trainer(&sweep));
    let asked = Instant::now();
    signal(child.id(), "INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(75));
    assert!(asked.elapsed().as_secs() < 5);
    assert!(!any_trainer(&sweep));
    assert!(sweep.records().iter().all(|record| record.attempts[0].cause == Some(Cause::Stopped)));
}

#[test]
fn a_killed_launcher_leaves_nothing_and_the_next_one_goes_on() {
    let sweep = ToySweep::new(COUNTING);
    let mut child = start(&mut sweep.seedbed(&["run", "toy.toml", "--slots", "2"]));
    wait_until("trainers count", || sweep.layout().plan().exists() && sweep.files("steps").len() == 2);
    child.kill().unwrap();
    child.wait().unwrap();
    // Straight away: the supervisors of the dead launcher may still be writing their checkpoints.
    let output = sweep.run(&["--slots", "2"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("which is gone, was taken over"), "{}", stderr(&output));
    assert_eq!(sweep.states(), ALL_DONE);
    let expected: String = (1..=20).map(|step| step.to_string() + "\n").collect();
    assert_eq!(sweep.files("steps"), vec![expected; 4]);
    assert!(!any_trainer(&sweep));
}

#[test]
fn a_run_that_another_process_holds_is_waited_for_without_a_word() {
    let script = format!("[ $SEEDBED_ATTEMPT = 1 ] && exit 3; touch started; sleep 4; {DONE}");
    let sweep = ToySweep::new(&script);
    assert_eq!(sweep.run(&["--limit", "1"]).status.code(), Some(1));
    let started = || fs::read_to_string(sweep.layout().ledger()).unwrap().matches("attempt-started").count();
    let before = started();
    let array = fs::read_dir(sweep.layout().arrays()).unwrap().next().unwrap().unwrap().path();
    let mut holder = sweep.seedbed(&["exec", "--sweep-dir", "sweeps/toy", "--index", "0", "--retry-failed", "--array"]);
    let holder = start(holder.arg(array));
    wait_until("the trainer runs", || !sweep.files("started").is_empty());

    let run = start(&mut sweep.seedbed(&["run", "toy.toml", "--where", "activation=relu", "--where", "seed=0"]));
    assert_eq!(holder.wait_with_output().unwrap().status.code(), Some(0));
    assert_eq!(run.wait_with_output().unwrap().status.code(), Some(0));
    let supervisors = started() - before;
    assert!(supervisors <= 2, "{supervisors} were started: more than one while the run was held and one after that");
    assert_eq!(sweep.attempts(), [2]);
}

#[test]
fn a_sweep_has_one_launcher() {
    let sweep = ToySweep::new(&format!("touch started; sleep 0.5; {DONE}"));
    let first = start(&mut sweep.seedbed(&["run", "toy.toml"]));
    wait_until("a trainer runs", || sweep.layout().plan().exists() && !sweep.files("started").is_empty());
    let second = sweep.run(&[]);
    assert_eq!(second.status.code(), Some(77));
    let expected = format!("is in use by process {} on ", first.id());
    assert!(stderr(&second).contains(&expected), "{}", stderr(&second));
    assert_eq!(first.wait_with_output().unwrap().status.code(), Some(0));
}

#[test]
fn a_torn_ledger_is_mended_and_a_damaged_one_is_not() {
    let sweep = ToySweep::new(DONE);
    sweep.run(&["--limit", "1"]);
    let ledger = sweep.layout().ledger();
    let whole = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, format!("{whole}{{\"schema\":1,\"at")).unwrap();
    let output = sweep.run(&["--limit", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("the ledger ended in a torn line: 15 bytes were cut off"), "{}", stderr(&output));
    assert!(fs::read_to_string(&ledger).unwrap().starts_with(&whole));

    fs::write(&ledger, format!("nonsense\n{whole}")).unwrap();
    let output = sweep.run(&[]);
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("ledger.jsonl:1 is damaged"), "{}", stderr(&output));
}

#[test]
fn a_run_whose_directory_vanishes_ends_and_the_others_go_on() {
    let script = format!("[ $1$2 = relu0 ] && {{ rm -rf \"$PWD\"; exit 0; }}; {DONE}");
    let output = ToySweep::new(&script).run(&["--slots", "1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("its directory vanished meanwhile"), "{}", stderr(&output));
    assert!(stdout(&output).starts_with("toy: 3 of 4 runs (3 done, 1 not started)\n"), "{}", stdout(&output));
}

#[test]
fn a_run_whose_supervisor_was_killed_is_named() {
    let sweep = ToySweep::new(&format!("[ $1$2 = relu0 ] && {{ kill -KILL $PPID; sleep 9; }}; {DONE}"));
    let output = sweep.run(&[]);
    assert_eq!(output.status.code(), Some(75), "{}", stderr(&output));
    let run = &sweep.plan().runs[0].id;
    let told = stderr(&output);
    let line = told.lines().find(|line| line.starts_with(&format!("run {run} ("))).unwrap();
    assert!(line.ends_with("): its supervisor was ended by SIGKILL"), "{told}");
    assert!(!told.lines().any(str::is_empty), "{told}");
}

#[test]
fn a_damaged_record_hides_no_other_run() {
    let sweep = ToySweep::new(DONE);
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    let record = fs::read_dir(sweep.layout().runs()).unwrap().next().unwrap().unwrap().path().join("status.json");
    fs::write(&record, "{\"schema\": 1, ").unwrap();
    let status = sweep.seedbed(&["status", "toy.toml"]).output().unwrap();
    assert_eq!(status.status.code(), Some(0), "{}", stderr(&status));
    assert!(stdout(&status).starts_with("toy: 3 of 4 runs\n"), "{}", stdout(&status));
    assert!(stdout(&status).contains("status.json:1 is damaged"), "{}", stdout(&status));
    assert!(stdout(&status).contains("move it away"), "{}", stdout(&status));
    assert_eq!(sweep.run(&["--retry", "failed"]).status.code(), Some(1), "what was damaged is not written over");
    assert_eq!(fs::read_to_string(&record).unwrap(), "{\"schema\": 1, ");
    fs::remove_file(&record).unwrap();
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
}

#[test]
fn a_damaged_claim_hides_no_other_run_and_is_not_written_over() {
    let sweep = ToySweep::new(&format!("[ $1$2 = relu0 ] && [ $SEEDBED_ATTEMPT = 1 ] && exit 75; {DONE}"));
    assert_eq!(sweep.run(&[]).status.code(), Some(75));
    let claim = sweep.layout().run(sweep.plan().runs[0].id).claim();
    fs::write(&claim, "{\"schema\": 1, ").unwrap();
    for command in ["status", "report"] {
        let output = sweep.seedbed(&[command, "toy.toml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {}", stderr(&output));
    }
    let status = stdout(&sweep.seedbed(&["status", "toy.toml"]).output().unwrap());
    assert!(status.starts_with("toy: 3 of 4 runs\n"), "{status}");
    assert!(status.contains("claim.json:1 is damaged") && status.contains("move it away"), "{status}");
    assert_eq!(sweep.run(&["--retry", "failed"]).status.code(), Some(1));

    let array = fs::read_dir(sweep.layout().arrays()).unwrap().next().unwrap().unwrap().path();
    let mut exec = sweep.seedbed(&["exec", "--sweep-dir", "sweeps/toy", "--index", "0", "--retry-failed", "--array"]);
    let output = exec.arg(array).output().unwrap();
    assert_eq!(output.status.code(), Some(65), "{}", stderr(&output));
    assert_eq!(fs::read_to_string(&claim).unwrap(), "{\"schema\": 1, ");
    fs::remove_file(&claim).unwrap();
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
}

#[test]
fn each_gpu_is_seen_by_its_own_runs() {
    let sweep = ToySweep::new(&format!("echo $CUDA_VISIBLE_DEVICES > gpu; sleep 0.2; {DONE}"));
    assert_eq!(sweep.run(&["--gpus", "3,5"]).status.code(), Some(0));
    let mut gpus = sweep.files("gpu");
    gpus.sort();
    gpus.dedup();
    assert_eq!(gpus, ["3\n", "5\n"]);
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_written() {
    let sweep = ToySweep::new(DONE);
    sweep.write("[[exclude]]\nactivation = \"relu\"\n[[include]]\nactivation = \"relu\"\nseeds = [1]\n");
    let refused = |arguments: &[&str]| {
        let output = sweep.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!sweep.layout().directory().exists(), "{arguments:?}");
        stderr(&output)
    };
    let nothing = refused(&["--where", "activation=relu", "--where", "seed=0"]);
    assert_eq!(nothing, "error: no run of the sweep has all of these levels\n");
    assert!(refused(&["--gpus", ""]).starts_with("error: a value is required"));
}

#[test]
fn a_frozen_sweep_is_found_when_its_file_is_no_longer_right() {
    let sweep = ToySweep::new(DONE);
    assert_eq!(sweep.run(&[]).status.code(), Some(0));
    sweep.write("[model]\nlayers = 2\n");
    for command in ["status", "report"] {
        let output = sweep.seedbed(&[command, "toy.toml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {}", stderr(&output));
    }
    assert_eq!(sweep.run(&[]).status.code(), Some(64));
}

#[test]
fn where_nothing_can_be_written_nothing_is_started() {
    let sweep = ToySweep::new(DONE);
    let output = sweep.run(&["--root", "/sys"]);
    assert_eq!(output.status.code(), Some(73));
    assert!(stderr(&output).starts_with("error: cannot write /sys/toy\n"), "{}", stderr(&output));
}

#[test]
fn the_builtin_trainer_is_told_where_the_run_is() {
    let sweep = ToySweep::new(DONE);
    let trainer = sweep.folder().join("trainer.sh");
    fs::write(&trainer, format!("#!/bin/sh\necho $* > arguments\n{DONE}\n")).unwrap();
    fs::set_permissions(&trainer, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(sweep.folder().join("corpus.txt"), "One day.\n").unwrap();
    let text = "[sweep]\nname = \"own\"\nseeds = 1\n[factors]\nactivation = [\"relu\", \"gelu\"]\n\
                [data]\ncorpus = \"corpus.txt\"\n";
    fs::write(sweep.folder().join("own.toml"), text).unwrap();
    let mut command = sweep.seedbed(&["run", "own.toml"]);
    let missing = command.env("SEEDBED_TRAINER", "/no/trainer").output().unwrap();
    assert_eq!(missing.status.code(), Some(69));
    assert!(stderr(&missing).contains("hint: build it with"), "{}", stderr(&missing));
    assert!(!sweep.folder().join("sweeps/own").exists(), "nothing is written before it is sure that runs can start");

    let output = command.env("SEEDBED_TRAINER", "./trainer.sh").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let runs: Vec<_> = fs::read_dir(sweep.folder().join("sweeps/own/runs")).unwrap().flatten().collect();
    assert_eq!(runs.len(), 2);
    for run in runs {
        let arguments = fs::read_to_string(run.path().join("arguments")).unwrap();
        assert_eq!(arguments, format!("run --dir {}\n", run.path().display()));
    }
}
