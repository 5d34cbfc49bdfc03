//! End-to-end tests on a real Slurm: four nodes with four pretended GPUs each, accounts, and everything that goes wrong.
//!
//! Each test has a sweep of its own; the cluster is shared by those that run at the same time, and stopped with the last.
//! What is tested is in `submission`, `surprises` and `steering`; `bench` holds the sweep and the hands to disturb it with.

mod bench;
mod remote;
mod steering;
mod submission;
mod surprises;
