//! seedbed: from a sweep file to runs, and from runs to a report.

pub mod array;
pub mod cli;
pub mod commands;
pub mod env;
pub mod error;
pub mod files;
pub mod lease;
pub mod ledger;
pub mod local;
pub mod locate;
pub mod output;
pub mod plan;
pub mod results;
pub mod signals;
pub mod state;
pub mod story;
pub mod supervise;
pub mod survey;
pub mod sweep;
pub mod writer;
