//! A sweep on the shared cluster, and the hands to disturb it with.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

use std::collections::BTreeSet;
use std::fs;
use std::ops::Deref;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use cluster::{Cluster, Options};
use e2e::programs::transcript;
use e2e::study;
use spec::status::Attempt;

/// The cluster that is shared by the tests that run now.
pub(crate) fn shared() -> Arc<Cluster> {
    static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let cluster = Arc::new(Cluster::start(Options::default()).expect("a cluster can be started"));
        *shared = Arc::downgrade(&cluster);
        cluster
    })
}

/// A sweep on a real cluster.
pub(crate) struct Bench {
    pub(crate) cluster: Arc<Cluster>,
    study: e2e::bench::Bench,
    name: &'static str,
}

impl Deref for Bench {
    type Target = e2e::bench::Bench;

    fn deref(&self) -> &Self::Target {
        &self.study
    }
}

impl Bench {
    /// `seeds` times four runs of `tenths` of a second each.
    pub(crate) fn new(cluster: Arc<Cluster>, name: &'static str, seeds: u32, tenths: u32) -> Self {
        Self::with(cluster, name, seeds, tenths, "")
    }

    /// As [`Bench::new`], with more lines for `[resources]` and what follows.
    pub(crate) fn with(cluster: Arc<Cluster>, name: &'static str, seeds: u32, tenths: u32, more: &str) -> Self {
        let study = e2e::bench::Bench::new(name, seeds, tenths, more).with_variables(cluster.environment());
        Self { cluster, study, name }
    }

    /// `seedbed submit` that finds this shell script in sbatch's place; in it `$SBATCH` is the real one and `$PPID`
    /// seedbed.
    pub(crate) fn submit_through(&self, script: &str) -> Command {
        self.through("sbatch", &format!("SBATCH=$REAL\n{script}"), &["submit"])
    }

    /// `seedbed` with these arguments, that finds this shell script in the place of a `program` of Slurm; in it `$REAL`
    /// is the real one and `$PPID` seedbed.
    pub(crate) fn through(&self, program: &str, script: &str, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command.env("PATH", with_stand_in(&self.path("bin"), program, script));
        command
    }

    /// Finds out what became of every submission, as long as one may still be on its way.
    pub(crate) fn settle(&self) {
        wait("every submission has its answer or is given up", || {
            let output = self.command(&["reconcile"]).output().unwrap();
            // What sbatch itself is no longer trying cannot come any more.
            let abandon = output.status.code() == Some(75) && !self.is_submitting();
            abandon && self.command(&["reconcile", "--abandon"]).output().unwrap().status.success()
                || output.status.success()
        });
    }

    /// Whether an sbatch of this cluster is at work.
    fn is_submitting(&self) -> bool {
        let own = self.cluster.folder().display().to_string();
        let is_ours = |process: fs::DirEntry| {
            let read = |name| fs::read(process.path().join(name)).unwrap_or_default();
            read("comm") == b"sbatch\n" && String::from_utf8_lossy(&read("environ")).contains(&own)
        };
        fs::read_dir("/proc").unwrap().flatten().any(is_ours)
    }

    /// Nothing of the sweep is left in the queue, no run is held, and the ledger knows the job of every submission: all
    /// that were accepted, each once, and none besides.
    pub(crate) fn assert_accounted(&self) {
        wait("nothing is left in the queue", || self.queue().is_empty());
        let layout = self.layout();
        for planned in study::plan(&layout).runs {
            assert!(!layout.run(planned.id).claim().exists(), "a run is still claimed");
        }
        let ledger = self.ledger();
        let mut jobs = BTreeSet::new();
        // The controller tells the accounts in its own time.
        wait("the accounts know every submission", || {
            jobs = self.accounted();
            jobs.len() >= self.events("accepted")
        });
        for (name, job) in &jobs {
            let accepted = format!("{{\"accepted\":{{\"submission\":\"{name}\",\"job\":{job},");
            assert_eq!(ledger.matches(&accepted).count(), 1, "{name} is job {job}\n{ledger}");
        }
        assert_eq!(jobs.len(), self.events("accepted"), "{jobs:?}\n{ledger}");
    }

