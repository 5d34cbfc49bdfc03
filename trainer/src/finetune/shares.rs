//! The tasks of a run dealt out to its ranks: each tunes some of them to their ends and hands in what it found to the
//! first one.
//!
//! Tuning takes hours where a sum over ranks takes milliseconds, and a connection that is silent for so long counts as
//! broken. So the ranks part before, and each but the first hands in a file, `shares/<number>.json` in the run's
//! directory. Each task lies in a folder of its own, which the rank that tunes it writes and no other.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use spec::layout::RunLayout;

use super::element::Found;
use crate::collective::Team;
use crate::files::{WriteError, look_afresh, remove_folder, write_json};

/// Time between two looks for the others.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// The part of a run's tasks that a rank tunes.
#[derive(Debug, Clone)]
pub struct Share {
    rank: u32,
    world: u32,
    folder: PathBuf,
}

/// What came of tasks, each with its index.
pub type Results = Vec<(usize, Found)>;

impl Share {
    /// That of this rank of `team`. The first one makes the folder and removes what an earlier attempt left in it: the
    /// ranks must meet once more before any of them hands in.
    ///
    /// # Errors
    /// When that cannot be done.
    pub fn of(team: &Team, layout: &RunLayout) -> Result<Self, WriteError> {
        let share = Self { rank: team.rank(), world: team.world(), folder: layout.shares() };
        share.begin()?;
        Ok(share)
    }

    fn begin(&self) -> Result<(), WriteError> {
        if self.rank > 0 || self.world == 1 {
            return Ok(());
        }
        remove_folder(&self.folder)?;
        fs::create_dir_all(&self.folder).map_err(|error| WriteError::new(&self.folder, error))
    }

    /// Whether the task with this index is in it.
    pub fn has(&self, index: usize) -> bool {
        index % self.world as usize == self.rank as usize
    }

    /// Hands in what came of this share, also that it was stopped; the first rank waits for all others and gets what
    /// came of all tasks, in their order. `None` if somebody asked for a stop, of whichever rank.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn hand_in(&self, own: Results, stop: &dyn Fn() -> bool) -> Result<Option<Results>, WriteError> {
        let is_stopped = |results: &Results| results.iter().any(|(_, found)| *found == Found::Stopped);
        if self.rank > 0 {
            write_json(&self.paper(self.rank), &own)?;
            return Ok(Some(own).filter(|own| !is_stopped(own)));
        }
        let mut all = own;
        let mut awaited: Vec<u32> = (1..self.world).collect();
        // Whoever started the ranks ends this one, too, when another has failed.
        while !awaited.is_empty() && !is_stopped(&all) {
            if stop() {
                return Ok(None);
            }
            look_afresh(&self.folder);
            awaited.retain(|rank| match self.read(*rank) {
                Some(results) => {
                    all.extend(results);
                    false
                }
                None => true,
            });
            if !awaited.is_empty() {
                thread::sleep(BETWEEN_LOOKS);
            }
        }
        if is_stopped(&all) {
            return Ok(None);
        }
        remove_folder(&self.folder)?;
        all.sort_by_key(|(index, _)| *index);
        Ok(Some(all))
    }

    fn paper(&self, rank: u32) -> PathBuf {
        self.folder.join(format!("{rank}.json"))
    }

    /// What a rank handed in, once it is there whole.
    fn read(&self, rank: u32) -> Option<Results> {
        serde_json::from_slice(&fs::read(self.paper(rank)).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(rank: u32, world: u32, layout: &RunLayout) -> Share {
        Share { rank, world, folder: layout.shares() }
    }

    fn missing(why: &str) -> Found {
        Found::Missing(why.to_owned())
    }

    #[test]
    fn every_task_is_in_one_share() {
        let layout = RunLayout::new("r");
        for world in [1, 2, 3, 8] {
            let shares: Vec<Share> = (0..world).map(|rank| share(rank, world, &layout)).collect();
            assert!((0..11).all(|task| shares.iter().filter(|share| share.has(task)).count() == 1));
        }
    }

    #[test]
    fn the_first_gets_what_all_found_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path());
        fs::create_dir_all(layout.shares()).unwrap();
        let first = share(0, 3, &layout);
        let own = vec![(1, missing("b"))];
        assert_eq!(share(1, 3, &layout).hand_in(own.clone(), &|| false).unwrap(), Some(own));
        assert_eq!(first.hand_in(vec![], &|| true).unwrap(), None, "rank 2 was not waited for");
        let all = thread::scope(|scope| {
            let waiting = scope.spawn(|| first.hand_in(vec![(0, missing("a")), (3, missing("d"))], &|| false).unwrap());
            share(2, 3, &layout).hand_in(vec![(2, missing("c"))], &|| false).unwrap();
            waiting.join().unwrap().unwrap()
        });
        assert_eq!(all, ["a", "b", "c", "d"].map(missing).into_iter().enumerate().collect::<Results>());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(
            share(0, 1, &layout).hand_in(vec![], &|| true).unwrap(),
            Some(vec![]),
            "alone there is nobody to wait for"
        );
    }

    #[test]
    fn one_that_was_stopped_stops_the_first_and_an_earlier_attempt_is_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let layout = RunLayout::new(folder.path());
        fs::create_dir_all(layout.shares()).unwrap();
        let (first, second) = (share(0, 3, &layout), share(1, 3, &layout));
        assert_eq!(second.hand_in(vec![(1, Found::Stopped)], &|| false).unwrap(), None);
        // Rank 2 tunes for hours.
        assert_eq!(first.hand_in(vec![(0, missing("a"))], &|| false).unwrap(), None);
        first.begin().unwrap();
        assert_eq!(second.read(1), None);
        assert_eq!(second.hand_in(vec![(1, missing("b"))], &|| false).unwrap(), Some(vec![(1, missing("b"))]));
    }
}
