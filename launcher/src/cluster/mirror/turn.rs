//! One process at a time fetches into a mirror: two could put what one has read before in place of what the other has
//! read since.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::cluster::error::ClusterError;
use crate::files::{FileError, create_directory};

/// How long another process may be fetching already.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until no other process fetches into the mirror of this `record`, and keeps others waiting until it is dropped.
pub(super) fn turn(record: &Path) -> Result<File, ClusterError> {
    let path = record.with_extension("lock");
    create_directory(path.parent().unwrap_or(Path::new(".")))?;
    let lock = File::create(&path).map_err(|error| FileError::write(&path, error))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(100));
            }
            Err(TryLockError::WouldBlock) => return Err(ClusterError::Fetching { lock: path }),
            // A file system without locks: one at a time is then left to the person.
            Err(TryLockError::Error(error)) if !is_without_locks(&error) => {
                return Err(FileError::write(&path, error).into());
            }
            _ => return Ok(lock),
        }
    }
}

fn is_without_locks(error: &std::io::Error) -> bool {
    error.kind() == ErrorKind::Unsupported || error.raw_os_error() == Some(rustix::io::Errno::NOLCK.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fetches_of_one_site_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let record = folder.path().join("mirror/far.json");
        let first = turn(&record).unwrap();
        let other = File::open(record.with_extension("lock")).unwrap();
        assert!(matches!(other.try_lock(), Err(TryLockError::WouldBlock)));
        drop(first);
        other.try_lock().unwrap();
    }
}
