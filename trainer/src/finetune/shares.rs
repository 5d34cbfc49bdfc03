//! The tasks of a run dealt out to its ranks: each tunes some of them to their ends, and the first one waits for the others.
//!
//! Tuning takes hours where a sum over ranks takes milliseconds, and a connection that is silent for so long counts as broken. So
//! the ranks part before, and tell each other by files: `evaluation/ranks/<number>` says that a rank has done its share. Each task
//! lies in a folder of its own that one rank writes.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use crate::collective::Team;
use crate::files::WriteError;

/// Time between two looks for the others.
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// The part of a run's tasks that a rank tunes.
#[derive(Debug, Clone)]
pub struct Share {
    rank: u32,
    world: u32,
    folder: PathBuf,
}

impl Share {
    /// That of this rank of `team`, of the run in `directory`. The first one removes what an earlier attempt left there: the ranks must
    /// meet once more before any of them has done its share.
    ///
    /// # Errors
    /// When that cannot be removed.
    pub fn of(team: &Team, directory: &Path) -> Result<Self, WriteError> {
        let share = Self { rank: team.rank(), world: team.world(), folder: directory.join(".ranks") };
        if share.is_first() {
            share.clear()?;
        }
        Ok(share)
    }

    /// Whether it is that of the rank which writes the run's results.
    pub fn is_first(&self) -> bool {
        self.rank == 0
    }

    /// Whether the task with this index is in it.
    pub fn has(&self, index: usize) -> bool {
        index % self.world as usize == self.rank as usize
    }

    /// Says that this rank has done its share; the first one then waits until all others have. False if somebody asked for a stop.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn done(&self, stop: &dyn Fn() -> bool) -> Result<bool, WriteError> {
        if !self.is_first() {
            let path = self.mark(self.rank);
            fs::create_dir_all(&self.folder)
                .and_then(|()| fs::write(&path, ""))
                .map_err(|e| WriteError::new(&path, e))?;
            return Ok(true);
        }
        // Whoever started the ranks ends this one, too, when another has failed.
        while !(1..self.world).all(|rank| self.mark(rank).exists()) {
            if stop() {
                return Ok(false);
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        self.clear()?;
        Ok(true)
    }

    fn mark(&self, rank: u32) -> PathBuf {
        self.folder.join(rank.to_string())
    }

    fn clear(&self) -> Result<(), WriteError> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError::new(&self.folder, error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rank: u32, world: u32, directory: &Path) -> Share {
        Share { rank, world, folder: directory.join(".ranks") }
    }

    #[test]
    fn every_task_is_in_one_share() {
        for world in [1, 2, 3, 8] {
            let shares: Vec<Share> = (0..world).map(|rank| share(rank, world, Path::new("e"))).collect();
            assert!((0..11).all(|task| shares.iter().filter(|share| share.has(task)).count() == 1));
        }
    }

    #[test]
    fn the_first_waits_for_all_others_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let first = share(0, 3, folder.path());
        assert!(share(2, 3, folder.path()).done(&|| false).unwrap());
        assert!(!first.done(&|| true).unwrap(), "rank 1 was not waited for");
        thread::scope(|scope| {
            let waiting = scope.spawn(|| first.done(&|| false).unwrap());
            assert!(share(1, 3, folder.path()).done(&|| false).unwrap());
            assert!(waiting.join().unwrap());
        });
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(share(0, 1, folder.path()).done(&|| true).unwrap(), "alone there is nobody to wait for");
    }
}
