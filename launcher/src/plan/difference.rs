//! Where every run of a sweep stands, and what lies on disk beside them.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;

use serde::Serialize;
use spec::RunId;
use spec::layout::{RunLayout, SweepLayout};
use spec::plan::Plan;

use crate::files::{FileError, read_optional_record};
use crate::state::{Observation, Observed};
use crate::sweep::Sweep;

/// Where a run stands, seen from the sweep file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Not in the frozen plan yet.
    New,
    /// Planned and never started.
    Missing,
    /// A supervisor holds it.
    Running,
    /// It goes on when it is started again.
    Interrupted,
    /// It ended in an error.
    Failed,
    /// It diverged: a result.
    Diverged,
    /// It is complete.
    Done,
}

impl Standing {
    /// All, in the order of a run's life.
    pub const ALL: [Self; 7] =
        [Self::New, Self::Missing, Self::Running, Self::Interrupted, Self::Failed, Self::Diverged, Self::Done];

    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Missing => "missing",
            Self::Running => "running",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
            Self::Diverged => "diverged",
            Self::Done => "done",
        }
    }

    /// Whether the run still has to be carried out, at least in part.
    pub fn is_ahead(self) -> bool {
        matches!(self, Self::New | Self::Missing | Self::Running | Self::Interrupted)
    }
}

/// A sweep beside what is on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where each run stands, in the order of the sweep's runs.
    pub standings: Vec<Standing>,
    /// For each run that is done, the seconds that it took.
    pub seconds: Vec<Option<f64>>,
    /// Runs on disk that the sweep no longer has.
    pub left_over: Vec<RunId>,
}

impl Difference {
    /// Compares `sweep` with the directory in `layout`; `observe` looks at one run that has a directory.
    ///
    /// # Errors
    /// When the plan, the list of runs or a run's record cannot be read.
    pub fn between(
        sweep: &Sweep,
        layout: &SweepLayout,
        observe: &dyn Fn(&RunLayout) -> Result<Observation, FileError>,
    ) -> Result<Self, FileError> {
        let plan: Option<Plan> = read_optional_record(&layout.plan())?;
        let planned: BTreeSet<RunId> = plan.iter().flat_map(|plan| &plan.runs).map(|run| run.id).collect();
        let on_disk = runs_on_disk(layout)?;
        let mut standings = Vec::with_capacity(sweep.runs.len());
        let mut seconds = Vec::with_capacity(sweep.runs.len());
        for run in &sweep.runs {
            let observation = if on_disk.contains(&run.id) { Some(observe(&layout.run(run.id))?) } else { None };
            let standing = standing(observation.as_ref(), planned.contains(&run.id));
            seconds.push(observation.filter(|_| standing == Standing::Done).map(|seen| seen.seconds()));
            standings.push(standing);
        }
        let wanted: BTreeSet<RunId> = sweep.runs.iter().map(|run| run.id).collect();
        Ok(Self { standings, seconds, left_over: on_disk.difference(&wanted).copied().collect() })
    }
}

fn standing(observation: Option<&Observation>, is_planned: bool) -> Standing {
    match observation.map(|seen| &seen.state) {
        None | Some(Observed::NotStarted) if is_planned => Standing::Missing,
        None | Some(Observed::NotStarted) => Standing::New,
        Some(Observed::Running(_)) => Standing::Running,
        Some(Observed::Interrupted(_)) => Standing::Interrupted,
        Some(Observed::Failed { .. }) => Standing::Failed,
        Some(Observed::Diverged) => Standing::Diverged,
        Some(Observed::Done) => Standing::Done,
    }
}

/// The runs that have a directory. One listing spares a look at every run of a large sweep.
fn runs_on_disk(layout: &SweepLayout) -> Result<BTreeSet<RunId>, FileError> {
    let path = layout.runs();
    let unreadable = |error| FileError::read(&path, error);
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut ids = BTreeSet::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        ids.extend(name.to_str().and_then(|name| name.parse::<RunId>().ok()));
    }
    Ok(ids)
}
