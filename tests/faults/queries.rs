//! The answers of squeue, sacct and scontrol: a query that failed says nothing about any job.

use pretence::{Cluster, Effect, End, Fault, Printed, When};

use crate::bench::{Bench, each};

const AWAY: &str = "slurm_load_jobs error: Unable to contact slurm controller (connect failure)\n";
const SLOW: &str = "slurm_load_jobs error: Socket timed out on send/recv operation\n";
const TOO_MUCH: &str = "slurm_load_jobs error: Rate limit exceeded, please retry momentarily\n";

/// Answers that are none.
fn no_answers() -> Vec<Fault> {
    vec![
        Fault::refuses(AWAY),
        Fault::refuses(SLOW),
        Fault::refuses(TOO_MUCH),
        Fault::refuses(""),
        Fault::refuses("").ending(End::Killed),
        Fault::refuses("").ending(End::Hangs),
        Fault::prints(Printed::Nothing),
        Fault::prints(Printed::CutInLine),
        Fault::prints(Printed::BetweenBanners),
        Fault::prints(Printed::Whole).ending(End::Exit(1)),
    ]
}

/// A sweep that was submitted ten minutes ago, and of which no task has started.
fn waiting() -> Bench {
    let bench = Bench::new(1).impatient(1);
    bench.expect(0, &["submit"]);
    bench.pass(10);
    bench
}

/// A sweep that was submitted ten minutes ago, and of which all tasks run.
fn running() -> Bench {
    let bench = waiting();
    bench.hold_up();
    bench.slurm.work_until(|cluster| cluster.known().all(|(_, task)| task.is_running()));
    bench
}

#[test]
fn a_queue_that_does_not_answer_changes_nothing() {
    each(&no_answers(), |fault| {
        let bench = running();
        bench.slurm.fault("squeue", When::Always, fault.clone());
        let before = bench.ledger();
        let said = bench.expect(69, &["submit"]);
        assert!(said.contains("squeue") && said.contains("hint: the same command goes on"), "{fault:?}\n{said}");
        let said = bench.expect(0, &["status"]);
        assert!(said.contains("warning: how the tasks stand with Slurm is not known"), "{said}");
        for order in [["cancel"].as_slice(), &["hold"], &["release"], &["throttle", "2"]] {
            bench.expect(69, order);
        }
        assert_eq!(bench.ledger(), before);
        assert_eq!((bench.slurm.calls("sbatch"), bench.slurm.calls("scancel")), (1, 0));
        bench.slurm.heal();
        bench.finish();
        bench.assert_once(1);
    });
}

#[test]
fn settings_that_do_not_come_submit_nothing() {
    each(&no_answers(), |fault| {
        // What follows the settings is passed over, whatever it is.
        if fault.printed == Printed::BetweenBanners {
            return;
        }
        let bench = Bench::new(1).impatient(1);
        bench.slurm.fault("scontrol", When::Always, fault.clone());
        let said = bench.expect(69, &["submit"]);
        assert!(said.contains("error: scontrol") || said.contains("answer of scontrol"), "{fault:?}\n{said}");
        assert!(!bench.layout().ledger().exists());
        assert_eq!(bench.slurm.calls("sbatch"), 0);
        bench.slurm.heal();
        bench.finish();
        bench.assert_once(1);
    });
}

/// Accounts that say nothing, whatever they print.
fn silent_accounts() -> Vec<Fault> {
    let mut faults = no_answers();
    // sacct prints its header before it asks, and ends with whatever number the failure had.
    let refused = "sacct: error: slurm_persist_conn_open_without_init: failed to open persistent connection to \
                   host:dbd:6819: Connection refused\nsacct: error: Sending PersistInit msg: Connection refused\n\
                   sacct: error: Problem talking to the database: Connection refused\n";
    faults.push(Fault { said: refused.to_owned(), ..Fault::prints(Printed::CutBehind(1)) });
    faults
}

#[test]
fn accounts_that_do_not_answer_kill_nobody() {
    each(&silent_accounts(), |fault| {
        let bench = waiting();
        let lose_sight = |lost: bool| {
            bench.slurm.change(|cluster| cluster.tasks_mut().for_each(|task| task.forgotten = lost));
        };
        lose_sight(true);
        bench.slurm.fault("sacct", When::Always, fault.clone());
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("nothing to submit"), "{fault:?}\n{said}");
        let said = bench.expect(0, &["status"]);
        assert!(said.contains("the accounts do not answer"), "{fault:?}\n{said}");
        assert_eq!((bench.slurm.calls("sbatch"), bench.events("intended")), (1, 1));
        bench.slurm.heal();
        // They contradict the queue, and so nobody is dead.
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("nothing to submit"), "{fault:?}\n{said}");
        lose_sight(false);
        bench.finish();
        bench.assert_once(1);
    });
}

#[test]
fn what_neither_queue_nor_silent_accounts_show_is_not_given_up() {
    each(&silent_accounts(), |fault| {
        let bench = Bench::new(1).impatient(1);
        bench.slurm.fault("sbatch", When::Nth(1), Fault::loses_the_reply("").ending(End::CallerKilled));
        bench.command(&["submit"]).output().unwrap();
        bench.slurm.work();
        bench.slurm.forget_ended();
        bench.pass(10);
        bench.slurm.fault("sacct", When::Always, fault.clone());
        let said = bench.expect(69, &["submit"]);
        assert!(said.contains("sacct"), "{fault:?}\n{said}");
        bench.expect(69, &["reconcile", "--abandon"]);
        assert_eq!((bench.slurm.calls("sbatch"), bench.events("given-up")), (1, 0));
        bench.slurm.heal();
        bench.expect(0, &["submit"]);
        bench.assert_once(1);
    });
}

