//! The trainer: turns one `run.json` into curves, results and a checkpoint.

pub mod parameters;
pub mod streams;
