//! The supervisor, looked at from outside: `seedbed exec` with shell scripts for trainers.

#![allow(clippy::unwrap_used, reason = "a test ends where something unexpected happens")]

mod stage;

use std::fs;

use spec::RunSpec;
use spec::status::{Cause, State};
use stage::{COUNTING, DONE, HANGING, Stage, processes_of, signal, start, stderr, wait_until};

#[test]
fn a_run_is_done_once() {
    let stage = Stage::new(&format!("env | grep SEEDBED_ | sort > seen; {DONE}"));
    assert_eq!(stage.exec().args(["--threads", "2"]).output().unwrap().status.code(), Some(0));
    let status = stage.status();
    assert_eq!((status.state, status.attempts.len()), (State::Done, 1));
    assert!(status.results.is_some() && status.attempts[0].exit_code == Some(0));
    let seen = fs::read_to_string(stage.file("seen")).unwrap();
    let expected = format!(
        "SEEDBED_ATTEMPT=1\nSEEDBED_RESUME=0\nSEEDBED_RUN_DIR={}\nSEEDBED_SEED=0\nSEEDBED_THREADS=2\n",
        stage.run().directory().display()
    );
    assert_eq!(seen, expected);
    assert!(!stage.run().claim().exists());

    let again = stage.exec().output().unwrap();
    assert_eq!(again.status.code(), Some(0));
    assert!(stderr(&again).contains("is done already"));
    assert_eq!(stage.status(), status);
}

#[test]
fn a_failure_keeps_its_last_words_and_is_retried_on_request_only() {
    let stage = Stage::new(&format!("test -e fixed || {{ echo 'no such corpus' >&2; exit 65; }}; {DONE}"));
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(65));
    let status = stage.status();
    assert_eq!((status.state, status.attempts[0].cause), (State::Failed, Some(Cause::BadData)));
    assert!(status.attempts[0].message.as_deref().unwrap().ends_with("no such corpus"));

    fs::write(stage.file("fixed"), "").unwrap();
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(65));
    assert_eq!(stage.status().attempts.len(), 1);
    assert_eq!(stage.exec().arg("--retry-failed").output().unwrap().status.code(), Some(0));
    assert_eq!((stage.status().state, stage.status().attempts.len()), (State::Done, 2));
}

#[test]
fn divergence_is_a_result() {
    let stage = Stage::new("exit 76");
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(76));
    assert_eq!(stage.status().state, State::Diverged);
    assert_eq!(stage.exec().arg("--retry-failed").output().unwrap().status.code(), Some(76));
    assert_eq!(stage.status().attempts.len(), 1, "a diverged run is not a failed one");
}

#[test]
fn done_without_results_is_failed() {
    for (script, words) in [
        ("true", "results.csv cannot be read"),
        ("printf 'metric,value\\nloss,low\\n' > results.csv", "not a number"),
        ("printf 'name,value\\n' > results.csv", "no column `metric`"),
    ] {
        let stage = Stage::new(script);
        assert_eq!(stage.exec().output().unwrap().status.code(), Some(1), "{script}");
        let status = stage.status();
        assert_eq!((status.state, status.attempts[0].cause), (State::Failed, Some(Cause::NoResults)));
        let message = status.attempts[0].message.as_deref().unwrap();
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn changed_results_are_no_results() {
    let stage = Stage::new(DONE);
    stage.exec().output().unwrap();
    fs::write(stage.run().results(), "metric,value\nloss,0.1\n").unwrap();
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(1));
    assert_eq!(stage.exec().arg("--retry-failed").output().unwrap().status.code(), Some(0));
}

#[test]
fn a_program_that_is_not_there_is_unavailable() {
    let stage = Stage::new("exec /no/such/program");
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(1));
    let mut spec: RunSpec = serde_json::from_str(&fs::read_to_string(stage.array()).unwrap()).unwrap();
    spec.program = spec::Program::Command(spec::run::CommandSpec {
        argv: vec!["/no/such/program".to_owned()],
        params: std::collections::BTreeMap::new(),
    });
    spec.id = spec::run::identify(&spec.program, spec.seed);
    fs::write(stage.array(), serde_json::to_string(&spec).unwrap()).unwrap();
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(69));
    let log = fs::read_to_string(stage.sweep().run(spec.id).log(1)).unwrap();
    assert!(log.starts_with("error: cannot start `/no/such/program`\ncaused by: No such file"), "{log}");
}

#[test]
fn a_stopped_run_goes_on_from_its_checkpoint() {
    let stage = Stage::new(COUNTING);
    let child = start(stage.exec().args(["--threads", "2"]));
    wait_until("the trainer counts", || stage.file("steps").exists());
    signal(child.id(), "USR2");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(75));
    let status = stage.status();
    assert_eq!((status.state, status.attempts[0].cause), (State::Interrupted, Some(Cause::Checkpointed)));

    // A later attempt keeps what the first one settled.
    assert_eq!(stage.exec().args(["--threads", "7"]).output().unwrap().status.code(), Some(0));
    let spec: RunSpec = serde_json::from_str(&fs::read_to_string(stage.run().spec()).unwrap()).unwrap();
    assert_eq!(spec.execution.threads, Some(2));
    let steps = fs::read_to_string(stage.file("steps")).unwrap();
    let counted: Vec<u32> = steps.lines().map(|line| line.parse().unwrap()).collect();
    assert_eq!(counted, (1..=20).collect::<Vec<_>>());
}

