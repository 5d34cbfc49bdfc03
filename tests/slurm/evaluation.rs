//! What is measured of runs that are done, as a job array of its own: submitted once, found again, gone on with.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use cluster::Cluster;
use e2e::programs::{ends, program, seedbed};
use e2e::study::{self, Study, TINY};
use spec::layout::SweepLayout;

use crate::bench::{queue, shared, wait, with_stand_in};
use crate::surprises::soon;

const HEAD: &str = "[sweep]\nname = 'measured'\nseeds = 1\n[factors]\nactivation = ['gelu', 'relu']\n";
const MEASURE: [&str; 6] =
    ["--tasks", "blimp,rte,cb", "--fine-tuning-seeds", "0,1", "--fine-tuning-epochs=2", "--fine-tuning-batch=8"];

/// A trainer that says which task it is and, before it tunes, waits as long as there is a file called `wait`.
const TRAINER: &str = "#!/bin/sh\ntouch \"FOLDER/begun-$1-${SLURM_ARRAY_TASK_ID:-here}\"\n\
                       if [ \"$1\" = finetune ]; then while [ -e FOLDER/wait ]; do sleep 0.05; done; fi\nexec REAL \"$@\"\n";

/// Two runs that are done, and a store with a small BLiMP and a small RTE.
struct Measured {
    study: Study,
    cluster: Arc<Cluster>,
}

impl Measured {
    fn new() -> Self {
        let model = TINY.split("[evaluate]").next().unwrap().replace("[model]", "[model]\narchitecture = 'gpt-neo'");
        let rest = "[execution]\ndevice = 'cpu'\n[resources]\ncpus = 1\nmemory = '1G'\ntime = '10m'\n";
        let study = Study::new(HEAD, &format!("{model}{rest}"));
        study.write_small_blimp();
        study.write_pairs_to_learn(24, 6);
        let trainer = TRAINER.replace("FOLDER", &study.path("").display().to_string());
        study.write("trainer", &trainer.replace("REAL", &program("seedbed-trainer").display().to_string()));
        fs::set_permissions(study.path("trainer"), fs::Permissions::from_mode(0o755)).unwrap();
        let measured = Self { study, cluster: shared() };
        let at = |name: &str| measured.study.path(name).display().to_string();
        for arguments in [["import", "blimp", &at("blimp")], ["import", "rte", &at("data")]] {
            let mut command = Command::new(program("seedbed-trainer"));
            command.arg("data").args(arguments).env("SEEDBED_DATA", measured.study.path("store"));
            ends(0, command);
        }
        ends(0, measured.command("run", &["--slots", "2"]));
        measured
    }

    fn command(&self, verb: &str, arguments: &[&str]) -> Command {
        let mut command = seedbed();
        command.arg(verb).arg(self.study.sweep()).args(arguments).envs(self.cluster.environment());
        // As many threads as a task of the cluster has: the bytes depend on it.
        command.env("SEEDBED_DATA", self.study.path("store")).env("SEEDBED_THREADS", "1");
        command.env("SEEDBED_TRAINER", self.study.path("trainer"));
        command
    }

    fn hand_over(&self) -> Command {
        self.command("evaluate", &[&MEASURE[..], &["--site", "here"]].concat())
    }

    fn layout(&self) -> SweepLayout {
        self.study.layout("measured")
    }

    /// The tasks in the queue, and how they stand.
    fn queue(&self) -> Vec<String> {
        let text = queue(&self.cluster, "%i %T %j");
        text.lines().filter(|line| line.contains(" measured-")).map(str::to_owned).collect()
    }
}

/// What was found of every run of a sweep: the tables of each task.
fn found(layout: &SweepLayout) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for run in study::plan(layout).runs {
        for task in ["blimp", "rte", "cb"] {
            let path = layout.run(run.id).evaluation().join(task).join("results.csv");
            found.extend(fs::read_to_string(path).ok().map(|text| (format!("{} {task}", run.id), text)));
        }
    }
    found
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, to) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() { copy(&path, &to) } else { _ = fs::copy(&path, &to).unwrap() }
    }
}

