//! Learning curves of two arms: whether they differ anywhere, and where.
//!
//! A test at every step by itself finds something somewhere far too often. [`rotation`] asks once for the whole curve,
//! and is exact for any correlation between steps; [`band`] says where, with a band that holds for all steps at once.

pub mod band;
pub mod rotation;

mod differences;
