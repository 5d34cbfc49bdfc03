//! One process at a time carries out a run: two would cut `metrics.csv` and the checkpoints under each other.
//!
//! The launcher's claim of a run keeps its supervisors apart, on all machines; this keeps apart what supervisors start
//! and what a person starts by hand, on one. The lock lies on the run's directory, which nobody replaces, and goes with
//! the process, however it ends. Of several ranks their leader has it.

use std::fs::{File, TryLockError};

use spec::layout::RunLayout;
use spec::{ExitCode, Failure};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "held, not read")] Option<File>);

/// Takes the run in `layout` for this process. On a file system without locks nobody is kept off.
///
/// # Errors
/// [`ExitCode::Busy`] when another process of this machine has it.
pub fn alone(layout: &RunLayout) -> Result<Alone, Failure> {
    let Ok(directory) = File::open(layout.directory()) else { return Ok(Alone(None)) };
    match directory.try_lock() {
        Ok(()) => Ok(Alone(Some(directory))),
        Err(TryLockError::WouldBlock) => {
            let words = format!("another process carries out the run in {}", layout.directory().display());
            Err(Failure::new(ExitCode::Busy, words).hint("wait for it, or stop it"))
        }
        Err(TryLockError::Error(_)) => Ok(Alone(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_carried_out_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path());
        let first = alone(&layout).unwrap();
        // Whoever writes run.json anew replaces it.
        std::fs::write(layout.spec(), "{}").unwrap();
        assert_eq!(alone(&layout).unwrap_err().exit(), ExitCode::Busy);
        drop(first);
        assert!(alone(&layout).is_ok());
        assert!(alone(&RunLayout::new("/no/such/run")).is_ok(), "there is something else to say");
    }
}
