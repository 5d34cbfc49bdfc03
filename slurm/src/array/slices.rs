//! Cutting a long list of tasks into arrays that a cluster accepts.

use std::num::NonZeroU32;

use super::MAX_INDEX;

/// What bounds one array, and all that is submitted now.
///
/// `MaxArraySize` bounds the index and not the number of tasks: the largest index is one less. So
/// every slice starts again at index 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SliceLimits {
    /// `MaxArraySize` of `slurm.conf`; 0 means that the cluster takes no arrays.
    pub max_array_size: u32,
    /// `max_array_tasks` of `SchedulerParameters`: the most tasks in one array.
    pub max_array_tasks: Option<u32>,
    /// How many more tasks the user may have queued: what is left of `MaxSubmitJobs`.
    pub submit_room: Option<u32>,
    /// How many tasks may run at once, over all slices.
    pub throttle: Option<NonZeroU32>,
}

impl SliceLimits {
    /// The limits of a cluster of which nothing else is known.
    pub fn of_array_size(max_array_size: u32) -> Self {
        Self { max_array_size, max_array_tasks: None, submit_room: None, throttle: None }
    }
}

/// One array: the tasks from `start` on, as indices 0 to `len - 1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Position in the whole list of the task with index 0.
    pub start: usize,
    /// The number of tasks, at least one.
    pub len: u32,
    /// The slice's share of the throttle.
    pub throttle: Option<NonZeroU32>,
}

/// What can be submitted now, and how much has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlicePlan {
    /// The arrays to submit, in order.
    pub slices: Vec<Slice>,
    /// Tasks at the end of the list for which there is no room yet.
    pub waiting: usize,
}

/// A list of tasks that cannot be submitted as arrays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SliceError {
    /// The cluster takes no arrays.
    #[error("the cluster takes no job arrays: {limit} is 0")]
    ArraysOff {
        /// The setting at fault.
        limit: &'static str,
    },
}

/// Cuts `count` tasks into the fewest slices within the limits.
///
/// The throttle is shared out evenly, because Slurm applies it to each array by itself; every
/// slice gets at least 1, so with more slices than throttle the sum is the number of slices.
///
/// # Errors
/// A limit forbids arrays altogether. No room left is no error: everything waits.
pub fn slice(count: usize, limits: SliceLimits) -> Result<SlicePlan, SliceError> {
    let largest = largest_slice(limits)? as usize;
    let room = limits.submit_room.map_or(count, |room| count.min(room as usize));
    let pieces = room.div_ceil(largest);
    let slices = (0..pieces)
        .map(|piece| {
            let start = piece * largest;
            Slice {
                start,
                len: (room - start).min(largest) as u32,
                throttle: limits.throttle.map(|throttle| share(throttle, piece, pieces)),
            }
        })
        .collect();
    Ok(SlicePlan { slices, waiting: count - room })
}

fn largest_slice(limits: SliceLimits) -> Result<u32, SliceError> {
    if limits.max_array_size == 0 {
        return Err(SliceError::ArraysOff { limit: "MaxArraySize" });
    }
    if limits.max_array_tasks == Some(0) {
        return Err(SliceError::ArraysOff { limit: "max_array_tasks" });
    }
    let size = limits.max_array_size.min(MAX_INDEX + 1);
    Ok(limits.max_array_tasks.map_or(size, |tasks| tasks.min(size)))
}

fn share(throttle: NonZeroU32, piece: usize, pieces: usize) -> NonZeroU32 {
    let whole = throttle.get() as usize;
    let extra = usize::from(piece < whole % pieces);
    NonZeroU32::new((whole / pieces + extra) as u32).unwrap_or(NonZeroU32::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slices_start_at_zero_and_fit_the_largest_index() {
        let plan = slice(130, SliceLimits::of_array_size(64)).unwrap();
        let shapes: Vec<_> = plan.slices.iter().map(|slice| (slice.start, slice.len)).collect();
        assert_eq!(shapes, [(0, 64), (64, 64), (128, 2)]);
        assert_eq!(plan.waiting, 0);
    }

    #[test]
    fn what_exceeds_the_room_waits() {
        let limits = SliceLimits {
            max_array_tasks: Some(50),
            submit_room: Some(70),
            throttle: NonZeroU32::new(5),
            ..SliceLimits::of_array_size(1001)
        };
        let plan = slice(100, limits).unwrap();
        assert_eq!(plan.waiting, 30);
        let shapes: Vec<_> = plan.slices.iter().map(|slice| (slice.len, slice.throttle.map(NonZeroU32::get))).collect();
        assert_eq!(shapes, [(50, Some(3)), (20, Some(2))]);
        let none = slice(100, SliceLimits { submit_room: Some(0), ..limits }).unwrap();
        assert_eq!(none, SlicePlan { slices: Vec::new(), waiting: 100 });
    }

    #[test]
    fn a_cluster_without_arrays_is_an_error() {
        let error = slice(1, SliceLimits::of_array_size(0)).unwrap_err();
        assert_eq!(error, SliceError::ArraysOff { limit: "MaxArraySize" });
    }

    proptest! {
        #[test]
        fn every_task_is_in_one_slice_or_waits(
            count in 0_usize..5000,
            size in 1_u32..300,
            room in proptest::option::of(0_u32..6000),
            throttle in proptest::option::of(1_u32..100),
        ) {
            let limits = SliceLimits {
                submit_room: room,
                throttle: throttle.and_then(NonZeroU32::new),
                ..SliceLimits::of_array_size(size)
            };
            let plan = slice(count, limits).unwrap();
            let mut next = 0;
            let mut running = 0;
            for slice in &plan.slices {
                prop_assert_eq!(slice.start, next);
                prop_assert!(slice.len >= 1 && slice.len <= size);
                next += slice.len as usize;
                running += slice.throttle.map_or(0, NonZeroU32::get) as usize;
            }
            prop_assert_eq!(next + plan.waiting, count);
            prop_assert!(room.is_none_or(|room| next <= room as usize));
            if let Some(throttle) = throttle && !plan.slices.is_empty() {
                prop_assert_eq!(running, (throttle as usize).max(plan.slices.len()));
            }
        }
    }
}
