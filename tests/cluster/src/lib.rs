//! A real Slurm cluster on one machine: some nodes with four pretended GPUs each, a controller, accounts in a real
//! database.
//!
//! Everything lies in one temporary folder and listens on ports of its own, so that several clusters live side by side
//! and beside a real one. Read in this order: [`options`] (what can be chosen), [`configuration`] (the files that Slurm
//! reads), [`daemon`] (one process, from start to end), [`foundation`] (what is there before Slurm), [`mod@cluster`]
//! (all of them, and the hands to disturb them with).
//!
//! Invariants: every process is known by its pid and stopped with the cluster, also when a test panics; if the owner is
//! killed, the kernel kills the daemons; nothing outside the folder is written.

mod cluster;
mod configuration;
mod daemon;
mod error;
mod foundation;
mod options;

pub use crate::cluster::Cluster;
pub use crate::error::ClusterError;
pub use crate::options::Options;
