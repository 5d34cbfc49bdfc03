//! What a supervisor and a trainer promise each other.
//!
//! The supervisor starts the trainer in a process group of its own, in the run's directory, with `run.json` in it and
//! the variables below set. The trainer writes `metrics.csv`, `results.csv` and its checkpoints there and nowhere else.
//! On SIGTERM or SIGUSR2 it checkpoints and leaves with [`crate::ExitCode::Resume`]; a diverged run leaves with
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
/// The folder in which the ranks of a run on several devices find each other, made by whoever starts them and used for
/// one start only. Unset, the run has one rank; [`RANK`] and [`RANKS`] must then be unset, too.
pub const RENDEZVOUS: &str = "SEEDBED_RENDEZVOUS";
/// Which rank a trainer is, from 0. Where only the rendezvous is given, the rank is the number of the task of a Slurm
/// step.
pub const RANK: &str = "SEEDBED_RANK";
/// How many ranks the run has.
pub const RANKS: &str = "SEEDBED_RANKS";
/// Which rank a trainer is on its machine, from 0.
pub const LOCAL_RANK: &str = "SEEDBED_LOCAL_RANK";
/// How many ranks are on its machine.
pub const LOCAL_RANKS: &str = "SEEDBED_LOCAL_RANKS";
/// Seconds that ranks wait for each other.
pub const PATIENCE: &str = "SEEDBED_RANK_PATIENCE";
/// Path of the built-in trainer, where it does not lie beside the launcher.
pub const TRAINER: &str = "SEEDBED_TRAINER";

/// Arguments of the built-in trainer for the run in `directory`, which so many ranks on so many nodes share.
pub fn builtin_arguments(directory: &std::path::Path, ranks: u32, nodes: u32) -> Vec<std::ffi::OsString> {
    let mut arguments = vec!["run".into(), "--dir".into(), directory.into()];
    if ranks > 1 {
        arguments.extend(["--ranks".into(), ranks.to_string().into()]);
    }
    if nodes > 1 {
        arguments.extend(["--nodes".into(), nodes.to_string().into()]);
    }
    arguments
}
