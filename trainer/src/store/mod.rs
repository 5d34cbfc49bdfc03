//! Benchmark data: what is known by name, where it is had, and where it lies.
//!
//! Read in this order:
//!
//! 1. [`set`]: what a set of data is. [`catalogue`] knows some by name, [`described`] reads those of a person's own.
//! 2. [`lines`], [`pair`] and [`example`]: what a line must be, and everything that it may be instead.
//! 3. [`shelf`]: the store on disk, by content. Its layout is [`spec::store`], which the launcher reads too.
//! 4. [`archive`] and [`download`] (with [`mirror`]): where files come from. [`fill`] makes a set of them, with
//!    `tables` of what comes in [`parquet`]; `lacking` says what is not there.
//! 5. [`command`]: `seedbed-trainer data`; `check` looks at what is there.
//!
//! Invariants: whatever moment a process is killed at, a set is there whole or not at all; nothing that an archive says
//! is a path on this machine; the same sources give the same content.

pub mod archive;
pub mod catalogue;
mod check;
pub mod command;
pub mod described;
pub mod download;
#[cfg(test)]
mod download_tests;
pub mod error;
pub mod example;
pub mod fill;
#[cfg(test)]
mod fill_tests;
mod lacking;
pub mod lines;
pub mod mirror;
pub mod pair;
pub mod parquet;
pub mod set;
pub mod shelf;
mod tables;

pub use error::StoreError;
pub use shelf::Store;
