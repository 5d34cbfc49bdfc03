//! Orders to tasks: lost, refused, carried out after all.

use pretence::{End, Fault, When};

use crate::bench::{Bench, each};

#[test]
fn an_order_that_failed_is_said_and_can_be_given_again() {
    let slow = "scancel: error: Kill job error on job id 4711: Socket timed out on send/recv operation\n";
    let cases = [
        Fault::refuses(slow),
        Fault::loses_the_reply(slow),
        Fault::refuses("").ending(End::Killed),
        Fault::refuses("").ending(End::Hangs),
    ];
    each(&cases, |fault| {
        let bench = Bench::new(1).impatient(1);
        bench.expect(0, &["submit"]);
        bench.slurm.fault("scancel", When::Nth(1), fault.clone());
        let said = bench.expect(69, &["cancel", "--where", "level=2"]);
        assert!(said.contains("scancel did not do as told"), "{said}");
        bench.expect(0, &["cancel", "--where", "level=2"]);
        bench.slurm.work();
        bench.expect(1, &["watch", "--every", "1"]);
        let done = bench.records().iter().filter(|run| run.state.is_terminal()).count();
        assert_eq!((done, bench.jobs()), (3, 1));
        bench.expect(0, &["submit"]);
        bench.finish();
        bench.assert_once(2);
    });
}

#[test]
fn a_cancellation_that_never_came_cancels_nothing() {
    let bench = Bench::new(1);
    bench.expect(0, &["submit"]);
    bench.slurm.fault("scancel", When::Always, Fault::refuses("scancel: error: Unable to contact slurm controller\n"));
    bench.expect(69, &["cancel"]);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    bench.finish();
    bench.assert_once(1);
}

#[test]
fn tasks_are_held_and_released_whatever_is_lost() {
    let bench = Bench::new(1);
    bench.expect(0, &["submit"]);
    bench.slurm.fault("scontrol", When::Nth(1), Fault::loses_the_reply("Socket timed out on send/recv operation\n"));
    bench.expect(69, &["hold", "--where", "level=1"]);
    let said = bench.expect(0, &["hold"]);
    assert!(said.contains("3 tasks held"), "{said}");
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("held"), "{said}");
    let said = bench.expect(0, &["release"]);
    assert!(said.contains("4 tasks released"), "{said}");
    bench.expect(0, &["throttle", "2"]);
    bench.finish();
    bench.assert_once(1);
}

#[test]
fn what_the_sweep_no_longer_has_is_named_and_can_be_cancelled_alone() {
    let bench = Bench::new(2);
    bench.expect(0, &["submit"]);
    let fewer = ["submit", "--set", "sweep.seeds=1"];
    let named = "4 tasks with Slurm still carry out what the sweep no longer has: `seedbed cancel --dropped` ends that";
    let said = bench.expect(0, &fewer);
    assert!(said.contains(named) && said.contains("4 runs in the queue or running already"), "{said}");
    for command in ["status", "reconcile"] {
        let said = bench.expect(0, &[command]);
        assert!(said.contains(named), "{said}");
    }
    assert_eq!(bench.expect(0, &["cancel", "--dropped"]), "4 tasks cancelled\n");
    assert_eq!(bench.expect(0, &["cancel", "--dropped"]), "0 tasks cancelled\n");
    assert_eq!(bench.expect(0, &["reconcile"]), "4 ended tasks written down\n");
    assert_eq!(bench.expect(0, &["reconcile"]), "every submission has its answer\n");
    let said = bench.expect(0, &fewer);
    assert!(!said.contains("no longer has"), "{said}");
    bench.slurm.work();
    bench.assert_done(true);
}

#[test]
fn a_dry_run_counts_only_what_would_be_submitted_now() {
    let bench = Bench::new(1);
    let dry = ["submit", "--dry-run"];
    assert!(bench.expect(0, &dry).contains("4 runs in 1 array"));
    bench.expect(0, &["submit", "--where", "level=2"]);
    let said = bench.expect(0, &dry);
    assert!(said.contains("3 runs in 1 array") && said.contains("1 run in the queue or running already"), "{said}");
    bench.slurm.fault(
        "squeue",
        When::Always,
        Fault::refuses("slurm_load_jobs error: Unable to contact slurm controller\n"),
    );
    let said = bench.expect(0, &dry);
    assert!(
        said.contains("4 runs in 1 array") && said.contains("what is on its way already is counted, too"),
        "{said}"
    );
}

#[test]
fn what_no_node_has_is_said_before_it_waits_for_ever() {
    let bench = Bench::new(1);
    let said = bench.expect(0, &["submit", "--dry-run", "--set", "resources.cpus=4000"]);
    assert!(said.contains("no node of the default partition has all that a task asks for: 4000 processors"), "{said}");
    let said = bench.expect(0, &["submit", "--dry-run"]);
    assert!(!said.contains("warning"), "{said}");
}
