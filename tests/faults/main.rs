//! End-to-end tests on a pretended Slurm: every fault that a real one cannot be made to show at will.
//!
//! Each test has a pretended cluster of its own, which really carries out the runs. Whatever goes wrong: every run is
//! done once, no job is doubled, no live one is taken for dead, and what was said is clear. `bench` holds the sweep and
//! the time that passes; `submission` is about the answer of sbatch, `queries` about those of the others, `endings`
//! about what becomes of tasks, `steering` about orders, `releases` about what differs between releases, `random` about
//! faults in any order.

#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod bench;
mod endings;
mod queries;
mod random;
mod releases;
mod steering;
mod submission;
