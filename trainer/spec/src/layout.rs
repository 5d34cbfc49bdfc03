//! Where things lie in the directory of a sweep. Paths only: nothing here touches the disk.

use std::path::{Path, PathBuf};

use crate::identity::RunId;

/// The files of a run's [checkpoints](RunLayout::checkpoints): the newest, and the one before it. One of them is whole.
pub const CHECKPOINTS: [&str; 2] = ["latest.safetensors", "previous.safetensors"];

/// The directory of one sweep: `<root>/<sweep>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepLayout {
    root: PathBuf,
}

impl SweepLayout {
    /// The layout below `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { root: directory.into() }
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// The frozen copy of the sweep file.
    pub fn sweep_file(&self) -> PathBuf {
        self.root.join("sweep.toml")
    }

    /// The frozen plan.
    pub fn plan(&self) -> PathBuf {
        self.root.join("plan.json")
    }

    /// The plan of an earlier revision.
    pub fn earlier_plan(&self, revision: u32) -> PathBuf {
        self.root.join(format!("plan.{revision}.json"))
    }

    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.root.join("ledger.jsonl")
    }

    /// The lock of whoever writes the plan and the ledger: made whole by a rename that does not replace, or a hard
    /// link; removed when it is done.
    pub fn lock(&self) -> PathBuf {
        self.root.join("lock.json")
    }

    /// The array files.
    pub fn arrays(&self) -> PathBuf {
        self.root.join("arrays")
    }

    /// The array file of one submission: a line per index, each a resolved run.
    pub fn array(&self, submission: &str) -> PathBuf {
        self.arrays().join(format!("{submission}.jsonl"))
    }

    /// What was seen to have ended of one submission of elements, so that nobody looks at it again.
    pub fn ended(&self, submission: &str) -> PathBuf {
        self.arrays().join(format!("{submission}.ended.json"))
    }

    /// The batch script of one submission to Slurm.
    pub fn script(&self, submission: &str) -> PathBuf {
        self.arrays().join(format!("{submission}.sh"))
    }

    /// What the jobs of Slurm say outside of their runs, a file for each.
    pub fn job_logs(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The runs.
    pub fn runs(&self) -> PathBuf {
        self.root.join("runs")
    }

    /// The directory of one run.
    pub fn run(&self, id: RunId) -> RunLayout {
        RunLayout::new(self.runs().join(id.to_string()))
    }

    /// The report.
    pub fn report(&self) -> PathBuf {
        self.root.join("report")
    }

    /// What is known of the files of a site that shares no file system with this machine.
    pub fn mirror(&self, site: &str) -> PathBuf {
        self.root.join("mirror").join(format!("{site}.json"))
    }

    /// Prepared tokens and tokenizers, named by content and shared by the runs.
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }
}

/// The directory of one run: `<sweep>/runs/<run id>/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunLayout {
    root: PathBuf,
}

impl RunLayout {
    /// The layout below `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { root: directory.into() }
    }

    /// The directory itself.
    pub fn directory(&self) -> &Path {
        &self.root
    }

    /// The resolved spec; written by the supervisor that first claims the run.
    pub fn spec(&self) -> PathBuf {
        self.root.join("run.json")
    }

    /// The claim: made whole by a rename that does not replace, or a hard link; removed when the attempt ends.
    pub fn claim(&self) -> PathBuf {
        self.root.join("claim.json")
    }

    /// Where its ranks meet; gone when they have ended.
    pub fn ranks(&self) -> PathBuf {
        self.root.join("ranks")
    }

    /// Where its ranks hand in what they found in their tasks of fine-tuning; gone when all have.
    pub fn shares(&self) -> PathBuf {
        self.root.join("shares")
    }

    /// What became of the run; written by the supervisor.
    pub fn status(&self) -> PathBuf {
        self.root.join("status.json")
    }

    /// What the trainer says about itself.
    pub fn facts(&self) -> PathBuf {
        self.root.join("facts.json")
    }

    /// How the trainer says that training ended.
    pub fn outcome(&self) -> PathBuf {
        self.root.join("outcome.json")
    }

    /// Curves; written by the trainer.
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.csv")
    }

    /// Final values; written by the trainer, whole or not at all.
    pub fn results(&self) -> PathBuf {
        self.root.join("results.csv")
    }

    /// What benchmarks found, a folder each: results.csv and items.csv.
    pub fn evaluation(&self) -> PathBuf {
        self.root.join("evaluation")
    }

    /// What became of the measurement that fills this folder of [`RunLayout::evaluation`], the last time; written by
    /// the launcher.
    pub fn element(&self, folder: &str) -> PathBuf {
        self.evaluation().join(format!("{folder}.json"))
    }

    /// The claim of the measurement that fills this folder of [`RunLayout::evaluation`]: made as [`RunLayout::claim`]
    /// is, removed when it ends. Its name is one that is not fetched from a site elsewhere, whose own processes alone
    /// it concerns.
    pub fn element_claim(&self, folder: &str) -> PathBuf {
        self.evaluation().join(format!(".{folder}.claim"))
    }

    /// Wall-clock times; written by the trainer.
    pub fn timing(&self) -> PathBuf {
        self.root.join("timing.csv")
    }

    /// The checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoint")
    }

    /// The logs.
    pub fn logs(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The log of one attempt.
    pub fn log(&self, attempt: u32) -> PathBuf {
        self.logs().join(format!("{attempt}.log"))
    }
}
