//! Orders to tasks: lost, refused, carried out after all.

use pretence::{End, Fault, Version, When};

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

#[test]
fn what_is_dropped_is_not_cancelled_over_the_heads_of_others_in_its_task() {
    let bench = Bench::with(Version(23, 11), 1, 0, "runs-per-job = 2\n");
    bench.expect(0, &["submit"]);
    // Of the two runs of each task the sweep keeps one.
    let fewer = ["--set", "factors.level=[1, 3]"];
    let submit = [&["submit"], fewer.as_slice()].concat();
    bench.expect(0, &submit);
    let said = bench.expect(1, &["cancel", "--dropped"]);
    assert!(said.contains("is left alone") && said.contains("0 tasks cancelled"), "{said}");
    let said = bench.expect(0, &["cancel", "--dropped", "--whole-tasks"]);
    assert!(said.contains("2 tasks cancelled"), "{said}");
    bench.expect(0, &submit);
    bench.finish_with(&fewer);
    bench.assert_done(true);
}

#[test]
fn a_number_that_is_another_jobs_by_now_is_told_nothing() {
    let bench = Bench::new(1);
    bench.expect(0, &["submit"]);
    bench.slurm.change(|cluster| "somebody-else".clone_into(&mut cluster.jobs[0].name));
    assert!(bench.expect(0, &["status"]).contains("unknown"));
    for (order, said) in [(["throttle", "1"].as_slice(), "0 arrays throttled"), (&["hold"], "0 tasks held")] {
        assert!(bench.expect(0, order).contains(said));
    }
    let said = bench.expect(0, &["cancel"]);
    assert!(said.contains("4 tasks not in the queue: told nothing") && said.contains("0 tasks cancelled"), "{said}");
    assert_eq!((bench.slurm.calls("scancel"), bench.slurm.look().jobs[0].tasks.len()), (0, 4));
    // What was told to go and is gone can be submitted again.
    assert!(bench.expect(0, &["submit"]).contains(": 4 runs"));
}

#[test]
fn a_lost_array_file_costs_its_job_and_no_run() {
    let bench = Bench::new(1);
    bench.expect(0, &["submit"]);
    let arrays: Vec<_> =
        std::fs::read_dir(bench.layout().arrays()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let array = arrays.iter().find(|path| path.extension().is_some_and(|end| end == "jsonl")).unwrap();
    std::fs::write(array, "{").unwrap();
    for order in ["submit", "cancel"] {
        let said = bench.expect(65, &[order]);
        assert!(said.contains("hint: `seedbed reconcile --abandon` ends the job"), "{said}");
    }
    let said = bench.expect(0, &["reconcile", "--abandon"]);
    assert!(said.contains("has lost its array file: it was given up and cancelled"), "{said}");
    assert!(bench.expect(0, &["submit"]).contains(": 4 runs"));
    bench.finish();
    bench.assert_once(2);
}

#[test]
fn no_more_tasks_may_run_than_the_site_wants_over_all_arrays() {
    let bench = Bench::new(2);
    bench.write("sites/here.toml", "max-running = 3\n");
    let throttles = || -> Vec<String> {
        let entries = std::fs::read_dir(bench.layout().arrays()).unwrap().map(|entry| entry.unwrap().path());
        let scripts = entries.filter(|path| path.extension().is_some_and(|end| end != "jsonl"));
        let text: String = scripts.map(|path| std::fs::read_to_string(path).unwrap()).collect();
        let lines = text.lines().filter_map(|line| line.strip_prefix("#SBATCH --array=").map(str::to_owned));
        lines.collect()
    };
    bench.expect(0, &["submit", "--limit", "2"]);
    assert_eq!(throttles(), ["0-1%3"]);
    // Two of those may run, so one more may.
    bench.expect(0, &["submit", "--limit", "2"]);
    let mut all = throttles();
    all.sort();
    assert_eq!(all, ["0-1%1", "0-1%3"]);
    let said = bench.expect(75, &["submit"]);
    assert!(said.contains("4 runs not submitted yet: max-running of the site is 3"), "{said}");
    bench.finish();
    bench.assert_done(true);
}

#[test]
fn why_a_job_ended_before_its_run_began_is_told() {
    let bench = Bench::new(1);
    bench.write("sites/here.toml", "[environment]\nsource = ['/no/such/file.sh']\n");
    bench.expect(0, &["submit", "--limit", "1"]);
    bench.slurm.work();
    let status = bench.expect(0, &["status"]);
    assert!(status.contains("not begun") && status.contains("/no/such/file.sh"), "{status}");
    let run = e2e::study::plan(&bench.layout()).runs.into_iter().next().unwrap().id.to_string();
    let story = bench.expect(0, &["explain", &run, "--sweep"]);
    assert!(story.contains("before the run began") && story.contains("/no/such/file.sh"), "{story}");
    let said = bench.expect(1, &["logs", &run, "--sweep"]);
    assert!(said.contains("`seedbed explain"), "{said}");
}
