//! The controller is away or silent in the middle of what it is asked.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use cluster::{Cluster, Options};

use crate::bench::{Bench, wait};

fn bench(name: &'static str, seeds: u32, tenths: u32) -> Bench {
    let cluster = Cluster::start(Options { nodes: 2, ..Options::default() }).expect("a cluster can be started");
    Bench::new(Arc::new(cluster), name, seeds, tenths)
}

/// Carries out a command of which the controller hears nothing for `seconds` from the moment that `program` is started.
fn while_silent(bench: &Bench, arguments: &[&str], program: &str, seconds: u64) -> (Option<i32>, String) {
    let started = bench.path("started");
    let script = format!("touch '{}'; sleep 1; exec \"$REAL\" \"$@\"", started.display());
    let mut command = bench.through(program, &script, arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait(&format!("{program} is called"), || {
        let ended = child.try_wait().unwrap();
        assert!(started.exists() || ended.is_none(), "{arguments:?} has not called {program}");
        started.exists()
    });
    bench.cluster.pause_controller();
    std::thread::sleep(Duration::from_secs(seconds));
    bench.cluster.resume_controller();
    let output = child.wait_with_output().unwrap();
    fs::remove_file(started).unwrap();
    (output.status.code(), e2e::programs::transcript(&output))
}

#[test]
fn a_controller_that_falls_silent_during_sbatch_gets_the_job_once() {
    let bench = bench("silent", 5, 3);
    // Longer than MessageTimeout: sbatch gives up, and the controller accepts what it finds when it wakes.
    let (code, said) = while_silent(&bench, &["submit"], "sbatch", 12);
    assert!(matches!(code, Some(0 | 75)), "{said}");
    bench.settle();
    bench.finish();
    bench.assert_done(true);
    bench.assert_accounted();
}

#[test]
fn a_controller_that_is_restarted_during_sbatch_gets_the_job_once() {
    let bench = bench("restarted", 5, 3);
    let cluster = Arc::clone(&bench.cluster);
    let script = "\"$REAL\" \"$@\" & sleep 0.05; wait $!";
    // Nothing starts before the nodes have reported: a controller that has just come back gives out GPUs that it does
    // not know, and reads from its file which partitions are up.
    let file = cluster.configuration();
    let text = fs::read_to_string(&file).unwrap();
    let down = text.replace(
        "PartitionName=low Nodes=ALL Default=YES PriorityTier=1 State=UP",
        "PartitionName=low Nodes=ALL Default=YES State=DOWN",
    );
    assert_ne!(text, down);
    fs::write(&file, down).unwrap();
    bench.slurm("scontrol", &["update", "PartitionName=low", "State=DOWN"]);
    for where_ in ["level=1", "level=2", "level=3"] {
        let mut command = bench.through("sbatch", script, &["submit", "--where", where_]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(80));
        cluster.stop_controller().unwrap();
        std::thread::sleep(Duration::from_secs(1));
        cluster.start_controller().unwrap();
        let code = child.wait().unwrap().code();
        // Not reached at all, submitted, or not known yet.
        assert!(matches!(code, Some(0 | 69 | 75)), "{code:?}");
    }
    cluster.nodes_report().unwrap();
    bench.slurm("scontrol", &["update", "PartitionName=low", "State=UP"]);
    bench.settle();
    bench.finish();
    bench.assert_done(true);
    bench.assert_accounted();
}

#[test]
fn a_controller_that_falls_silent_during_squeue_changes_nothing() {
    let bench = bench("squeue", 3, 1);
    // Of a sweep that is done Slurm is not asked at all.
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    let before = bench.ledger();
    for command in [&["status"][..], &["submit"], &["cancel", "--where", "level=1"]] {
        let (code, said) = while_silent(&bench, command, "squeue", 12);
        assert!(matches!(code, Some(0 | 69)), "{said}");
    }
    let after = bench.ledger();
    assert!(after.starts_with(&before));
    assert_eq!(bench.events("intended"), 1);
    // Whether the order was heard or not.
    bench.expect(0, &["cancel", "--where", "level=1"]);
    wait("the cancelled tasks have gone", || bench.queue().len() == 9);
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(false);
    bench.assert_accounted();
}
