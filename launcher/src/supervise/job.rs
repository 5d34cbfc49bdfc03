//! A run that is to be carried out, and how that ended.

use std::path::PathBuf;

use spec::RunSpec;
use spec::status::{NodeTask, Status};

use super::watch::Asked;
use crate::state::{Observation, Observed};

/// Which ends of a run are not its last word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Retry {
    /// A failed run is carried out again.
    pub failed: bool,
    /// A diverged run is carried out again.
    pub diverged: bool,
}

/// A run to be carried out.
#[derive(Debug, Clone)]
pub struct Job {
    /// Absolute path of the run's directory.
    pub directory: PathBuf,
    /// The run.
    pub spec: RunSpec,
    /// The GPU that it may see; `None` leaves what the environment says.
    pub gpu: Option<String>,
    /// How many GPUs whoever started this says to have set aside for it, if they say.
    pub given: Option<u32>,
    /// The task of Slurm that this is.
    pub task: Option<NodeTask>,
    /// Processor threads, where no earlier attempt has fixed them.
    pub threads: u32,
    /// Which ends are not the last word.
    pub retry: Retry,
}

/// How carrying out a run ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Finish {
    /// There was nothing to do: the run had said its last word.
    Already(Box<Observation>),
    /// An attempt was made.
    Attempted {
        /// The run's record, as it was written.
        status: Box<Status>,
        /// How urgently the trainer had been asked to stop.
        asked: Asked,
    },
}

impl Retry {
    /// Whether a run that was seen as `observed` is to be carried out.
    pub fn wants(self, observed: &Observed) -> bool {
        match observed {
            Observed::Done => false,
            Observed::Diverged => self.diverged,
            Observed::Failed { .. } => self.failed,
            Observed::NotStarted | Observed::Running(_) | Observed::Interrupted(_) => true,
        }
    }
}