#[test]
fn measurements_are_an_array_of_their_own_and_find_what_one_machine_finds() {
    let measured = Measured::new();
    let layout = measured.layout();
    let here = SweepLayout::new(measured.study.path("here/measured"));
    copy(layout.directory(), here.directory());
    let root = measured.study.path("here").display().to_string();
    let one = ["--root", &root, "--where", "activation=gelu"];
    let said = ends(1, measured.command("evaluate", &[&MEASURE[..], &one].concat()));
    assert!(said.contains("2 elements measured, 1 missing"), "{said}");

    // What somebody measures here at the moment is not handed over, and it is said who does.
    measured.study.write("wait", "");
    let rte = ["--tasks", "rte", "--where", "activation=gelu"];
    let mut child = measured.command("evaluate", &rte).stderr(Stdio::null()).spawn().unwrap();
    let claim = layout.run(study::plan(&layout).runs[0].id).element_claim("rte");
    wait("a model is about to be tuned here", || claim.exists());
    let said = ends(0, measured.command("evaluate", &[&MEASURE[..], &["--site", "here", "--dry-run"]].concat()));
    assert!(said.contains(&format!("rte of gelu seed 0: process {} on ", child.id())), "{said}");
    assert!(said.contains("#SBATCH --array=0-4\n"), "{said}");
    child.kill().unwrap();
    child.wait().unwrap();

    // The launcher is killed when the array is queued and before it has heard of it.
    let script = "\"$REAL\" \"$@\" > /dev/null; kill -9 $PPID";
    let mut command = measured.hand_over();
    command.env("PATH", with_stand_in(&measured.study.path("bin"), "sbatch", script));
    assert_eq!(command.output().unwrap().status.code(), None);
    let said = ends(0, measured.hand_over());
    assert!(said.contains("it was adopted") && said.contains("nothing to submit"), "{said}");
    let ledger = fs::read_to_string(layout.ledger()).unwrap();
    let count = |what: &str| ledger.matches(what).count();
    assert_eq!((count("\"intended\""), count("\"evaluates\":true"), count("\"accepted\"")), (1, 1, 1), "{ledger}");

    // A task that tunes is warned that its time is up, leaves, and comes back. Of each run the tasks lie in the order
    // in which they were named, so that the second and the fifth tune.
    wait("a model is about to be tuned", || measured.study.path("begun-finetune-1").exists());
    let status = ends(0, measured.command("status", &[]));
    assert!(status.contains("of `seedbed evaluate` with Slurm"), "{status}");
    // Nor is measured here what a task is at.
    let said = ends(77, measured.command("evaluate", &rte));
    assert!(said.contains("rte of gelu seed 0: process ") && said.contains("is measuring it"), "{said}");
    let queue = measured.queue();
    let task = format!("{}_1", queue[0].split('_').next().unwrap());
    let warned = measured.cluster.command("scancel").args(["--batch", "--signal=USR2", &task]).output().unwrap();
    assert!(warned.status.success(), "{warned:?}");
    let log = layout.job_logs().join(format!("{task}.log"));
    let says = |text: &str| fs::read_to_string(&log).unwrap_or_default().contains(text);
    wait("the task asks to go back into the queue", || says("asks to go back into the queue"));
    fs::remove_file(measured.study.path("wait")).unwrap();
    soon(&measured.cluster, &task);
    wait("all is measured", || says(": measured") && measured.queue().is_empty());
    assert!(says("rte of run") && says(": stopped"), "{}", fs::read_to_string(&log).unwrap());
    let (there, here) = (found(&layout), found(&here));
    assert_eq!((here.len(), there.len()), (2, 4));
    for (what, table) in here {
        assert_eq!(there[&what], table, "{what}");
    }

    // What was measured is not handed over again, what was missing may have come since.
    let said = ends(0, measured.command("evaluate", &[&MEASURE[..], &["--site", "here", "--dry-run"]].concat()));
    assert!(said.contains("4 elements measured already") && said.contains("#SBATCH --array=0-1\n"), "{said}");
    assert!(ends(0, measured.command("submit", &[])).contains("nothing to submit"));
    assert!(!ends(0, measured.command("status", &[])).contains("seedbed evaluate"));
}
