//! seedbed: from a sweep file to runs, and from runs to a report.

pub mod error;
pub mod sweep;
