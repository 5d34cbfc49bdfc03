//! seedbed: from a sweep file to runs, and from runs to a report.

use std::process::ExitCode;

use clap::Parser as _;
use launcher::{cli, output};

fn main() -> ExitCode {
    let arguments = cli::Cli::parse();
    match cli::dispatch(&arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::talk(error.render().trim_end());
            error.exit().into()
        }
    }
}
