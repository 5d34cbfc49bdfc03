//! What Slurm, its nodes and other people do behind our back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cluster::{Cluster, Options};
use spec::status::{Cause, State};

use crate::bench::{Bench, shared, wait};

#[test]
fn a_controller_that_is_away_changes_nothing() {
    let cluster = Arc::new(Cluster::start(Options::default()).expect("a cluster can be started"));
    let bench = Bench::new(Arc::clone(&cluster), "away", 4, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    wait("all sixteen have begun", || bench.at_work() == 16);
    cluster.stop_controller().unwrap();
    let before = bench.ledger();
    let status = bench.expect(0, &["status"]);
    assert!(status.contains("is not known"), "{status}");
    let said = bench.expect(69, &["submit"]);
    assert!(said.contains("hint:"), "{said}");
    assert_eq!(bench.ledger(), before);
    // The tasks end while nobody hears of it.
    bench.let_go();
    wait("all runs are done", || bench.records().iter().all(|run| run.state == State::Done));
    cluster.start_controller().unwrap();
    bench.finish();
    bench.assert_done(true);
    bench.assert_accounted();
    assert_eq!(bench.events("accepted"), 1, "{}", bench.ledger());
}

#[test]
fn accounts_that_are_away_kill_nothing() {
    let cluster = Arc::new(Cluster::start(Options::default()).expect("a cluster can be started"));
    let bench = Bench::new(Arc::clone(&cluster), "books", 4, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    cluster.stop_database().unwrap();
    bench.expect(0, &["status"]);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    bench.finish();
    bench.assert_done(true);
    assert_eq!(bench.events("accepted"), 1);
    cluster.start_database().unwrap();
}

#[test]
fn a_requeue_behind_our_back_is_an_attempt_more() {
    let bench = Bench::new(shared(), "requeue", 1, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    let task = bench.task_in("RUNNING");
    bench.has_begun(&task);
    bench.slurm("scontrol", &["requeue", &task]);
    soon(&bench.cluster, &task);
    bench.finish();
    bench.assert_done(false);
    let attempts: usize = bench.records().iter().map(|run| run.attempts.len()).sum();
    assert_eq!(attempts, 5);
    assert_eq!(bench.events("intended"), 1);
}

#[test]
fn a_job_whose_time_is_up_checkpoints_and_comes_back() {
    let bench = Bench::with(shared(), "limit", 1, 1, "time = '1m'\n");
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    wait("a run has checkpointed", || {
        let checkpointed =
            |run: &spec::status::Status| run.attempts.iter().any(|attempt| attempt.cause == Some(Cause::Checkpointed));
        bench.records().iter().any(checkpointed)
    });
    bench.let_go();
    come_back(&bench);
    bench.assert_done(false);
    // The job itself came back: nobody submitted it again.
    assert_eq!(bench.events("intended"), 1);
}

#[test]
fn a_preempted_run_goes_on_where_it_was() {
    let cluster =
        Arc::new(Cluster::start(Options { nodes: 1, ..Options::default() }).expect("a cluster can be started"));
    let bench = Bench::new(cluster, "preempted", 1, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    wait("all four run", || bench.queue().iter().filter(|line| line.contains("RUNNING")).count() == 4);
    wait("all four have begun", || bench.at_work() == 4);
    let script = "--wrap=sleep 3";
    bench.slurm("sbatch", &["--partition=high", "--gres=gpu:4", "--mem=100M", "--output=/dev/null", script]);
    wait("somebody was preempted", || {
        bench.records().iter().any(|run| run.attempts.iter().any(|attempt| attempt.cause.is_some()))
    });
    bench.let_go();
    come_back(&bench);
    bench.assert_done(false);
    let causes: Vec<Cause> =
        bench.records().iter().flat_map(|run| &run.attempts[..1]).filter_map(|attempt| attempt.cause).collect();
    assert!(causes.contains(&Cause::Checkpointed), "{causes:?}");
    assert_eq!(bench.events("intended"), 1);
}

/// Waits until every run has ended, and lets what is requeued start at once.
pub(crate) fn come_back(bench: &Bench) {
    let deadline = Instant::now() + Duration::from_mins(4);
    while bench.records().iter().any(|run| !run.state.is_terminal()) {
        assert!(Instant::now() < deadline, "{:?}\n{:?}\n{}", bench.queue(), bench.records(), bench.said_by_jobs());
        let waiting: Vec<String> = bench.queue().into_iter().filter(|line| line.contains("BeginTime")).collect();
        // A node refuses a task that starts in the second in which it was taken from it, and Slurm then fails the task.
        // That is why it keeps a task back, which is only shortened here.
        std::thread::sleep(Duration::from_secs(if waiting.is_empty() { 0 } else { 3 }));
        for line in &waiting {
            let job = format!("JobId={}", line.split(' ').next().unwrap_or_default());
            // A task that has started meanwhile is no failure.
            let _ = bench.cluster.command("scontrol").args(["update", &job, "StartTime=now"]).output();
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Lets a requeued task start at once when it has left: Slurm keeps it back for two minutes.
pub(crate) fn soon(cluster: &Cluster, task: &str) {
    wait("the task has left and is kept back", || {
        let output = cluster.command("squeue").args(["-h", "-j", task, "-o", "%r"]).output();
        output.is_ok_and(|output| output.stdout == b"BeginTime\n")
    });
    // As in `come_back`: not in the second in which it was taken from its node.
    std::thread::sleep(Duration::from_secs(3));
    let job = format!("JobId={task}");
    wait("the task can be told to start", || {
        let output = cluster.command("scontrol").args(["update", &job, "StartTime=now"]).output();
        output.is_ok_and(|output| output.status.success())
    });
}

#[test]
fn a_node_that_dies_costs_an_attempt_and_no_run() {
    let options = Options { nodes: 2, node_timeout: 5, ..Options::default() };
    let cluster = Arc::new(Cluster::start(options).expect("a cluster can be started"));
    let bench = Bench::new(Arc::clone(&cluster), "power-cut", 2, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    wait("all eight have begun", || bench.at_work() == 8);
    cluster.kill_node(2);
    cluster.start_node(2).unwrap();
    bench.let_go();
    // Slurm queues the runs of the dead node again, or says that they failed and leaves them to us.
    let mut watch = bench.command(&["watch", "--every", "1"]).spawn().unwrap();
    come_back(&bench);
    assert_eq!(watch.wait().unwrap().code(), Some(0));
    bench.assert_done(false);
    let lost = bench.records().iter().filter(|run| run.attempts[0].cause == Some(Cause::Lost)).count();
    assert_eq!(lost, 4, "{:?}", bench.records());
}

#[test]
fn a_limit_on_submitted_jobs_is_waited_out() {
    let options = Options { nodes: 1, max_submit_jobs: Some(6), ..Options::default() };
    let cluster = Arc::new(Cluster::start(options).expect("a cluster can be started"));
    let bench = Bench::new(cluster, "room", 5, 2);
    let said = bench.expect(75, &["submit"]);
    assert!(said.contains("not submitted yet"), "{said}");
    assert!(bench.queue().len() <= 6, "{:?}", bench.queue());
    bench.finish();
    bench.assert_done(true);
    assert!(bench.events("accepted") > 3);
}
