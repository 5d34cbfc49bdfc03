//! From tidy results to statistics to a report.
//!
//! This room reads CSV and JSON, computes, and writes a report. It never trains, never prints and knows no network
//! library.
//!
//! Read in this order:
//!
//! 1. [`results`]: what was measured, from the directory of a sweep or from anyone's table, as one typed [`Results`].
//! 2. [`statistics`]: one procedure a file, each with its formula, its assumptions and its source; `docs/procedures.md`
//!    lists them with what each was compared with.
//! 3. [`report`]: every number that a reader sees, as one [`Report`].
//! 4. [`planning`]: what a study could find, before it is run.
//! 5. [`plot`] and [`render`]: the report as HTML, Markdown, CSV, JSON and text. They choose words and places, never
//!    numbers.
//!
//! Invariants: the same input gives the same bytes, in any order of rows; no clock is read; a run counts only while its
//! record says that it is done and its results match the digest there; every run that does not count is listed with its
//! cause; no number that is not finite leaves this room. What benchmarks measure of a run later has no digest: it is
//! read as it stands, and a file of it that cannot be read is told and costs the run nothing else.

pub mod number;
pub mod planning;
pub mod plot;
pub mod render;
pub mod report;
pub mod results;
pub mod statistics;

mod error;
mod nearest;

pub use crate::error::{AnalysisError, Place};
pub use crate::render::write::Written;
pub use crate::report::Report;
pub use crate::results::table::TableOptions;
pub use crate::results::{Duplicates, Results};
