//! Submitted once, whatever happens to whoever submits.

use std::fs;
use std::process::Stdio;
use std::sync::Arc;

use cluster::{Cluster, Options};
use e2e::programs::ends;

use crate::bench::{Bench, shared, wait};

#[test]
fn hundreds_of_runs_are_done_exactly_once_with_two_files() {
    let bench = Bench::new(shared(), "hundreds", 50, 1);
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains(": 200 runs"), "{said}");
    assert_eq!(fs::read_dir(bench.layout().arrays()).unwrap().count(), 2);
    // At once again, nothing is left to submit.
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    let status = bench.expect(0, &["status"]);
    assert!(status.contains("with Slurm"), "{status}");
    bench.finish();
    bench.assert_done(true);
    assert_eq!((bench.events("intended"), bench.events("accepted")), (1, 1));
    // A run is done before its task has left the queue.
    wait("nothing is left in the queue", || bench.queue().is_empty());
}

#[test]
fn a_dry_run_prints_the_scripts_and_changes_nothing() {
    let bench = Bench::new(shared(), "dry", 2, 1);
    let said = bench.expect(0, &["submit", "--dry-run"]);
    assert!(said.contains("#SBATCH --array=0-7\n") && said.contains("8 runs in 1 array"), "{said}");
    assert!(!bench.layout().directory().exists());
}

#[test]
fn a_launcher_killed_before_sbatch_leaves_an_intent_that_is_given_up() {
    let bench = Bench::new(shared(), "before", 2, 1);
    let killed = bench.submit_through("kill -9 $PPID; exit 1").output().unwrap();
    assert_eq!(killed.status.code(), None);
    assert_eq!(bench.events("intended"), 1);
    // It may still be on its way: nothing is submitted a second time.
    bench.expect(75, &["submit"]);
    assert_eq!((bench.events("intended"), bench.queue().len()), (1, 0));
    let said = bench.expect(0, &["reconcile", "--abandon"]);
    assert!(said.contains("was given up"), "{said}");
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn a_launcher_killed_after_sbatch_finds_its_job_again() {
    let bench = Bench::new(shared(), "after", 5, 5);
    let killed = bench.submit_through("\"$SBATCH\" \"$@\" > /dev/null; kill -9 $PPID").output().unwrap();
    assert_eq!(killed.status.code(), None);
    assert_eq!((bench.events("intended"), bench.events("accepted")), (1, 0));
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("it was adopted") && said.contains("nothing to submit"), "{said}");
    bench.finish();
    bench.assert_done(true);
    assert_eq!(bench.events("intended"), 1);
}

#[test]
fn a_job_that_ended_before_anybody_looked_is_found_in_the_accounts() {
    let bench = Bench::new(shared(), "late", 1, 1);
    let killed = bench.submit_through("\"$SBATCH\" \"$@\" > /dev/null; kill -9 $PPID").output().unwrap();
    assert_eq!(killed.status.code(), None);
    wait("all runs are done", || bench.records().iter().filter(|run| run.state.is_terminal()).count() == 4);
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(true);
    assert_eq!((bench.events("intended"), bench.events("accepted")), (1, 1));
}

#[test]
fn a_lost_reply_is_no_second_submission() {
    let bench = Bench::new(shared(), "lost", 5, 3);
    let script = "\"$SBATCH\" \"$@\" > /dev/null\n\
                  echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2\nexit 1";
    let said = ends(0, bench.submit_through(script));
    assert!(said.contains("it was adopted"), "{said}");
    bench.finish();
    bench.assert_done(true);
    assert_eq!((bench.events("intended"), bench.events("unresolved"), bench.events("accepted")), (1, 1, 1));
}

