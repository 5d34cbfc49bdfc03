//! A sweep on a pretended cluster, and the time that passes for both.

use std::fs;
use std::ops::Deref;

use e2e::programs::program;
use jiff::{SignedDuration, Timestamp};
use pretence::{Pretence, Version};

/// A sweep on a pretended cluster of its own.
pub(crate) struct Bench {
    pub(crate) slurm: Pretence,
    bench: e2e::bench::Bench,
}

impl Deref for Bench {
    type Target = e2e::bench::Bench;

    fn deref(&self) -> &Self::Target {
        &self.bench
    }
}

impl Bench {
    /// `seeds` times four runs that take no time.
    pub(crate) fn new(seeds: u32) -> Self {
        Self::with(Version(23, 11), seeds, 0, "")
    }

    /// `seeds` times four runs of `tenths` of a second each on this release, with `more` lines of the sweep file.
    pub(crate) fn with(version: Version, seeds: u32, tenths: u32, more: &str) -> Self {
        let slurm = Pretence::start(&program("pretence"), version).unwrap();
        let mut variables = slurm.variables();
        let bench = e2e::bench::Bench::new("faults", seeds, tenths, more);
        let sites = bench.path("sites");
        fs::create_dir(&sites).unwrap();
        variables.push(("SEEDBED_SITES".to_owned(), sites.display().to_string()));
        let bench = bench.with_variables(variables);
        Self { slurm, bench }
    }

    /// Waits no longer than so many seconds for an answer.
    pub(crate) fn impatient(self, seconds: u32) -> Self {
        self.write("sites/here.toml", &format!("patience = {seconds}\n"));
        self
    }

    /// Lets the rest of the sweep be carried out, under `seedbed watch`.
    pub(crate) fn finish(&self) {
        self.finish_with(&[]);
    }

    /// As [`Bench::finish`], with more arguments.
    pub(crate) fn finish_with(&self, arguments: &[&str]) {
        self.slurm.during(|| self.bench.finish_with(arguments));
    }

    /// Lets so many minutes pass, for the ledger and for Slurm.
    pub(crate) fn pass(&self, minutes: i64) {
        let past = |line: &str| {
            let entry: serde_json::Value = serde_json::from_str(line).unwrap();
            let at = entry["at"].as_str().unwrap();
            let earlier = at.parse::<Timestamp>().unwrap() - SignedDuration::from_mins(minutes);
            line.replacen(at, &earlier.to_string(), 1) + "\n"
        };
        let aged: String = self.ledger().lines().map(past).collect();
        fs::write(self.layout().ledger(), aged).unwrap();
        self.slurm.change(|cluster| {
            for task in cluster.tasks_mut() {
                for what in task.past.iter_mut().chain([&mut task.now]) {
                    what.submitted -= 60 * minutes;
                    for moment in [&mut what.started, &mut what.ended].into_iter().flatten() {
                        *moment -= 60 * minutes;
                    }
                }
            }
        });
    }

    /// Jobs that Slurm has of this sweep, whatever became of them.
    pub(crate) fn jobs(&self) -> usize {
        self.slurm.look().jobs.iter().filter(|job| job.name.starts_with("faults-")).count()
    }

    /// The number of the last job.
    pub(crate) fn last(&self) -> u32 {
        self.slurm.look().jobs.last().unwrap().number
    }

    /// Every run was started once, by one of `jobs` jobs, and is done.
    pub(crate) fn assert_once(&self, jobs: usize) {
        self.assert_done(true);
        assert_eq!(self.jobs(), jobs, "{:#?}", self.slurm.look().jobs);
    }
}

/// Does `test` with each case, side by side: most of the time is spent waiting.
pub(crate) fn each<T: Sync>(cases: &[T], test: impl Fn(&T) + Sync) {
    std::thread::scope(|scope| {
        for case in cases {
            scope.spawn(|| test(case));
        }
    });
}
