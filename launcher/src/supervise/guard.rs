//! How a trainer is tied to its supervisor: if the supervisor is killed, the kernel kills the trainer.
//!
//! The tie must be made inside the new process, before it becomes the trainer. Code between fork and exec would be
//! unsafe, so the supervisor starts its own program once more, which makes the tie and then turns into the trainer.

use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use rustix::process::{Signal, getppid, set_parent_process_death_signal};

use crate::env;

/// Why a process could not become a trainer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The supervisor died before the tie was made.
    #[error("the supervisor, process {0}, is gone")]
    Orphan(u32),
    /// The kernel does not know how to make the tie.
    #[error("cannot tie the trainer to its supervisor")]
    Tie(#[source] io::Error),
    /// The program cannot be started.
    #[error("cannot start `{}`", program.display())]
    Start {
        /// The program as it was named.
        program: OsString,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A command that starts a trainer, which ends when the thread does that starts it, and so must live as long as this
/// process: what goes on alone would be in the way of whoever goes on after a kill. Program and arguments are still to be
/// added, and are those of the trainer.
pub fn tied_trainer(gpu: Option<&str>) -> Command {
    // The running program itself, also when its file was replaced since it was started.
    let mut command = Command::new("/proc/self/exe");
    command.arg0("seedbed").args(["__child", "--parent"]).arg(std::process::id().to_string()).arg("--");
    command.envs(env::bounded_spin()).envs(gpu.map(|gpu| ("CUDA_VISIBLE_DEVICES", gpu)));
    command.stdin(Stdio::null()).process_group(0);
    command
}

/// Ties this process to its parent, which must be `supervisor`, and turns it into `program`. Returns only if that
/// fails.
///
/// # Errors
/// [`GuardError`].
pub fn become_trainer(supervisor: u32, program: &OsStr, arguments: &[OsString]) -> Result<Infallible, GuardError> {
    tie_to_parent(supervisor, Signal::KILL)?;
    let source = Command::new(program).args(arguments).exec();
    Err(GuardError::Start { program: program.to_owned(), source })
}

/// Asks the kernel for `signal` when the parent of this process dies. It may come more than once: as the threads of the
/// parent die one after the other, each hands its children on to the next.
///
/// # Errors
/// [`GuardError::Orphan`] when the parent is no longer `parent`.
pub fn tie_to_parent(parent: u32, signal: Signal) -> Result<(), GuardError> {
    set_parent_process_death_signal(Some(signal)).map_err(|error| GuardError::Tie(error.into()))?;
    // A parent that died before the call sends nothing, but then somebody else is the parent by now.
    let actual = getppid().map(|pid| pid.as_raw_nonzero().get());
    if actual.map(i32::cast_unsigned) == Some(parent) { Ok(()) } else { Err(GuardError::Orphan(parent)) }
}
