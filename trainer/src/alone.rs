//! One process at a time carries out a run: two would cut `metrics.csv` and the checkpoints under each other.
//!
//! The launcher's claim of a run keeps its supervisors apart, on all machines; this keeps apart what supervisors start
//! and what a person starts by hand, on one. The lock lies on `run.json`, which is there anyway, and goes with the
//! process, however it ends.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;

use spec::layout::RunLayout;
use spec::{ExitCode, Failure};

/// The lock, held until it is dropped.
#[derive(Debug)]
pub struct Alone(#[expect(dead_code, reason = "held, not read")] Option<File>);

/// Takes the run in `layout` for this process.
///
/// # Errors
/// [`ExitCode::Busy`] when another process of this machine, or of one that shares a file system with locks, has it.
pub fn alone(layout: &RunLayout) -> Result<Alone, Failure> {
    let path = layout.spec();
    // Of a file that cannot be read, whoever reads it will say so. It is open for reading only: NFS locks what is open
    // for writing, and could keep the lock of a node that has died.
    let Ok(file) = File::open(&path) else { return Ok(Alone(None)) };
    match file.try_lock() {
        Ok(()) => Ok(Alone(Some(file))),
        Err(TryLockError::WouldBlock) => {
            let words = format!("another process carries out the run in {}", layout.directory().display());
            Err(Failure::new(ExitCode::Busy, words)
                .hint("wait for it, or stop it; `seedbed status` says who holds a run"))
        }
        // A file system without locks, or one that locks only what is open for writing.
        Err(TryLockError::Error(error)) if is_without_locks(&error) => Ok(Alone(None)),
        Err(TryLockError::Error(error)) => {
            Err(Failure::new(ExitCode::Unavailable, format!("cannot lock {}: {error}", path.display())))
        }
    }
}

fn is_without_locks(error: &std::io::Error) -> bool {
    let no_locks = [rustix::io::Errno::NOLCK, rustix::io::Errno::BADF, rustix::io::Errno::NOSYS];
    error.kind() == ErrorKind::Unsupported
        || no_locks.iter().any(|errno| error.raw_os_error() == Some(errno.raw_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_carried_out_once_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path());
        assert!(alone(&layout).is_ok(), "without run.json there is something else to say");
        std::fs::write(layout.spec(), "{}").unwrap();
        let first = alone(&layout).unwrap();
        let refused = alone(&layout).unwrap_err();
        assert_eq!(refused.exit(), ExitCode::Busy);
        drop(first);
        assert!(alone(&layout).is_ok());
    }
}
