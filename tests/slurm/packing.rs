//! Several runs in one task: each has its own account, and what happens to one happens to no other.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use spec::RunId;
use spec::status::{Cause, State, Status};

use crate::bench::{Bench, shared, wait};
use crate::surprises::{come_back, soon};

const SIDE_BY_SIDE: &str = "packing = 'side-by-side'\n";

/// One run beside the product: 37 of them.
const ONE_MORE: &str = "[[include]]\nlevel = 1\nseeds = [9]\n";

/// `seeds` times four runs of `tenths` of a second each, `runs` to a task.
fn packs(name: &'static str, seeds: u32, tenths: u32, runs: u32, more: &str) -> Bench {
    Bench::with(shared(), name, seeds, tenths, &format!("runs-per-job = {runs}\n{more}"))
}

/// Holds up all runs but those of level 1, which come first.
fn hold_up_later(bench: &Bench) {
    let trainer = fs::read_to_string(bench.path("train it.sh")).expect("the study has a trainer");
    let later = trainer.replace("while [ -e", "while [ \"$1\" -gt 1 ] && [ -e");
    assert_ne!(trainer, later);
    bench.write("train it.sh", &later);
    bench.hold_up();
}

fn causes(run: &Status) -> Vec<Option<Cause>> {
    run.attempts.iter().map(|attempt| attempt.cause).collect()
}

/// What the tasks have said, all together.
fn job_logs(bench: &Bench) -> String {
    let logs = fs::read_dir(bench.layout().job_logs()).into_iter().flatten().flatten();
    logs.map(|log| fs::read_to_string(log.path()).unwrap_or_default()).collect()
}

fn all_are_done_once(bench: &Bench) {
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains(": 37 runs"), "{said}");
    assert!(bench.queue().len() <= 5, "{:?}", bench.queue());
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    bench.finish();
    bench.assert_done(true);
    assert_eq!((bench.records().len(), bench.events("intended"), bench.events("accepted")), (37, 1, 1));
    // The last record of a run comes before the last word of its task.
    let counts = |said: &str| ["8 runs: 8 done", "5 runs: 5 done", "): done"].map(|words| said.matches(words).count());
    wait("every task has said how its runs ended", || counts(&job_logs(bench)) == [4, 1, 37]);
}

#[test]
fn packs_in_turn_do_every_run_once() {
    all_are_done_once(&packs("turn", 9, 2, 8, ONE_MORE));
}

#[test]
fn packs_side_by_side_do_every_run_once() {
    all_are_done_once(&packs("side", 9, 5, 8, &format!("{SIDE_BY_SIDE}{ONE_MORE}")));
}

#[test]
fn the_scripts_ask_for_what_a_pack_needs() {
    let said = packs("ask-turn", 5, 1, 8, "time = '30m'\n").expect(0, &["submit", "--dry-run"]);
    let asked = ["--array=0-2\n", "--time=04:00:00\n", "--cpus-per-task=1\n", "--mem=100M\n", "gpu:1\n"];
    assert!(asked.iter().all(|line| said.contains(line)), "{said}");
    assert!(said.contains("--signal=B:USR2@120\n"), "{said}");
    assert!(said.contains("20 runs in 1 array of 3 tasks: at most 12.0 GPU-hours"), "{said}");
    let side = format!("{SIDE_BY_SIDE}time = '30m'\n");
    let said = packs("ask-side", 5, 1, 8, &side).expect(0, &["submit", "--dry-run"]);
    let asked = ["--array=0-2\n", "--time=00:30:00\n", "--cpus-per-task=8\n", "--mem=800M\n", "gpu:1\n"];
    assert!(asked.iter().all(|line| said.contains(line)), "{said}");
    assert!(said.contains("'--side-by-side'") || said.contains("--side-by-side"), "{said}");
}

#[test]
fn one_that_crashes_takes_nobody_with_it() {
    let bench = packs("crash", 2, 2, 4, "");
    let trainer = bench.path("train it.sh");
    let sound = fs::read_to_string(&trainer).unwrap();
    fs::write(&trainer, format!("[ \"$1.$2\" = 2.0 ] && kill -SEGV $$\n{sound}")).unwrap();
    bench.expect(0, &["submit"]);
    bench.expect(1, &["watch", "--every", "1"]);
    let states: Vec<State> = bench.records().iter().map(|run| run.state).collect();
    assert_eq!((states.len(), states.iter().filter(|state| **state == State::Done).count()), (8, 7), "{states:?}");
    assert!(bench.records().iter().all(|run| run.attempts.len() == 1));
    wait("the task has said so", || job_logs(&bench).contains("4 runs: 3 done, 1 failed"));
    // Mended, it alone is carried out again.
    fs::write(&trainer, sound).unwrap();
    let said = bench.expect(0, &["submit", "--retry", "failed"]);
    assert!(said.contains(": 1 run\n"), "{said}");
    bench.finish();
    bench.assert_done(false);
}

