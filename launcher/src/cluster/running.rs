//! How many tasks of a sweep may run at a time at a site: `max-running`, shared out over all of its arrays.
//!
//! Slurm bounds each array by itself. So every array gets a share, and what arrays that are in the queue may still run
//! is taken away first.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::num::NonZeroU32;

use slurm::job_id::JobNumber;
use spec::layout::SweepLayout;

use super::queue::Queue;
use super::script;

/// What is left of `max-running`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Running {
    /// `None` where the site sets no bound.
    left: Option<u32>,
}

/// What an array may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// As many as it has.
    Unbounded,
    /// So many at a time.
    AtMost(NonZeroU32),
    /// None now.
    Nothing,
}

impl Running {
    /// What is left of `most` where so many may run already.
    pub(super) fn left(most: Option<NonZeroU32>, already: u32) -> Self {
        Self { left: most.map(|most| most.get().saturating_sub(already)) }
    }

    /// The share of the next of so many `pieces`.
    pub(super) fn share(self, pieces: usize) -> Share {
        let Some(left) = self.left else { return Share::Unbounded };
        let pieces = u32::try_from(pieces.max(1)).unwrap_or(u32::MAX);
        NonZeroU32::new(left.div_ceil(pieces)).map_or(Share::Nothing, Share::AtMost)
    }

    /// Takes away what an array of so many `tasks` with this `share` may run.
    pub(super) fn take(&mut self, share: Share, tasks: u32) {
        if let (Some(left), Share::AtMost(share)) = (&mut self.left, share) {
            *left = left.saturating_sub(share.get().min(tasks));
        }
    }
}

impl Share {
    /// As the array's throttle.
    pub(super) fn throttle(self) -> Option<NonZeroU32> {
        if let Self::AtMost(share) = self { Some(share) } else { None }
    }
}

/// How many tasks the arrays that are in this `queue` may run at a time.
pub fn may_run(queue: &Queue, layout: &SweepLayout) -> u32 {
    let mut arrays: BTreeMap<JobNumber, (&str, BTreeSet<Option<u32>>)> = BTreeMap::new();
    for task in queue.tasks.values().filter(|task| task.standing.is_in_flight()) {
        let (array, index) = task.place();
        arrays.entry(array).or_insert_with(|| (task.submission.as_str(), BTreeSet::new())).1.insert(index);
    }
    let bound = |(name, tasks): (&str, BTreeSet<Option<u32>>)| {
        let tasks = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        let script = fs::read_to_string(layout.script(name)).unwrap_or_default();
        script::throttle(&script).map_or(tasks, |throttle| tasks.min(throttle.get()))
    };
    arrays.into_values().map(bound).fold(0, u32::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(most: Option<u32>, already: u32, pieces: &[u32]) -> Vec<Option<u32>> {
        let mut running = Running::left(most.and_then(NonZeroU32::new), already);
        let take = |(index, tasks): (usize, &u32)| {
            let share = running.share(pieces.len() - index);
            running.take(share, *tasks);
            (share != Share::Nothing).then(|| share.throttle().map_or(0, NonZeroU32::get))
        };
        pieces.iter().enumerate().map(take).collect()
    }

    #[test]
    fn all_arrays_together_run_no_more_than_the_site_wants() {
        assert_eq!(shares(Some(6), 0, &[64, 64, 2]), [Some(2), Some(2), Some(2)]);
        assert_eq!(shares(Some(7), 0, &[64, 64]), [Some(4), Some(3)]);
        assert_eq!(shares(Some(2), 0, &[9, 9, 9, 9]), [Some(1), Some(1), None, None]);
        // What an array has no tasks for is left to the others.
        assert_eq!(shares(Some(9), 1, &[1, 64]), [Some(4), Some(7)]);
        assert_eq!(shares(Some(9), 9, &[64]), [None]);
        assert_eq!(shares(None, 9, &[64]), [Some(0)]);
    }
}
