//! seedbed: from a sweep file to runs, and from runs to a report.
//!
//! Read in this order:
//!
//! 1. [`sweep`] and [`plan`]: from a sweep file to runs, and the plan that is frozen before the first of them.
//! 2. [`supervise`]: one run from its claim to its terminal record, around any program that keeps the contract of
//!    [`spec::contract`]. [`state`] is how a run stands, worked out from its records; [`results`] what it must leave
//!    behind.
//! 3. [`local`]: the runs of a sweep on this machine. [`writer`] is the process that may change a sweep.
//! 4. [`cluster`]: the same runs on a cluster.
//! 5. [`pack`]: several runs in one task of a cluster.
//! 6. [`evaluation`]: runs that are done are measured, here and there.
//! 7. [`files`], [`lease`], [`ledger`], [`array`](mod@array): what lies in a sweep's directory and how it is written.
//!    [`scratch`] is a job's folder on its node.
//! 8. [`cli`] and [`commands`]: from the command line to the rooms above; [`locate`], [`survey`], [`primary`] and
//!    [`story`] find, count, judge and tell what is there; [`output`] says it.
//!
//! Invariants: one writer a file, and every write is whole or not at all; whoever writes into a run holds its claim,
//! whoever writes into a sweep its lock; states are derived from records each time, never stored twice; killed at any
//! moment, the same command goes on. Only [`output`] prints; only `main` exits.

pub mod array;
pub mod cli;
pub mod cluster;
pub mod commands;
pub mod env;
pub mod error;
pub mod evaluation;
pub mod files;
pub mod lease;
pub mod ledger;
pub mod local;
pub mod locate;
pub mod output;
pub mod pack;
pub mod plan;
pub mod primary;
pub mod results;
pub mod scratch;
pub mod signals;
pub mod state;
pub mod story;
pub mod supervise;
pub mod survey;
pub mod sweep;
pub mod writer;
