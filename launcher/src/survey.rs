//! How the runs of a sweep stand, all of them at one moment.

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::thread;
use std::time::SystemTime;

use serde::Serialize;
use spec::RunId;
use spec::layout::SweepLayout;
use spec::plan::PlannedRun;

use crate::files::FileError;
use crate::lease::Machine;
use crate::state::{Observation, Observed, observe};

/// How many threads look at the records of a sweep. A file server answers each of them late and all of them at once,
/// so there are more than processors.
const THREADS: usize = 8;
/// Runs below which one thread is quicker.
const FEW: usize = 256;

/// The runs of a sweep in the order of its plan, each as it was seen.
#[derive(Debug, Clone)]
pub struct Survey<'plan> {
    /// The runs.
    pub runs: Vec<(&'plan PlannedRun, Observation)>,
}

/// How many runs stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counts {
    /// Done.
    pub done: usize,
    /// Diverged.
    pub diverged: usize,
    /// Failed.
    pub failed: usize,
    /// Going on.
    pub running: usize,
    /// Interrupted.
    pub interrupted: usize,
    /// Not started.
    pub not_started: usize,
}

impl Counts {
    /// Counts runs.
    pub fn of<'a>(states: impl IntoIterator<Item = &'a Observed>) -> Self {
        let mut counts = Self::default();
        for state in states {
            *match state {
                Observed::Done => &mut counts.done,
                Observed::Diverged => &mut counts.diverged,
                Observed::Failed { .. } => &mut counts.failed,
                Observed::Running(_) => &mut counts.running,
                Observed::Interrupted(_) => &mut counts.interrupted,
                Observed::NotStarted => &mut counts.not_started,
            } += 1;
        }
        counts
    }

    /// All runs.
    pub fn total(&self) -> usize {
        self.finished() + self.failed + self.running + self.interrupted + self.not_started
    }

    /// Runs that have given their result: done, or diverged.
    pub fn finished(&self) -> usize {
        self.done + self.diverged
    }

    /// Runs that will still take time without anybody asking for a retry.
    pub fn to_come(&self) -> usize {
        self.running + self.interrupted + self.not_started
    }

    /// Those that are not 0, each with its word: `3 done`, `1 failed`.
    pub fn in_words(&self) -> Vec<String> {
        let some = self.by_word().into_iter().filter(|(_, count)| *count > 0);
        some.map(|(word, count)| format!("{count} {word}")).collect()
    }

    /// The counts with their words, in the order of a table.
    pub fn by_word(&self) -> [(&'static str, usize); 6] {
        [
            ("done", self.done),
            ("diverged", self.diverged),
            ("failed", self.failed),
            ("running", self.running),
            ("interrupted", self.interrupted),
            ("not started", self.not_started),
        ]
    }
}

/// Looks at `runs` in `layout` from `machine` at `now`, in their order.
///
/// # Errors
/// When a record cannot be read.
pub fn observe_all(
    layout: &SweepLayout,
    runs: &[RunId],
    machine: &Machine,
    now: SystemTime,
) -> Result<Vec<Observation>, FileError> {
    if runs.len() < FEW {
        return runs.iter().map(|run| observe(&layout.run(*run), machine, now)).collect();
    }
    let begun = begun(layout)?;
    let look = |run: &RunId| {
        let is_there = begun.contains(run);
        if is_there { observe(&layout.run(*run), machine, now) } else { Ok(Observation::not_started()) }
    };
    if begun.len() < FEW {
        return runs.iter().map(look).collect();
    }
    look_at_all(runs, look)
}

/// What `look` sees of each of `things`, in their order; of many, several are looked at at a time.
///
/// # Errors
/// The first of `look`.
pub fn look_at_all<Thing: Sync, Seen: Send, Error: Send>(
    things: &[Thing],
    look: impl Fn(&Thing) -> Result<Seen, Error> + Sync,
) -> Result<Vec<Seen>, Error> {
    if things.len() < FEW {
        return things.iter().map(look).collect();
    }
    thread::scope(|scope| {
        let look = &look;
        let parts = things.chunks(things.len().div_ceil(THREADS));
        let threads: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(look).collect::<Result<Vec<_>, _>>())).collect();
        let mut all = Vec::with_capacity(things.len());
        for thread in threads {
            all.extend(thread.join().expect("invariant: looking does not panic")?);
        }
        Ok(all)
    })
}

/// The runs that have a folder. One look at the folder of all of them spares two for each run that nobody has started.
fn begun(layout: &SweepLayout) -> Result<HashSet<RunId>, FileError> {
    let folder = layout.runs();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashSet::new()),
        Err(error) => return Err(FileError::read(folder, error)),
    };
    let run = |entry: io::Result<fs::DirEntry>| match entry {
        Ok(entry) => entry.file_name().to_str().and_then(|name| name.parse().ok()).map(Ok),
        Err(error) => Some(Err(FileError::read(&folder, error))),
    };
    entries.filter_map(run).collect()
}

impl<'plan> Survey<'plan> {
    /// Looks at `runs` in `layout` from `machine` at `now`.
    ///
    /// # Errors
    /// When a record cannot be read.
    pub fn of(
        layout: &SweepLayout,
        runs: &'plan [PlannedRun],
        machine: &Machine,
        now: SystemTime,
    ) -> Result<Self, FileError> {
        let ids: Vec<RunId> = runs.iter().map(|run| run.id).collect();
        let observations = observe_all(layout, &ids, machine, now)?;
        Ok(Self { runs: runs.iter().zip(observations).collect() })
    }

    /// How many stand how.
    pub fn counts(&self) -> Counts {
        Counts::of(self.runs.iter().map(|(_, observation)| &observation.state))
    }

    /// Seconds until all is done, if what goes on now goes on: the mean time of a finished run, times the runs to come,
    /// divided by those that run at a time. `None` while nothing is finished or nothing runs.
    pub fn seconds_to_come(&self) -> Option<f64> {
        let counts = self.counts();
        let finished = self.runs.iter().filter(|(_, observation)| observation.state == Observed::Done);
        let seconds: f64 = finished.map(|(_, observation)| observation.seconds()).sum();
        let mean = seconds / counts.done as f64;
        // A run that goes on is half done on average.
        let to_come = counts.to_come() as f64 - 0.5 * counts.running as f64;
        (counts.done > 0 && counts.running > 0).then(|| mean * to_come / counts.running as f64)
    }
}
