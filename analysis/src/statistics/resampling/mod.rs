//! Permutation tests and the bootstrap.
//!
//! What is drawn comes from a generator that is passed in, in one thread and one order: the same seed gives the same
//! bytes.

pub mod bootstrap;
pub mod chance;
pub mod counted;
pub mod permutation;
pub mod sign_flip;
pub mod studentised;
pub mod two_way;