/// For a trainer's script: `told` gets SIGTERM as soon as `process` is gone, from outside of the run's processes.
fn tells_after(process: &str, told: &str) -> String {
    format!(
        "setsid sh -c \"touch away; while [ -d /proc/{process} ]; do sleep 0.05; done; kill -TERM {told}\" & \
         until [ -e away ]; do :; done;"
    )
}

#[test]
fn a_trainer_that_hears_a_demand_first_has_left_because_of_it() {
    // Slurm tells every process of a job, one after the other.
    let later = tells_after("$$", "$PPID");
    for (end, cause) in [("exit 75", Cause::Checkpointed), ("kill -TERM $$", Cause::Stopped)] {
        let stage = Stage::new(&format!("{later} {end}"));
        assert_eq!(stage.exec().output().unwrap().status.code(), Some(75));
        let attempt = &stage.status().attempts[0];
        assert_eq!((attempt.cause, attempt.told), (Some(cause), true));
    }
    // Who leaves of its own accord was told nothing.
    let stage = Stage::new("exit 75");
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(75));
    assert!(!stage.status().attempts[0].told);
}

#[test]
fn a_trainer_that_ignores_sigterm_is_killed_when_a_person_asks_twice() {
    let stage = Stage::new("trap '' TERM; touch started; while :; do sleep 0.05; done");
    let child = start(&mut stage.exec());
    wait_until("the trainer runs", || stage.file("started").exists());
    // Slurm sends it when a time of grace begins and again at its end.
    for _ in 0..2 {
        signal(child.id(), "TERM");
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(!processes_of(stage.run().directory()).is_empty());
    }
    signal(child.id(), "INT");
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(75));
    assert_eq!(stage.status().attempts[0].cause, Some(Cause::Stopped));
    assert_eq!(processes_of(stage.run().directory()), [0; 0]);
}

#[test]
fn nothing_outlives_a_killed_supervisor_into_the_next_attempt() {
    // The trainer itself dies with its supervisor; the process that it started does not, until somebody claims the run.
    let script = format!("if [ $SEEDBED_ATTEMPT = 1 ]; then sleep 300 & {HANGING}; fi; {DONE}");
    let stage = Stage::new(&script);
    let mut child = start(&mut stage.exec());
    wait_until("the trainer runs", || stage.file("started").exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let shells = || {
        let left = processes_of(stage.run().directory());
        let names = left.iter().map(|process| fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default());
        names.filter(|name| name.trim() == "sh").count()
    };
    wait_until("the trainer is dead", || shells() == 0);
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(0));
    assert_eq!(processes_of(stage.run().directory()), [0; 0]);
    let status = stage.status();
    let causes: Vec<_> = status.attempts.iter().map(|attempt| attempt.cause).collect();
    assert_eq!(causes, [Some(Cause::Lost), Some(Cause::Done)]);
}

#[test]
fn of_two_supervisors_one_wins() {
    let stage = Stage::new(&format!("sleep 0.3; echo once >> count; {DONE}"));
    let (first, second) = (start(&mut stage.exec()), start(&mut stage.exec()));
    let outputs = [first.wait_with_output().unwrap(), second.wait_with_output().unwrap()];
    let mut codes: Vec<_> = outputs.iter().map(|output| output.status.code().unwrap()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [0, 77]);
    let loser = outputs.iter().find(|output| output.status.code() == Some(77)).unwrap();
    assert!(stderr(loser).starts_with("error: the run is held by process "), "{}", stderr(loser));
    assert_eq!(fs::read_to_string(stage.file("count")).unwrap(), "once\n");
}

#[test]
fn a_trainer_killed_by_somebody_else_is_interrupted() {
    let stage = Stage::new("kill -KILL $$");
    assert_eq!(stage.exec().output().unwrap().status.code(), Some(75));
    assert_eq!(stage.status().attempts[0].cause, Some(Cause::Killed));
}

