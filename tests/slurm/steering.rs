//! Told to wait, to go on and to end, tasks do so, and the sweep knows.

use crate::bench::{Bench, shared, wait};

#[test]
fn tasks_are_held_released_and_throttled() {
    let bench = Bench::new(shared(), "steer", 10, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    let said = bench.expect(0, &["hold"]);
    assert!(said.contains("held"), "{said}");
    let status = bench.expect(0, &["status"]);
    assert!(status.contains("held"), "{status}");
    bench.expect(0, &["throttle", "2"]);
    bench.expect(0, &["release"]);
    wait("the bound keeps the rest back", || bench.queue().iter().any(|line| line.contains("JobArrayTaskLimit")));
    bench.expect(0, &["throttle", "0"]);
    wait("no bound is left", || !bench.queue().iter().any(|line| line.contains("JobArrayTaskLimit")));
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn what_is_cancelled_stays_cancelled_until_it_is_submitted_again() {
    let bench = Bench::new(shared(), "cancel", 5, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    let said = bench.expect(0, &["cancel", "--where", "level=2,4"]);
    assert!(said.contains("10 tasks cancelled"), "{said}");
    // A run that is let go before it hears that it was cancelled would be done.
    wait("the cancelled tasks have gone", || bench.queue().len() == 10);
    bench.let_go();
    bench.expect(1, &["watch", "--every", "1"]);
    let done = bench.records().iter().filter(|run| run.state.name() == "done").count();
    assert_eq!(done, 10);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("10 runs"), "{said}");
    bench.finish();
    bench.assert_done(false);
}

#[test]
fn what_has_left_before_it_was_told_stays_cancelled_too() {
    let bench = Bench::new(shared(), "ahead", 1, 1);
    // Each trainer cancels its own task, and leaves at once with what it can go on from, as one that was told.
    let own = "\"${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\"";
    bench.write("train it.sh", &format!("trap 'exit 75' TERM\necho 1 > progress\nscancel {own}\nexit 75\n"));
    bench.expect(0, &["submit"]);
    wait("all have left", || bench.records().iter().filter(|run| run.state.name() == "interrupted").count() == 4);
    wait("nothing is left in the queue", || bench.queue().is_empty());
    // What Slurm put back into the queue it would show now.
    bench.expect(0, &["status"]);
    assert!(bench.queue().is_empty(), "{:?}", bench.queue());
    assert!(bench.records().iter().all(|run| run.attempts.len() == 1));
}
