//! The launcher is killed at any moment, again and again: every run is done once all the same.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::process::{Child, Stdio};
use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::bench::{Bench, shared, wait};

/// Starts `seedbed` with these arguments and kills it after at most `most` milliseconds.
fn start_and_kill(bench: &Bench, arguments: &[&str], random: &mut ChaCha8Rng, most: u64) {
    let mut command = bench.command(arguments);
    let mut child: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(random.next_u64() % most));
    // It may have ended by itself, which is as good.
    let _ = child.kill();
    child.wait().unwrap();
}

#[test]
fn a_launcher_killed_at_random_moments_submits_every_run_once() {
    let bench = Bench::new(shared(), "hunted", 10, 2);
    let mut random = ChaCha8Rng::from_seed(*b"a launcher is killed, once again");
    for conditions in [["--where", "level=1"], ["--where", "level=2"], ["--where", "level=3,4"]] {
        for _ in 0..8 {
            start_and_kill(&bench, &[&["submit"][..], &conditions[..]].concat(), &mut random, 250);
        }
    }
    bench.settle();
    for _ in 0..5 {
        start_and_kill(&bench, &["watch", "--every", "1"], &mut random, 2000);
    }
    bench.settle();
    bench.finish();
    bench.assert_done(true);
    bench.assert_accounted();
}

#[test]
fn orders_that_were_cut_off_are_given_again() {
    let bench = Bench::new(shared(), "orders", 5, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    let mut random = ChaCha8Rng::from_seed(*b"cancel is killed in the middle..");
    for _ in 0..6 {
        start_and_kill(&bench, &["cancel", "--where", "level=1,2"], &mut random, 200);
    }
    bench.expect(0, &["cancel", "--where", "level=1,2"]);
    wait("the cancelled tasks have gone", || bench.queue().len() == 10);
    bench.let_go();
    bench.expect(1, &["watch", "--every", "1"]);
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(false);
    bench.assert_accounted();
}
