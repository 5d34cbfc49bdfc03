//! Other people's jobs, other people's orders, and names that mean something to a shell.

use std::fs;

use e2e::programs::{seedbed, transcript};
use e2e::study::{self, Study};
use spec::layout::SweepLayout;
use spec::status::State;

use crate::bench::{Bench, shared, wait};

/// Another user's id: that of `nobody`.
const NOBODY: &str = "65534";

#[test]
fn a_job_of_the_same_name_of_somebody_else_is_not_ours() {
    let bench = Bench::new(shared(), "namesake", 2, 2);
    let script = format!(
        "name=$(sed -n 's/^#SBATCH --job-name=//p')\n\
         setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups \"$SBATCH\" --parsable --job-name=\"$name\" \
         --array=0-7 --mem=10M --chdir=/ --output=/dev/null --wrap='sleep 3600' > '{}' 2>&1\n\
         kill -9 $PPID",
        bench.path("theirs").display()
    );
    let killed = bench.submit_through(&script).output().unwrap();
    assert_eq!(killed.status.code(), None);
    let theirs = fs::read_to_string(bench.path("theirs")).unwrap().trim().to_owned();
    assert!(theirs.parse::<u32>().is_ok(), "{theirs}");
    assert_eq!(bench.queue().len(), 8, "their job has our name");
    // Not adopted, and not cancelled when ours is given up.
    bench.expect(75, &["submit"]);
    bench.expect(0, &["reconcile", "--abandon"]);
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(true);
    let queue = bench.slurm("squeue", &["-h", "-r", "-u", NOBODY, "-o", "%i"]);
    assert_eq!(queue.lines().filter(|line| line.starts_with(&format!("{theirs}_"))).count(), 8);
    bench.slurm("scancel", &[&theirs]);
}

#[test]
fn what_was_cancelled_and_held_behind_our_back_is_told_and_can_be_mended() {
    let bench = Bench::new(shared(), "meddled", 8, 1);
    bench.hold_up();
    bench.expect(0, &["submit"]);
    let running = bench.task_in("RUNNING");
    bench.slurm("scancel", &[&running]);
    bench.task_in("PENDING");
    // The one that is last in the queue, so that it does not start meanwhile.
    let queue = bench.queue();
    let waiting = queue.iter().rfind(|line| line.contains("PENDING")).and_then(|line| line.split(' ').next()).unwrap();
    bench.slurm("scontrol", &["hold", waiting]);
    wait("the held task is told", || bench.expect(0, &["status"]).contains("held"));
    wait("the cancelled task has gone", || !bench.queue().iter().any(|line| line.starts_with(&format!("{running} "))));
    bench.expect(0, &["release"]);
    bench.let_go();
    // What a person has cancelled is not started again by itself.
    bench.expect(1, &["watch", "--every", "1"]);
    let missing = bench.records().iter().filter(|run| run.state != State::Done).count();
    assert!(missing <= 1, "{missing}");
    bench.expect(0, &["submit"]);
    bench.finish();
    bench.assert_done(false);
    bench.assert_accounted();
}

const HOSTILE: [&str; 7] =
    ["a b", "it's", "say \"x\"", "$(touch pwned)", "`touch pwned`; touch pwned #", "two\nlines\t\\n", "ü→ % * ~ !"];

#[test]
fn hostile_values_and_paths_reach_the_trainer_as_they_are() {
    let cluster = shared();
    let levels: Vec<String> = HOSTILE.iter().map(|level| serde_json::to_string(level).unwrap()).collect();
    let head = format!(
        "[sweep]\nname = 'hostile'\nseeds = 2\n[factors]\nlevel = [{}]\n[trainer]\n\
         command = ['/bin/sh', '-c', 'printf \"metric,value\\nlength,%s\\n\" $(printf %s \"$1\" | wc -c) > results.csv; printf %s \"$1\" > told', \
         'sh', '{{level}}']\n[analysis]\nprimary = 'length'\ndirection = 'lower'\n",
        levels.join(", ")
    );
    let study = Study::new(&head, "[resources]\ngpus = 1\ncpus = 1\nmemory = '100M'\n");
    // The options of sbatch can carry the first one; the second one is up to the script.
    for name in ["it's a \"root\" $(touch pwned) `touch pwned`; % é #x", "two\n#SBATCH --hold\nback\\slash \t'"] {
        let root = study.path(name);
        fs::create_dir(&root).unwrap();
        for arguments in [&["submit"][..], &["watch", "--every", "1"], &["status"]] {
            let mut command = seedbed();
            command.args(arguments).arg("--root").arg(&root).arg(study.sweep()).envs(cluster.environment());
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{}", transcript(&output));
        }
        let layout = SweepLayout::new(root.join("hostile"));
        assert_told(&layout);
        assert_eq!(fs::read_dir(layout.job_logs()).unwrap().count(), 14, "a log of every task");
    }
    let found = std::process::Command::new("find").arg(study.path("")).args(["-name", "pwned"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
}

/// Every run has heard its level, to the letter.
fn assert_told(layout: &SweepLayout) {
    let plan = study::plan(layout);
    assert_eq!(plan.runs.len(), 14);
    for planned in &plan.runs {
        let run = layout.run(planned.id);
        assert_eq!(study::status(&run).state, State::Done);
        let told = fs::read_to_string(run.directory().join("told")).expect("the trainer wrote it");
        assert_eq!(told, planned.levels["level"].to_string());
    }
}
