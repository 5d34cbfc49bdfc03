//! What the batches of a submission have in common: where they start, and what they carry out.

use std::path::Path;

use slurm::name::JobName;
use slurm::script::{AbsolutePath, Argument, CommandLine, StartingPoint};
use spec::layout::SweepLayout;
use spec::resources::PackingOrder;

use super::error::ClusterError;
use super::kind::Kind;
use super::site::Site;

/// What a batch is made with: the same for every batch of a submission.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    /// The sweep, as the nodes name it.
    pub(super) layout: SweepLayout,
    pub(super) site: &'a Site,
    /// This program, by a path that the nodes see too.
    pub(super) program: &'a Path,
    /// The trainer, where a person named one.
    pub(super) trainer: Option<&'a str>,
    /// How often a run that left a checkpoint may put itself back into the queue.
    pub(super) requeues: u32,
}

impl Frame<'_> {
    /// Where the script starts, and where it writes.
    pub(super) fn start(&self) -> Result<StartingPoint, ClusterError> {
        Ok(StartingPoint {
            directory: path("the directory of the sweep", self.layout.directory())?,
            logs: path("the directory of logs", &self.layout.job_logs())?,
        })
    }

    /// What the script carries out: the supervisor, with the task's runs.
    pub(super) fn command(&self, name: &JobName, kind: &Kind) -> Result<CommandLine, ClusterError> {
        let array = self.layout.array(name.as_str());
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut arguments: Vec<Argument> = vec![
            "exec".into(),
            "--sweep-dir".into(),
            Argument::Text(text(self.layout.directory())),
            "--array".into(),
            Argument::Text(text(&array)),
            "--index".into(),
            Argument::ArrayIndex,
            "--requeues".into(),
            Argument::Text(self.requeues.to_string()),
        ];
        if let Some(cpus) = kind.resources.cpus {
            arguments.extend(["--threads".into(), Argument::Text(cpus.get().to_string())]);
        }
        if !kind.packing.is_alone() {
            arguments.extend(["--runs-per-task".into(), Argument::Text(kind.packing.runs.to_string())]);
            if kind.packing.order == PackingOrder::SideBySide {
                arguments.push("--side-by-side".into());
            }
        }
        if kind.evaluates {
            arguments.push("--evaluate".into());
        }
        if kind.retry.failed {
            arguments.push("--retry-failed".into());
        }
        if kind.retry.diverged {
            arguments.push("--retry-diverged".into());
        }
        let program = path("the path of seedbed", self.program)?;
        Ok(CommandLine { container: self.site.container.clone(), program, arguments })
    }
}

/// Whether a batch script can name the directory of a sweep.
///
/// # Errors
/// It cannot: no shell word carries its control characters.
pub fn check_path(directory: &Path) -> Result<(), ClusterError> {
    path("the directory of the sweep", directory).map(drop)
}

/// `path` as a batch script names it; `what` it is stands in the error.
pub(super) fn path(what: &str, path: &Path) -> Result<AbsolutePath, ClusterError> {
    // A path that is not UTF-8 gets a character here that no file system has agreed to, and is then not found; such a
    // path is refused where a sweep is opened.
    let text = path.to_string_lossy();
    text.parse().map_err(|source| ClusterError::Path { what: format!("{what} {text:?}"), source })
}
