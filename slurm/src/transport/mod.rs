//! How a command of Slurm is run: here, or on a machine where Slurm is.
//!
//! A [`Transport`] carries an [`Errand`] to its end and brings back what it left. Read [`errand`] for the two,
//! [`local`] for commands of this machine, [`fence`] for how a command is carried out by the shell at the other end of
//! any connection, [`ssh`] for the two ways to such a connection, [`files`] for carrying files by errands.
//!
//! Invariants: an error means that the command surely was not started; whatever may have been started leaves
//! [`Remains`], and a command that did not end by itself, or whose end was not seen, has no exit code. A command starts
//! only when it is known to have all of its input: half a batch script is never submitted. No variable of a job, or of
//! a client command, leaks into another. Nothing waits longer than its patience.

mod errand;
mod fence;
pub mod files;
mod local;
pub mod ssh;

pub use errand::{Errand, Output, Remains, Transport, TransportError};
pub use local::Local;
