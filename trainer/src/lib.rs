//! The trainer: turns one `run.json` into curves, results and a checkpoint.

pub mod feed_forward;
pub mod model;
pub mod parameters;
pub mod streams;