#[test]
fn a_submission_that_arrives_after_it_was_given_up_does_nothing() {
    let bench = Bench::new(shared(), "zombie", 2, 1);
    // sbatch outlives its launcher and gets through when everybody has stopped waiting for it.
    let script = format!(
        "script=$(cat); kill -9 $PPID\n\
         (until [ -e '{}' ]; do sleep 0.1; done; printf '%s\\n' \"$script\" | \"$SBATCH\" \"$@\") > /dev/null 2>&1 &",
        bench.path("given up").display()
    );
    let killed = bench.submit_through(&script).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert_eq!(killed.code(), None);
    bench.expect(0, &["reconcile", "--abandon"]);
    bench.write("given up", "");
    let logs = || fs::read_dir(bench.layout().job_logs()).into_iter().flatten().flatten();
    let says_so = |log: fs::DirEntry| fs::read_to_string(log.path()).unwrap_or_default().contains("was given up");
    wait("the latecomer has come and done nothing", || {
        logs().filter_map(|log| says_so(log).then_some(())).count() == 8
    });
    assert!(bench.records().is_empty());
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn what_slurm_refuses_is_said_and_leaves_no_files() {
    let bench = Bench::with(shared(), "refused", 1, 1, "time = '2h'\n");
    let site = bench.layout().directory().parent().unwrap().parent().unwrap().join("sites");
    fs::create_dir_all(&site).unwrap();
    fs::write(site.join("wrong.toml"), "[placement]\npartition = 'nowhere'\n").unwrap();
    let mut command = bench.command(&["submit", "--site", "wrong"]);
    command.env("SEEDBED_SITES", &site);
    let said = ends(1, command);
    assert!(said.to_lowercase().contains("invalid partition"), "{said}");
    assert_eq!(fs::read_dir(bench.layout().arrays()).unwrap().count(), 0);
    bench.expect(0, &["submit"]);
    bench.finish();
}

#[test]
fn two_launchers_at_once_submit_every_run_once() {
    let bench = Bench::new(shared(), "two", 10, 2);
    let start = || bench.command(&["submit"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let launchers = [start(), start(), start()];
    for mut launcher in launchers {
        let code = launcher.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 77)), "{code:?}");
    }
    bench.finish();
    bench.assert_done(true);
    assert_eq!(bench.events("accepted"), 1);
}

#[test]
fn arrays_are_cut_to_what_the_cluster_takes() {
    let options = Options { max_array_size: 64, ..Options::default() };
    let cluster = Arc::new(Cluster::start(options).expect("a cluster can be started"));
    let bench = Bench::new(cluster, "slices", 40, 1);
    let said = bench.expect(0, &["submit"]);
    // 160 runs, and no index above 63.
    assert_eq!(said.matches("job ").count(), 3, "{said}");
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn jobs_that_a_lost_ledger_does_not_know_are_found_again() {
    let bench = Bench::new(shared(), "orphan", 2, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    bench.task_in("RUNNING");
    let whole = bench.ledger();
    let lost = |bench: &Bench| {
        // What a backup of the moment before the submission holds.
        let kept = |line: &&str| !line.contains("\"intended\"") && !line.contains("\"accepted\"");
        let lines: Vec<&str> = whole.lines().filter(kept).collect();
        fs::write(bench.layout().ledger(), lines.join("\n") + "\n").unwrap();
    };
    lost(&bench);
    let said = bench.expect(0, &["reconcile"]);
    assert!(said.contains("8 tasks, which the ledger does not know: --orphans adopt"), "{said}");
    let said = bench.expect(0, &["reconcile", "--orphans", "adopt"]);
    assert!(said.contains("adopted"), "{said}");
    let said = bench.expect(0, &["submit"]);
    assert!(said.contains("nothing to submit"), "{said}");
    let said = bench.expect(0, &["reconcile"]);
    assert!(said.contains("every submission has its answer"), "{said}");
    lost(&bench);
    bench.expect(0, &["reconcile", "--orphans", "cancel"]);
    wait("they have gone", || bench.queue().is_empty());
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(false);
}

#[test]
fn slurm_writes_the_report_when_all_has_ended() {
    let bench = Bench::new(shared(), "reported", 2, 1);
    bench.hold_up();
    // The launcher is killed when the report is queued and before it has heard of it.
    let script = "\"$SBATCH\" \"$@\" > answer; if [ -e second ]; then kill -9 $PPID; fi; touch second; cat answer";
    let mut command = bench.through("sbatch", &format!("SBATCH=$REAL\n{script}"), &["submit", "--then-report"]);
    let killed = command.current_dir(bench.path("")).output().unwrap();
    assert_eq!(killed.status.code(), None);
    let said = bench.expect(0, &["submit", "--then-report"]);
    assert!(said.contains("it was adopted") && said.contains("waits already to write the report"), "{said}");
    assert_eq!((bench.events("intended"), bench.events("accepted")), (2, 2));
    let status = bench.expect(0, &["status"]);
    assert!(status.contains("8 runs"), "{status}");
    bench.let_go();
    wait("the report is there", || bench.layout().report().join("index.html").exists());
    bench.assert_done(true);
    let page = fs::read_to_string(bench.layout().report().join("report.json")).unwrap();
    assert!(page.contains("\"loss\""), "{page}");
    bench.finish();
    let said = bench.expect(0, &["submit", "--then-report"]);
    assert!(said.contains("`seedbed report` writes it now"), "{said}");
    bench.assert_accounted();
}
