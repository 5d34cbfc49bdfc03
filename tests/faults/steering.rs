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
