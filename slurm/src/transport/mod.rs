//! How a command of Slurm is run: here, or on a machine where Slurm is.
//!
//! A [`Transport`] carries an [`Errand`] to its end and brings back what it left, an [`Output`]. Read [`errand`] for the two,
//! [`local`] for commands of this machine.
//!
//! Invariants: an error means that the command surely was not started; whatever may have been started gives an output, and
//! one that did not end by itself, or whose end was not seen, has no exit code. No variable of a job, or of a client
//! command, leaks into another. Nothing waits longer than its patience.

mod errand;
mod local;

pub use errand::{Errand, Output, Transport, TransportError};
pub use local::Local;
