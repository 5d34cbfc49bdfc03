//! From what a person writes to the sweep or run that is meant.

use std::fs;
use std::path::{Path, PathBuf};

use spec::ExitCode;
use spec::layout::SweepLayout;
use spec::plan::{Plan, PlannedRun};

use crate::error::CliError;
use crate::files::{FileError, read_record};
use crate::sweep::{sweep_directory, sweep_name};

/// A sweep that was frozen: its directory and its plan.
#[derive(Debug, Clone)]
pub struct FrozenSweep {
    /// The directory.
    pub layout: SweepLayout,
    /// The plan.
    pub plan: Plan,
}

/// A run that a person named, in its sweep.
#[derive(Debug, Clone)]
pub struct NamedRun {
    /// The sweep.
    pub sweep: FrozenSweep,
    /// The run.
    pub run: PlannedRun,
}

/// Why it is not clear what is meant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocateError {
    /// Nothing is there.
    #[error("there is no sweep here: neither {} nor a directory in {} has a plan.json", here.display(), sweeps.display())]
    NoSweep {
        /// Where was looked.
        here: PathBuf,
        /// Where else.
        sweeps: PathBuf,
    },
    /// More than one sweep is there.
    #[error("there are several sweeps here: {0}")]
    SeveralSweeps(String),
    /// The sweep was never frozen.
    #[error("nothing was started yet for the sweep {name}: there is no {}", plan.display())]
    NotFrozen {
        /// The sweep.
        name: String,
        /// The plan that is missing.
        plan: PathBuf,
    },
    /// A sweep or its directory that is not there.
    #[error("{} is neither a sweep file nor the directory of a sweep", .0.display())]
    Neither(PathBuf),
    /// The text is no beginning of an id.
    #[error("`{0}` is not the beginning of a run's id: an id has 16 digits from 0-9 and a-f")]
    NoId(String),
    /// No run has that id.
    #[error("no run has an id that begins with `{text}` in {places}")]
    NoRun {
        /// What was written.
        text: String,
        /// Where was looked.
        places: String,
    },
    /// Several runs have that id.
    #[error("several runs have an id that begins with `{text}`:\n{list}")]
    SeveralRuns {
        /// What was written.
        text: String,
        /// Them, a line each.
        list: String,
    },
}

impl From<LocateError> for CliError {
    fn from(error: LocateError) -> Self {
        let hint = match &error {
            LocateError::NoSweep { .. } => "name a sweep file or the directory of a sweep",
            LocateError::SeveralSweeps(_) => "name one of them",
            LocateError::NotFrozen { .. } => "`seedbed run` starts it here, `seedbed submit` on a cluster",
            LocateError::Neither(_) => {
                "a sweep file is TOML; the directory of a sweep has a plan.json; a table of results is a file NAME.csv or NAME.tsv, or - \
                 for standard input"
            }
            LocateError::NoId(_) | LocateError::NoRun { .. } => {
                "`seedbed plan` and `seedbed status --runs` list the ids"
            }
            LocateError::SeveralRuns { .. } => "write more digits, or name the sweep",
        };
        Self::new(ExitCode::Usage, error).hint(hint)
    }
}

/// The sweep that `name` means: a sweep file, the directory of a sweep, or, without a name, the one sweep that is here.
///
/// # Errors
/// When none or several are meant, or it cannot be read.
pub fn sweep(name: Option<&Path>, root: Option<&Path>) -> Result<FrozenSweep, CliError> {
    let Some(name) = name else {
        let mut found = sweeps_here(root)?;
        return match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                found.push(last);
                let names: Vec<&str> = found.iter().map(|sweep| sweep.plan.sweep.as_str()).collect();
                Err(LocateError::SeveralSweeps(names.join(", ")).into())
            }
            (None, _) => Err(nothing_here(root).into()),
        };
    };
    if name.is_dir() {
        let layout = SweepLayout::new(name);
        return if layout.plan().is_file() {
            frozen(layout)
        } else {
            Err(LocateError::Neither(name.to_owned()).into())
        };
    }
    if name.is_file() {
        let title = sweep_name(name)?;
        let layout = SweepLayout::new(sweep_directory(name, &title, root));
        return if layout.plan().is_file() {
            frozen(layout)
        } else {
            Err(LocateError::NotFrozen { name: title, plan: layout.plan() }.into())
        };
    }
    let in_root = sweeps_folder(root).join(name);
    if in_root.is_dir() { sweep(Some(&in_root), root) } else { Err(LocateError::Neither(name.to_owned()).into()) }
}

/// The run whose id begins with `text`, in the sweep `name` or in any that is here.
///
/// # Errors
/// When none or several are meant, or a sweep cannot be read.
pub fn run(text: &str, name: Option<&Path>, root: Option<&Path>) -> Result<NamedRun, CliError> {
    let is_beginning =
        !text.is_empty() && text.len() <= 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if !is_beginning {
        return Err(LocateError::NoId(text.to_owned()).into());
    }
    let sweeps = match name {
        Some(_) => vec![sweep(name, root)?],
        None => sweeps_here(root)?,
    };
    if sweeps.is_empty() {
        return Err(nothing_here(root).into());
    }
    let places: Vec<&str> = sweeps.iter().map(|sweep| sweep.plan.sweep.as_str()).collect();
    let none = LocateError::NoRun { text: text.to_owned(), places: places.join(", ") };
    let mut meant: Vec<NamedRun> = sweeps.iter().flat_map(|sweep| runs_that_begin(text, sweep)).collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(none.into()),
        (Some(last), false) => {
            meant.push(last);
            let line =
                |named: &NamedRun| format!("  {}  {}: {}", named.run.id, named.sweep.plan.sweep, label(&named.run));
            let list = meant.iter().map(line).collect::<Vec<_>>().join("\n");
            Err(LocateError::SeveralRuns { text: text.to_owned(), list }.into())
        }
    }
}

/// A short name of a planned run for people: its levels and its seed.
pub fn label(run: &PlannedRun) -> String {
    spec::run::label(&run.levels, run.seed)
}

fn runs_that_begin(text: &str, sweep: &FrozenSweep) -> Vec<NamedRun> {
    let runs = sweep.plan.runs.iter().filter(|run| run.id.to_string().starts_with(text));
    runs.map(|run| NamedRun { sweep: sweep.clone(), run: run.clone() }).collect()
}

/// The sweeps that are here: the current directory, if it is one, else those of the root, by name.
fn sweeps_here(root: Option<&Path>) -> Result<Vec<FrozenSweep>, CliError> {
    let here = SweepLayout::new(".");
    if root.is_none() && here.plan().is_file() {
        return Ok(vec![frozen(here)?]);
    }
    let folder = sweeps_folder(root);
    let mut directories: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    directories.sort();
    directories.into_iter().map(SweepLayout::new).filter(|layout| layout.plan().is_file()).map(frozen).collect()
}

fn sweeps_folder(root: Option<&Path>) -> PathBuf {
    root.map_or_else(|| PathBuf::from("sweeps"), Path::to_owned)
}

fn nothing_here(root: Option<&Path>) -> LocateError {
    let here = std::path::absolute(".").unwrap_or_else(|_| PathBuf::from("."));
    LocateError::NoSweep { here, sweeps: sweeps_folder(root) }
}

fn frozen(layout: SweepLayout) -> Result<FrozenSweep, CliError> {
    let plan: Plan = read_record(&layout.plan()).map_err(|error: FileError| CliError::from(error))?;
    Ok(FrozenSweep { layout, plan })
}
