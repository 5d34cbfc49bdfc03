//! `seedbed __child`: the short life between a supervisor and the trainer that it starts. Not for people.

use std::convert::Infallible;
use std::ffi::OsString;

use clap::Args;
use spec::ExitCode;

use crate::error::CliError;
use crate::supervise;

/// Arguments of `seedbed __child`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Process id of the supervisor.
    #[arg(long)]
    parent: u32,
    /// The trainer and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Becomes the trainer.
///
/// # Errors
/// When the supervisor is gone already, or the trainer cannot be started.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (program, rest) = arguments.command.split_first().expect("invariant: clap demands one value at least");
    let error: Result<Infallible, _> = supervise::become_trainer(arguments.parent, program, rest);
    error.map(|never| match never {}).map_err(|error| CliError::new(ExitCode::Unavailable, error))
}
