//! What becomes of tasks: words that nobody knows, ends behind ends, people.

use pretence::{Incarnation, Task, Version};
use spec::status::Cause;

use crate::bench::{Bench, each};

/// A sweep of which four tasks run; all of it was submitted ten minutes ago.
fn running(more: &str) -> Bench {
    let bench = Bench::with(Version(23, 11), 1, 0, more);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.slurm.work_until(|cluster| cluster.known().filter(|(_, task)| task.is_running()).count() == 4);
    bench.slurm.work_until(|_| bench.records().len() == 4);
    bench.pass(10);
    bench
}

#[test]
fn a_word_that_nobody_knows_is_no_end() {
    each(&["DREAMING", "RUNNING+PONDERING", "SUSPENDED", "REQUEUE_HOLD", "COMPLETING", "EXPEDITING"], |word| {
        let bench = running("");
        bench.slurm.change(|cluster| cluster.tasks_mut().for_each(|task| task.queue_word = Some((*word).to_owned())));
        let said = bench.expect(0, &["submit"]);
        assert!(said.contains("nothing to submit"), "{word}\n{said}");
        bench.slurm.change(|cluster| cluster.tasks_mut().for_each(|task| task.queue_word = None));
        bench.finish();
        bench.assert_once(1);
    });
}

#[test]
fn what_somebody_else_cancelled_stays_cancelled_until_a_person_asks() {
    let bench = running("");
    let number = bench.last();
    bench.slurm.strike(number, 1, "CANCELLED by 4242", false);
    bench.let_go();
    bench.slurm.work();
    // The queue does not say who; the accounts are asked as long as it shows the task, and after.
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("cancelled by user 4242"), "{said}");
    bench.slurm.forget_ended();
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("cancelled by user 4242"), "{said}");
    bench.expect(1, &["watch", "--every", "1"]);
    bench.expect(1, &["watch", "--every", "1"]);
    assert_eq!(bench.jobs(), 1);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("1 run"), "{said}");
    bench.finish();
    bench.assert_done(false);
    assert_eq!(bench.jobs(), 2);
}

/// Lets the task at `index` end as `state`, in a way that leaves its run undone, with a step that ended as `step`.
fn end(bench: &Bench, index: u32, state: &str, step: Option<&str>) {
    let number = bench.last();
    bench.slurm.strike(number, index, state, false);
    bench.let_go();
    bench.slurm.work();
    bench.slurm.change(|cluster| {
        let task = cluster.task_mut(number, index).unwrap();
        if let Some(step) = step {
            task.now.steps = vec![("batch".to_owned(), step.to_owned()), ("extern".to_owned(), "COMPLETED".to_owned())];
        }
    });
    bench.slurm.forget_ended();
}

#[test]
fn memory_that_ran_out_in_a_step_alone_is_asked_for_again_and_more_of_it() {
    each(
        &[("FAILED", Some("OUT_OF_MEMORY")), ("COMPLETED", Some("OUT_OF_MEMORY")), ("OUT_OF_MEMORY", None)],
        |(state, step)| {
            let bench = running("[retry]\nout-of-memory = 1\nnode-failure = 0\nerror = 0\n");
            end(&bench, 2, state, *step);
            let said = bench.expect(0, &["status"]);
            assert!(said.contains("out of memory"), "{said}");
            bench.finish();
            bench.assert_done(false);
            assert_eq!(bench.jobs(), 2);
        },
    );
}

#[test]
fn a_node_that_failed_is_told_from_a_program_that_did() {
    each(&[("NODE_FAIL", None), ("BOOT_FAIL", None), ("FAILED", Some("NODE_FAIL"))], |(state, step)| {
        let bench = running("[retry]\nnode-failure = 1\nerror = 0\nout-of-memory = 0\n");
        end(&bench, 0, state, *step);
        bench.finish();
        bench.assert_done(false);
        assert_eq!(bench.jobs(), 2);
    });
}

#[test]
fn a_task_that_was_preempted_and_came_back_is_not_dead() {
    let bench = running("");
    let number = bench.last();
    bench.slurm.strike(number, 3, "PREEMPTED", true);
    let waits = |task: &Task| !task.past.is_empty() && task.is_pending();
    bench.slurm.change(|cluster| cluster.task_mut(number, 3).unwrap().held = true);
    bench.slurm.work_until(|cluster| cluster.known().any(|(_, task)| waits(task)));
    // The accounts show the end of its first start, the queue that it waits for its second.
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    bench.slurm.change(|cluster| cluster.task_mut(number, 3).unwrap().held = false);
    bench.let_go();
    bench.slurm.work();
    bench.slurm.forget_ended();
    bench.expect(0, &["submit"]);
    bench.assert_done(false);
    assert_eq!(bench.jobs(), 1);
    let lost = bench.records().iter().filter(|run| run.attempts[0].cause == Some(Cause::Lost)).count();
    assert_eq!(lost, 1);
}

#[test]
fn the_last_start_of_a_task_is_the_one_that_counts() {
    let bench = running("[retry]\npreemption = 0\nnode-failure = 0\nerror = 0\n");
    let number = bench.last();
    bench.slurm.strike(number, 0, "NODE_FAIL", false);
    bench.let_go();
    bench.slurm.work();
    bench.slurm.change(|cluster| {
        let task = cluster.task_mut(number, 0).unwrap();
        let earlier = Incarnation { state: "PREEMPTED".to_owned(), ..task.now.clone() };
        "CANCELLED by 0".clone_into(&mut task.now.state);
        task.past.push(earlier);
    });
    bench.slurm.forget_ended();
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("cancelled by user 0") && !said.contains("preempted"), "{said}");
}

#[test]
fn what_slurm_has_forgotten_is_done_again_and_what_is_done_is_not() {
    let bench = running("");
    bench.slurm.change(|cluster| cluster.accounting = false);
    let number = bench.last();
    bench.slurm.strike(number, 1, "NODE_FAIL", false);
    bench.let_go();
    bench.slurm.work();
    bench.slurm.forget_ended();
    let said = bench.expect(0, &["status"]);
    assert!(said.contains("Slurm no longer knows it"), "{said}");
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("1 run"), "{said}");
    bench.finish();
    bench.assert_done(false);
    assert_eq!(bench.jobs(), 2);
}
