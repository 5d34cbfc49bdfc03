//! Slurm as types: what is sent to it (scripts, array ranges) and what it answers (states, tables).
//!
//! The crate knows nothing of sweeps. All of it but the transports is pure: text goes in, text comes out. Read in this
//! order:
//!
//! 1. [`quoting`]: the one function that every string passes on its way to a shell or an
//!    `#SBATCH` line.
//! 2. [`name`] and [`resources`]: validated names and quantities, as a person writes them and as
//!    Slurm reads them.
//! 3. [`mod@array`]: sets of array indices, their compressed text, and the cutting of a long list into
//!    slices that a cluster accepts.
//! 4. [`script`]: a typed batch script and its text.
//! 5. [`job_id`] and [`state`]: what Slurm calls a job, how a job stands, why it waits, how it
//!    ended.
//! 6. [`parse`]: pure parsers of what `sbatch`, `squeue`, `sacct`, `sacctmgr`, `scontrol` and
//!    `sinfo` print.
//! 7. [`transport`]: how a command is run, here or elsewhere. Nothing else in the crate does I/O.
//! 8. [`client`]: what is asked of Slurm and told to it, a method each.
//!
//! # Invariants
//!
//! - A value that exists is valid: every public newtype is checked where it is made, and a script
//!   that was built can be sent.
//! - No parser panics, and none allocates out of proportion to its input and Slurm's own limits.
//! - A query that failed is an error and never an empty answer; an answer that was cut is an error;
//!   a word that is not known stays what it is ([`state::JobState::Unknown`]).
//! - The same values give the same bytes.

pub mod array;
pub mod client;
pub mod job_id;
pub mod name;
pub mod parse;
pub mod quoting;
pub mod resources;
pub mod script;
pub mod state;
pub mod transport;
mod value;

pub use value::ValueError;