#[test]
fn a_directory_of_another_version_is_left_alone() {
    let stage = Stage::new(DONE);
    fs::create_dir_all(stage.run().directory()).unwrap();
    fs::write(stage.run().status(), r#"{"schema": 9, "shape": "new"}"#).unwrap();
    let output = stage.exec().output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(
        stderr(&output).contains("has schema 9, and this version of seedbed reads schema 1"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn an_edited_array_line_is_refused() {
    let stage = Stage::new(DONE);
    let text = fs::read_to_string(stage.array()).unwrap().replace("\"seed\":0", "\"seed\":1");
    fs::write(stage.array(), text).unwrap();
    let output = stage.exec().output().unwrap();
    assert_eq!(output.status.code(), Some(65));
    assert!(stderr(&output).contains("the file was edited or damaged"), "{}", stderr(&output));
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    // Nobody makes directories there, not even root.
    let stage = Stage::new(DONE);
    let mut command = stage::seedbed();
    command.args(["exec", "--sweep-dir", "/sys", "--index", "0", "--array"]).arg(stage.array());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(73));
    let text = stderr(&output);
    assert!(text.starts_with("error: cannot write /sys/runs/") && text.contains("\nhint: "), "{text}");
}

/// An array file of three runs of `script`, each in a directory of its own.
fn pack(script: &str) -> (Stage, Vec<RunSpec>) {
    let stage = Stage::new(script);
    let runs: Vec<RunSpec> = (0..3).map(|seed| stage::run_of(script, seed)).collect();
    fs::remove_file(stage.array()).unwrap();
    launcher::array::write(&stage.array(), &runs).unwrap();
    (stage, runs)
}

fn status_of(stage: &Stage, run: &RunSpec) -> spec::status::Status {
    serde_json::from_str(&fs::read_to_string(stage.sweep().run(run.id).status()).unwrap()).unwrap()
}

#[test]
fn runs_of_a_pack_end_each_in_its_own_way() {
    let (stage, runs) = pack(&format!("[ $SEEDBED_SEED = 1 ] && kill -SEGV $$; {DONE}"));
    for order in [&[][..], &["--side-by-side"]] {
        let output = stage.exec().args(["--runs-per-task", "3"]).args(order).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("\n3 runs: 2 done, 1 failed\n"), "{}", stderr(&output));
        let states: Vec<_> = runs.iter().map(|run| status_of(&stage, run)).collect();
        assert_eq!(states.iter().map(|run| run.state).collect::<Vec<_>>(), [State::Done, State::Failed, State::Done]);
        // The second time there was nothing left to do.
        assert!(states.iter().all(|run| run.attempts.len() == 1));
    }
}

#[test]
fn a_warned_pack_starts_nothing_more() {
    let (stage, runs) = pack(COUNTING);
    let child = start(stage.exec().args(["--runs-per-task", "3"]));
    let steps = stage.sweep().run(runs[0].id).directory().join("steps");
    wait_until("the first trainer counts", || steps.exists());
    signal(child.id(), "USR2");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(75));
    assert!(stderr(&output).contains("3 runs: 1 interrupted, 2 not started"), "{}", stderr(&output));
    assert_eq!(status_of(&stage, &runs[0]).attempts[0].cause, Some(Cause::Checkpointed));
    assert_eq!(stage.exec().args(["--runs-per-task", "3"]).output().unwrap().status.code(), Some(0));
    assert_eq!(status_of(&stage, &runs[0]).attempts.len(), 2);
}

#[test]
fn a_pack_that_hears_a_demand_last_starts_nothing_more() {
    // The first run leaves as one that was told; the pack is told when the supervisor of that run is gone.
    let last = tells_after("$PPID", "$(cut -d ' ' -f 4 /proc/$PPID/stat)");
    let (stage, runs) = pack(&format!("if [ $SEEDBED_SEED = 0 ]; then {last} exit 75; fi; {DONE}"));
    let output = stage.exec().args(["--runs-per-task", "3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(75));
    assert!(stderr(&output).contains("3 runs: 1 interrupted, 2 not started"), "{}", stderr(&output));
    assert_eq!(status_of(&stage, &runs[0]).attempts[0].cause, Some(Cause::Checkpointed));
}

#[test]
fn a_failed_run_of_a_pack_is_tried_once_for_a_submission() {
    let (stage, runs) = pack("exit 3");
    let exec = |job: &str| {
        let variables = ["SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID"].map(|name| (name, job));
        let mut exec = stage.exec();
        exec.args(["--runs-per-task", "3", "--requeues", "9", "--retry-failed"]).envs(variables);
        exec.env("SLURM_ARRAY_TASK_ID", "0").env("CUDA_VISIBLE_DEVICES", "0");
        exec.output().unwrap().status.code()
    };
    // The same task comes back; a new submission asks for what failed before it.
    for (job, attempts) in [("7", 1), ("7", 1), ("8", 2), ("8", 2)] {
        assert_eq!(exec(job), Some(1));
        assert!(runs.iter().all(|run| status_of(&stage, run).attempts.len() == attempts), "{job}");
    }
}

#[test]
fn a_killed_pack_leaves_checkpoints() {
    let (stage, runs) = pack(COUNTING);
    let mut child = start(stage.exec().args(["--runs-per-task", "3", "--side-by-side"]));
    let steps = |run: &RunSpec| stage.sweep().run(run.id).directory().join("steps");
    wait_until("all trainers count", || runs.iter().all(|run| steps(run).exists()));
    child.kill().unwrap();
    child.wait().unwrap();
    let checkpointed = |run: &RunSpec| status_of(&stage, run).attempts[0].cause == Some(Cause::Checkpointed);
    wait_until("all have left a checkpoint", || runs.iter().all(checkpointed));
}