    /// The jobs of this sweep in Slurm's accounts: the name of the submission, and the number.
    fn accounted(&self) -> BTreeSet<(String, String)> {
        let accounts = self.slurm("sacct", &["-n", "-P", "-X", "-S", "now-1hours", "--format=JobName,JobID,User"]);
        let own = format!("{}-", self.name);
        accounts
            .lines()
            .filter(|line| line.starts_with(&own) && line.ends_with("|root"))
            .filter_map(|line| line.split_once('|'))
            .map(|(name, rest)| (name.to_owned(), rest.split(['_', '|']).next().unwrap_or_default().to_owned()))
            .collect()
    }

    /// What `squeue` shows of this sweep, a line for every task: job, state, reason.
    pub(crate) fn queue(&self) -> Vec<String> {
        let text = queue(&self.cluster, "%i %T %r %j");
        let own = format!(" {}-", self.name);
        text.lines().filter(|line| line.contains(&own)).map(str::to_owned).collect()
    }

    /// The first task of this sweep that is in `state`, waited for.
    pub(crate) fn task_in(&self, state: &str) -> String {
        let mut found = None;
        wait(&format!("a task is {state}"), || {
            let queue = self.queue();
            found = queue
                .iter()
                .find(|line| line.contains(state))
                .and_then(|line| line.split(' ').next())
                .map(str::to_owned);
            found.is_some()
        });
        found.unwrap_or_default()
    }

    /// How many runs have trainers that have come so far that they hear a request to stop.
    pub(crate) fn at_work(&self) -> usize {
        let layout = self.layout();
        self.records().iter().filter(|run| layout.run(run.run).directory().join("progress").exists()).count()
    }

    /// Waits until the trainer of the run that this task carries out is at work.
    pub(crate) fn has_begun(&self, task: &str) {
        let layout = self.layout();
        let is_its = |attempt: &Attempt| {
            attempt.node.as_ref().and_then(|node| node.task.as_ref()).is_some_and(|own| own.job == task)
        };
        wait("the task has begun its run", || {
            let begun = self.records().into_iter().find(|run| run.attempts.iter().any(is_its));
            begun.is_some_and(|run| layout.run(run.run).directory().join("progress").exists())
        });
    }

    /// Runs a command of Slurm and expects it to succeed.
    pub(crate) fn slurm(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.cluster.command(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program} {arguments:?}\n{}", transcript(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

#[expect(clippy::print_stderr, reason = "what a test prints is shown when it fails")]
impl Drop for Bench {
    /// A test that fails shows what Slurm has to say: the cluster is gone when somebody reads of it.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let shown = |program, arguments: &[&str]| {
                let output = self.cluster.command(program).args(arguments).output();
                output.map(|output| transcript(&output)).unwrap_or_default()
            };
            let (queue, nodes) = (shown("scontrol", &["show", "job"]), shown("scontrol", &["show", "node"]));
            eprintln!(
                "{queue}\n{nodes}\n{}\n{}",
                fs::read_to_string(self.layout().ledger()).unwrap_or_default(),
                self.cluster.logs()
            );
        }
    }
}

/// What `squeue` shows of all tasks. One that got no answer asks again: no answer is no empty queue.
pub(crate) fn queue(cluster: &Cluster, format: &str) -> String {
    let mut text = String::new();
    wait("squeue has an answer", || {
        let output = cluster.command("squeue").args(["-h", "-r", "-o", format]).output().unwrap();
        text = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success()
    });
    text
}

/// A `PATH` on which this shell script, written into `folder`, comes before a `program` of Slurm; in it `$REAL` is the
/// real one.
pub(crate) fn with_stand_in(folder: &Path, program: &str, script: &str) -> String {
    fs::create_dir_all(folder).unwrap();
    let stand_in: PathBuf = folder.join(program);
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
        .expect("Slurm is installed");
    fs::write(&stand_in, format!("#!/bin/sh\nREAL={}\n{script}\n", real.display())).unwrap();
    fs::set_permissions(&stand_in, fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default())
}

/// Waits, for at most four minutes, until `holds`. A message that a busy controller or node has lost is sent again
/// after one or two.
pub(crate) fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(4);
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
