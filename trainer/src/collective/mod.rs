//! One run on several devices: data parallel.
//!
//! Every *rank* is a process with the whole model and a device of its own. The forward passes of a step are dealt out
//! to the ranks, their gradients are summed, and every rank makes the same update; so any number of ranks trains on the
//! batches that one would see, with the same masks, dropout and divisors, and a run may go on with another number. Rank
//! 0 alone writes, but for tasks of fine-tuning, each of which is one rank's.
//!
//! - [`leader`]: starts the ranks of a run on this machine, and makes one end of theirs; [`spread`] does so on several
//!   nodes of a Slurm cluster, with a [`task`] for each and a [`meeting`] of all; [`end`] tells which end explains the
//!   others.
//! - [`call`], [`ranks`], [`rendezvous`]: how a rank learns who it is and finds the others.
//! - [`team`]: the ranks as one of them sees them, and [`Collective`], the way in which they exchange tensors:
//!   NCCL between GPUs, [`sockets`] between processes of one machine without.
//! - [`sums`]: the gradients, summed in parts while the backward pass makes the rest.
//! - [`trial`]: whether NCCL works on the GPUs of this machine, for `seedbed-trainer inspect --collective`.

pub mod call;
pub mod end;
pub mod error;
mod gpu;
pub mod leader;
mod meeting;
pub mod ranks;
pub mod rendezvous;
pub mod sockets;
pub mod spread;
pub mod sums;
pub mod task;
pub mod team;
pub mod trial;

pub use error::CollectiveError;
pub use sums::GradientSums;
pub use team::{Collective, Team};
