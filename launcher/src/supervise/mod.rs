//! The supervisor: one run, from its claim to its terminal record.
//!
//! Read in this order: [`job`] (what is asked for), [`mod@carry_out`] (the whole way through), [`attempt`] (claim and
//! records), [`trainer`] (which program, with which environment), [`guard`] (how it is tied to its supervisor),
//! [`preflight`] (what can be seen to be missing before it starts), [`node`] (on what it is carried out), [`mod@watch`]
//! (signals, heartbeat, end), [`verdict`] (what an end means).
//!
//! Invariants: whoever writes into a run's directory holds its claim; no trainer outlives its supervisor; the terminal
//! record is written once, after everything that it speaks of, and only while the claim is still held.

mod attempt;
mod carry_out;
mod error;
mod guard;
mod job;
mod leftover;
mod log;
mod memory;
mod node;
mod preflight;
mod trainer;
mod verdict;
mod watch;

pub use self::carry_out::carry_out;
pub use self::error::SuperviseError;
pub use self::guard::{GuardError, become_trainer, tie_to_parent, tied_trainer};
pub use self::job::{Finish, Job, Retry};
pub use self::trainer::locate as locate_trainer;
pub use self::verdict::{end_in_words, exit_code};
pub use self::watch::{AHEAD, Asked, End, WATCHED, watch};
