//! What a supervisor and a trainer promise each other.
//!
//! The supervisor starts the trainer in a process group of its own, in the run's directory, with `run.json` in it and the
//! variables below set. The trainer writes `metrics.csv`, `results.csv` and its checkpoints there and nowhere else. On SIGTERM
//! or SIGUSR2 it checkpoints and leaves with [`crate::ExitCode::Resume`]; a diverged run leaves with
//! [`crate::ExitCode::Diverged`]; a finished one with [`crate::ExitCode::Done`], its `results.csv` complete.

/// Absolute path of the run's directory.
pub const RUN_DIRECTORY: &str = "SEEDBED_RUN_DIR";
/// The run's seed.
pub const SEED: &str = "SEEDBED_SEED";
/// `1` when an earlier attempt may have left a checkpoint, else `0`.
pub const RESUME: &str = "SEEDBED_RESUME";
/// The attempt, from 1.
pub const ATTEMPT: &str = "SEEDBED_ATTEMPT";
/// Processor threads that the run may use.
pub const THREADS: &str = "SEEDBED_THREADS";
/// Path of the built-in trainer, where it does not lie beside the launcher.
pub const TRAINER: &str = "SEEDBED_TRAINER";

/// Arguments of the built-in trainer for the run in `directory`.
pub fn builtin_arguments(directory: &std::path::Path) -> [std::ffi::OsString; 3] {
    ["run".into(), "--dir".into(), directory.into()]
}
