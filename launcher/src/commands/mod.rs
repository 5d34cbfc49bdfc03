//! The subcommands, one a file; [`steer`] holds the four that tell something to tasks, `matrix` what `status` shows,
//! and `table` and `pattern` what the command line says of tables of results.
//!
//! Each has `Arguments`, what clap reads, and `run(&Arguments) -> Result<ExitCode, CliError>`, which turns them into
//! calls of the rooms below and their answers into text by [`crate::output`]. What has a rule or a state of its own
//! lives below.

pub mod check;
pub mod child;
pub mod doctor;
pub mod evaluate;
pub mod exec;
pub mod explain;
pub mod fetch;
pub mod logs;
mod matrix;
pub mod new;
mod pattern;
pub mod plan;
pub mod power;
pub mod reconcile;
pub mod report;
pub mod retry;
pub mod run;
pub mod show;
pub mod site;
pub mod status;
pub mod steer;
pub mod submit;
mod table;
pub mod watch;
