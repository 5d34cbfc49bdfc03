//! Which program a run is carried out by, and what it is told.

use std::env as process_env;
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Child;

use spec::layout::RunLayout;
use spec::{Program, RunSpec, contract};

use super::error::SuperviseError;
use super::guard::tied_trainer;
use super::job::Job;
use crate::files::FileError;

const TRAINER: &str = "seedbed-trainer";

/// The built-in trainer: the one that `SEEDBED_TRAINER` names, else the one beside this program, else the one on
/// `PATH`.
///
/// # Errors
/// [`SuperviseError::NoTrainer`].
pub fn locate() -> Result<PathBuf, SuperviseError> {
    let named = process_env::var_os(contract::TRAINER).map(PathBuf::from);
    if let Some(named) = named.filter(|path| !path.as_os_str().is_empty()) {
        return if named.is_file() { absolute(&named) } else { Err(SuperviseError::NoTrainer) };
    }
    let beside = process_env::current_exe().ok().and_then(|own| Some(own.parent()?.join(TRAINER)));
    let path = process_env::var_os("PATH").unwrap_or_default();
    let on_path = process_env::split_paths(&path).map(|folder| folder.join(TRAINER));
    let found = beside.into_iter().chain(on_path).find(|candidate| candidate.is_file());
    absolute(&found.ok_or(SuperviseError::NoTrainer)?)
}

fn absolute(path: &Path) -> Result<PathBuf, SuperviseError> {
    std::path::absolute(path).map_err(|source| SuperviseError::Process { what: "find the trainer", source })
}

/// Program and arguments that carry out `run` in `directory`.
pub(super) fn command(run: &RunSpec, directory: &Path) -> Result<Vec<OsString>, SuperviseError> {
    Ok(match &run.program {
        Program::Builtin(_) => {
            let mut command = vec![locate()?.into_os_string()];
            command.extend(contract::builtin_arguments(directory, run.ranks(), run.nodes()));
            command
        }
        Program::Command(command) => command.argv.iter().map(OsString::from).collect(),
    })
}

/// One start of a trainer.
pub(super) struct Errand<'a> {
    /// The job.
    pub(super) job: &'a Job,
    /// Program and arguments.
    pub(super) command: Vec<OsString>,
    /// Processor threads.
    pub(super) threads: u32,
    /// The attempt, from 1.
    pub(super) attempt: u32,
}

impl Errand<'_> {
    /// Starts the trainer: in the run's directory, in a process group of its own, tied to this process, its words in
    /// the log.
    pub(super) fn start(self, layout: &RunLayout) -> Result<Child, SuperviseError> {
        let log = layout.log(self.attempt);
        let open = || OpenOptions::new().create(true).append(true).open(&log);
        let (stdout, stderr) =
            open().and_then(|file| Ok((file.try_clone()?, file))).map_err(|error| FileError::write(&log, error))?;
        let mut child = tied_trainer(self.job.gpu.as_deref());
        child.args(&self.command).envs(self.environment()).current_dir(layout.directory());
        child.stdout(stdout).stderr(stderr);
        child.spawn().map_err(|source: io::Error| SuperviseError::Process { what: "start the trainer", source })
    }

    fn environment(&self) -> [(&'static str, OsString); 6] {
        [
            (contract::RUN_DIRECTORY, self.job.directory.clone().into_os_string()),
            (contract::SEED, self.job.spec.seed.to_string().into()),
            (contract::RESUME, if self.attempt > 1 { "1" } else { "0" }.into()),
            (contract::ATTEMPT, self.attempt.to_string().into()),
            (contract::THREADS, self.threads.to_string().into()),
            // What numeric libraries of other programs go by; without it each run would take the whole machine.
            ("OMP_NUM_THREADS", self.threads.to_string().into()),
        ]
    }
}