#[test]
fn a_pack_whose_time_is_up_checkpoints_and_comes_back() {
    let bench = packs("pack-limit", 1, 1, 4, "time = '15s'\n");
    hold_up_later(&bench);
    bench.expect(0, &["submit"]);
    let has_left = |run: &Status| causes(run).contains(&Some(Cause::Checkpointed));
    wait("the second run has left", || bench.records().iter().any(has_left));
    bench.let_go();
    let deadline = Instant::now() + Duration::from_mins(5);
    // Between two runs in turn all that have begun are done.
    while bench.records().len() < 4 || bench.records().iter().any(|run| run.state != State::Done) {
        assert!(Instant::now() < deadline, "{:?}\n{:?}", bench.queue(), bench.records());
        come_back(&bench);
        std::thread::sleep(Duration::from_secs(1));
    }
    bench.assert_done(false);
    // The task itself came back, and no run that was done was carried out again.
    assert_eq!(bench.events("intended"), 1);
    let records = bench.records();
    assert!(records.iter().any(|run| run.attempts.len() > 1), "{records:?}");
    for run in &records {
        let causes = causes(run);
        let (last, before) = causes.split_last().unwrap();
        assert_eq!(*last, Some(Cause::Done), "{causes:?}");
        assert!(before.iter().all(|cause| *cause == Some(Cause::Checkpointed)), "{causes:?}");
    }
    let said = job_logs(&bench);
    assert!(said.contains("is done already") && said.contains("asks to go back into the queue"), "{said}");
}

#[test]
fn a_requeued_pack_goes_on_where_it_was() {
    let bench = packs("pack-requeue", 1, 1, 4, "");
    hold_up_later(&bench);
    bench.expect(0, &["submit"]);
    let task = bench.task_in("RUNNING");
    let done = || bench.records().iter().filter(|run| run.state == State::Done).count();
    wait("one is done and the next has begun", || done() == 1 && bench.at_work() == 2);
    bench.slurm("scontrol", &["requeue", &task]);
    soon(&bench.cluster, &task);
    bench.finish();
    bench.assert_done(false);
    let mut attempts: Vec<usize> = bench.records().iter().map(|run| run.attempts.len()).collect();
    attempts.sort_unstable();
    assert_eq!((attempts, bench.events("intended")), (vec![1, 1, 1, 2], 1));
    let interrupted = bench.records().into_iter().find(|run| run.attempts.len() == 2).unwrap();
    assert_eq!(causes(&interrupted), [Some(Cause::Checkpointed), Some(Cause::Done)]);
}

#[test]
fn a_killed_supervisor_costs_its_own_run_an_attempt() {
    let bench = packs("pack-kill", 1, 1, 4, SIDE_BY_SIDE);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    wait("all have begun", || bench.at_work() == 4);
    let victim = bench.records()[1].clone();
    let process = victim.attempts[0].process.to_string();
    assert!(Command::new("kill").args(["-9", &process]).status().unwrap().success());
    bench.finish();
    bench.assert_done(false);
    let again: Vec<RunId> = bench.records().iter().filter(|run| run.attempts.len() > 1).map(|run| run.run).collect();
    assert_eq!(again, [victim.run]);
    let records = bench.records();
    let victim = records.iter().find(|run| run.run == victim.run).unwrap();
    assert_eq!(causes(victim), [Some(Cause::Lost), Some(Cause::Done)]);
    assert!(job_logs(&bench).contains("its supervisor was ended by SIGKILL"));
}

#[test]
fn a_task_with_others_in_it_is_cancelled_only_as_a_whole() {
    let bench = packs("pack-cancel", 1, 1, 4, "");
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    let said = bench.expect(1, &["cancel", "--where", "level=2"]);
    assert!(said.contains("is left alone") && said.contains("0 tasks cancelled"), "{said}");
    assert_eq!((bench.queue().len(), bench.events("cancelled")), (1, 0));
    let said = bench.expect(0, &["cancel", "--where", "level=2", "--whole-tasks"]);
    assert!(said.contains("1 task cancelled"), "{said}");
    wait("the task is gone", || bench.queue().is_empty());
}
