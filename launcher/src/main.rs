//! seedbed: from a sweep file to runs, and from runs to a report.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use launcher::{cli, output};

fn main() -> ExitCode {
    // A write beyond the largest size of a file (`ulimit -f`) fails, as on a full disk, and does not end the process
    // without a word.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    let arguments = cli::Cli::parse();
    match cli::dispatch(&arguments) {
        Ok(exit) => exit.into(),
        Err(error) => {
            output::talk(error.render().trim_end());
            error.exit().into()
        }
    }
}
