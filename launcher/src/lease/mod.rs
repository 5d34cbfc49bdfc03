//! One holder at a time, across processes and machines, on any file system that can make a hard link or rename without
//! replacing.
//!
//! A lease is a file that names its holder. A run's claim is one, a sweep's lock is another. Read [`holder`] for who
//! holds and whether it lives, [`mod@file`] for how a lease is taken, kept and given back, [`upkeep`] for how often it
//! is kept.
//!
//! Invariants: the file is complete from its first moment; only a dead holder is replaced; a holder that was taken for
//! dead sees at its next look that the lease is no longer its own, and writes nothing more.

mod file;
mod holder;
mod process;
mod upkeep;

pub use self::file::{Acquired, Lease, LeaseError, look, look_now};
pub use self::holder::{Holder, RENEWAL, STALE};
pub use self::process::Machine;
pub use self::upkeep::Upkeep;