#[test]
fn accounts_that_are_silent_do_not_matter_where_all_is_known() {
    let bench = Bench::new(1);
    bench.slurm.fault("sbatch", When::Nth(1), Fault { effect: Effect::Undone, ..Fault::refuses("") });
    bench.expect(75, &["submit"]);
    bench.expect(0, &["reconcile", "--abandon"]);
    bench.slurm.fault("sacct", When::Always, Fault::refuses(SLOW));
    // For a day it is looked for, and the queue is enough to find it.
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_once(1);
}

/// An answer that ends with a whole line does not show that it was cut. What it leaves out, the other command tells.
#[test]
fn rows_that_are_missing_are_looked_for_elsewhere() {
    each(&[("squeue", true), ("sacct", true), ("squeue", false)], |(command, accounting)| {
        let bench = waiting();
        bench.slurm.change(|cluster| cluster.accounting = *accounting);
        let times = if *accounting { When::Always } else { When::Nth(1) };
        bench.slurm.fault(command, times, Fault::prints(Printed::CutBehind(1)));
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("nothing to submit"), "{command} {accounting}\n{said}");
        assert_eq!(bench.slurm.calls("sbatch"), 1);
        bench.slurm.heal();
        bench.finish();
        bench.assert_once(1);
    });
}

#[test]
fn accounts_that_lag_behind_are_waited_for() {
    let bench = Bench::new(1);
    bench.slurm.change(|cluster| cluster.lagging = Some(Vec::new()));
    bench.expect(0, &["submit"]);
    // It ended, but left its runs undone, and was forgotten before the accounts heard of it.
    bench.slurm.change(|cluster: &mut Cluster| {
        for task in cluster.tasks_mut() {
            (task.now.started, task.forgotten) = (Some(task.now.submitted), true);
            task.end("NODE_FAIL", (0, 9), task.now.submitted);
        }
    });
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit") && said.contains("4 runs in the queue"), "{said}");
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("the accounts do not tell yet"), "{said}");
    bench.slurm.change(|cluster| cluster.lagging = None);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("4 runs"), "{said}");
    bench.finish();
    bench.assert_once(2);
}

#[test]
fn without_accounts_a_sweep_is_done_all_the_same() {
    let bench = Bench::new(2);
    bench.slurm.change(|cluster| cluster.accounting = false);
    bench.slurm.fault("sbatch", When::Nth(1), Fault::loses_the_reply(SLOW));
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("it was adopted"), "{said}");
    bench.finish();
    bench.slurm.forget_ended();
    bench.expect(0, &["submit"]);
    bench.assert_once(1);
}

#[test]
fn a_number_that_another_job_had_before_means_nothing() {
    let bench = Bench::new(1);
    bench.slurm.change(|cluster| {
        let script = "#!/bin/sh\n#SBATCH --job-name=faults-old\n#SBATCH --array=0-3\n#SBATCH --chdir=/\ntrue\n";
        for (user, name) in [("somebody-else", "theirs"), ("", "faults-of-long-ago")] {
            let number = cluster.next;
            pretence::commands::accept(cluster, script).unwrap();
            cluster.next = number;
            let mine = cluster.user.clone();
            let job = cluster.jobs.last_mut().unwrap();
            name.clone_into(&mut job.name);
            job.user = if user.is_empty() { mine } else { user.to_owned() };
            for task in &mut job.tasks {
                (task.now.started, task.forgotten) = (Some(0), true);
                task.end("FAILED", (1, 0), task.now.submitted);
            }
        }
    });
    bench.expect(0, &["submit"]);
    bench.slurm.work_until(|cluster| cluster.known().any(|(_, task)| task.is_over()));
    bench.slurm.forget_ended();
    bench.pass(10);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    bench.finish();
    bench.assert_done(true);
    assert_eq!(bench.slurm.calls("sbatch"), 1);
}

#[test]
fn clocks_that_differ_by_minutes_do_not_matter() {
    each(&[-240, 240, 3600 * 9], |skew| {
        let bench = Bench::new(1);
        bench.slurm.change(|cluster| cluster.skew = *skew);
        bench.slurm.fault("sbatch", When::Nth(1), Fault::loses_the_reply("").ending(End::CallerKilled));
        bench.command(&["submit"]).output().unwrap();
        bench.slurm.work();
        bench.slurm.forget_ended();
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("it was adopted"), "{said}");
        bench.finish();
        bench.assert_once(1);
    });
}

#[test]
fn how_a_sweep_stands_takes_one_look_at_the_queue_and_one_at_the_accounts() {
    let bench = Bench::new(1);
    bench.expect(0, &["submit"]);
    bench.slurm.change(|cluster: &mut Cluster| {
        for task in cluster.tasks_mut() {
            (task.now.started, task.forgotten) = (Some(task.now.submitted), true);
            task.end("NODE_FAIL", (0, 9), task.now.submitted);
        }
    });
    let calls = |command| bench.slurm.calls(command);
    let (queue, accounts) = (calls("squeue"), calls("sacct"));
    bench.expect(0, &["status"]);
    assert_eq!((calls("squeue") - queue, calls("sacct") - accounts), (1, 1));
}
