//! What ended a task decides whether its run is started again, and with what.

use std::fs;

use e2e::programs::{ends, seedbed};
use e2e::study;
use spec::RunId;
use spec::status::{Attempt, Cause, Status};

use crate::bench::{Bench, shared, wait};

/// Level 1 is out of memory once and level 2 always; 3 fails until somebody has put it right; 4 works until it is told
/// to leave, which what it waits for may hear first.
const EACH_ITS_OWN_END: &str = r"
case $1 in
1) test -e begun || { touch begun; echo MemoryError; exit 1; } ;;
2) echo MemoryError; exit 1 ;;
3) test -e ../../../../mended || { echo 'it is wrong'; exit 3; } ;;
4) sleep 300 & trap 'kill $!; exit 143' TERM; wait $!; exit 143 ;;
esac
printf 'metric,value\nloss,%s.%s\n' $1 $2 > results.csv
";

/// Level 1 hears nothing and writes nothing at first; a second attempt comes to an end.
const STUCK: &str = r"
trap '' TERM USR2
test $1 -gt 1 || test $(ls log | wc -l) -gt 1 || exec sleep 600
printf 'metric,value\nloss,%s.%s\n' $1 $2 > results.csv
";

/// The task that an attempt was.
fn task(attempt: &Attempt) -> &str {
    let task = attempt.node.as_ref().and_then(|node| node.task.as_ref());
    &task.expect("an attempt on the cluster knows its task").job
}

fn bench(name: &'static str, trainer: &str, more: &str) -> Bench {
    let bench = Bench::with(shared(), name, 1, 0, more);
    fs::write(bench.path("train it.sh"), trainer).expect("the study's folder can be written");
    bench
}

/// The run with this level.
fn run(bench: &Bench, level: usize) -> RunId {
    study::plan(&bench.layout()).runs[level - 1].id
}

fn record(bench: &Bench, level: usize) -> Status {
    study::status(&bench.layout().run(run(bench, level)))
}

/// What the attempts of a run ended with.
fn causes(bench: &Bench, level: usize) -> Vec<Option<Cause>> {
    record(bench, level).attempts.iter().map(|attempt| attempt.cause).collect()
}

/// What Slurm was asked for by each attempt of a run, as `sacct` words it.
fn asked(bench: &Bench, level: usize, field: &str) -> Vec<String> {
    let ask = |attempt: &Attempt| {
        let mut answer = String::new();
        // The controller tells the accounts in its own time.
        wait("the accounts know the task", || {
            answer = bench.slurm("sacct", &["-X", "-n", "-P", "-j", task(attempt), "--format", field]);
            !answer.trim().is_empty()
        });
        answer.trim().to_owned()
    };
    record(bench, level).attempts.iter().map(ask).collect()
}

/// How often the ledger tells that a task of this run was seen to be over.
fn ends_of(bench: &Bench, level: usize) -> usize {
    let own = format!("{{\"observed\":{{\"run\":\"{}\"", run(bench, level));
    bench.ledger().matches(&own).count()
}

fn explain(bench: &Bench, level: usize) -> String {
    let mut command = seedbed();
    command.args(["explain", &run(bench, level).to_string(), "--sweep"]).arg(bench.layout().directory());
    command.envs(bench.cluster.environment());
    ends(0, command)
}

#[test]
fn each_end_has_its_own_consequence() {
    let bench = bench("ends", EACH_ITS_OWN_END, "[retry]\nout-of-memory = 2\n");
    bench.expect(0, &["submit"]);
    wait("the run that waits has begun", || bench.layout().run(run(&bench, 4)).status().exists());
    let waiting = record(&bench, 4);
    let job = task(&waiting.attempts[0]);
    bench.slurm("scancel", &[job]);
    wait("the accounts know who cancelled the task", || {
        bench.slurm("sacct", &["-X", "-n", "-P", "-j", job, "--format", "State"]).contains("CANCELLED by 0")
    });
    let said = bench.expect(1, &["watch", "--every", "1"]);
    assert!(said.contains("3 given up"), "{said}");

    let memory = Some(Cause::OutOfMemory);
    assert_eq!(causes(&bench, 1), [memory, Some(Cause::Done)]);
    assert_eq!(asked(&bench, 1, "ReqMem"), ["100M", "150M"]);
    assert_eq!(causes(&bench, 2), [memory; 3]);
    assert_eq!(asked(&bench, 2, "ReqMem"), ["100M", "150M", "225M"]);
    assert_eq!(causes(&bench, 3), [Some(Cause::ProgramError)]);
    assert_eq!(record(&bench, 4).attempts.len(), 1);
    let story = explain(&bench, 4);
    assert!(story.contains("user 0 cancelled it"), "{story}");

    // However often it is looked at, an end is written down once.
    bench.expect(1, &["watch", "--every", "1"]);
    bench.expect(0, &["status"]);
    assert_eq!([1, 2, 3, 4].map(|level| ends_of(&bench, level)), [1, 3, 1, 1], "{}", bench.ledger());

    fs::write(bench.path("mended"), "").expect("the study's folder can be written");
    let said = bench.expect(0, &["retry", "--cause", "program-error", "--memory", "x2"]);
    assert!(said.contains("1 run"), "{said}");
    bench.expect(1, &["watch", "--every", "1"]);
    assert_eq!(causes(&bench, 3), [Some(Cause::ProgramError), Some(Cause::Done)]);
    assert_eq!(asked(&bench, 3, "ReqMem"), ["100M", "200M"]);
    assert_eq!([1, 2, 4].map(|level| record(&bench, level).attempts.len()), [2, 3, 1]);
    assert_eq!([1, 2, 3, 4].map(|level| ends_of(&bench, level)), [1, 3, 1, 1], "{}", bench.ledger());
}

#[test]
fn time_that_was_up_for_nothing_is_given_more() {
    let bench = bench("stuck", STUCK, "time = '1m'\n");
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(false);
    assert_eq!(record(&bench, 1).attempts.len(), 2);
    assert_eq!(asked(&bench, 1, "TimelimitRaw"), ["1", "2"]);
    let story = explain(&bench, 1);
    assert!(story.contains("its time was up and it had come no further"), "{story}");
    assert_eq!([1, 2, 3, 4].map(|level| ends_of(&bench, level)), [1, 0, 0, 0], "{}", bench.ledger());
}
