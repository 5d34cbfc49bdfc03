//! The project's own commands, as aliases of cargo: `cargo demo`, `cargo verify`, `cargo libtorch`, `cargo cluster`.
//!
//! Read in this order: `failure` (how a command ends badly), `workspace` (where things lie, how cargo is called),
//! `stream` and `file` (child processes, files); then the commands: `libtorch`, `demo`, `cluster`, `verify`;
//! `compiler`, `packages`, `python`, `transformers` and `apptainer` are what those need of the machine.
//!
//! Invariants: every command may be killed at any moment and called again; what is there is not fetched twice; what is
//! fetched is pinned (`apptainer` says what is not).

mod apptainer;
mod cluster;
mod compiler;
mod demo;
mod failure;
mod file;
mod libtorch;
mod packages;
mod python;
mod stream;
mod transformers;
mod verify;
mod workspace;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Outcome;
use workspace::Workspace;

#[derive(Debug, Parser)]
#[command(name = "cargo", bin_name = "cargo", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Puts libtorch 2.11.0 into .libtorch/, or finds the one that this machine has
    Libtorch(libtorch::Request),
    /// Builds everything, runs the demo study and writes its report
    Demo(demo::Request),
    /// Starts a throwaway Slurm, and a shell or a command that finds it
    Cluster(cluster::Request),
    /// Runs every test there is and says how each suite ended
    Verify(verify::Request),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(exit) => exit,
        Err(failure) => {
            // Nothing is left to tell if the terminal is gone.
            let _ = std::io::stderr().write_all(failure.render().as_bytes());
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome<ExitCode> {
    let workspace = Workspace::find()?;
    match command {
        Command::Libtorch(request) => libtorch::run(&workspace, &request),
        Command::Demo(request) => demo::run(&workspace, &request),
        Command::Cluster(request) => cluster::run(&request),
        Command::Verify(request) => verify::run(&workspace, &request),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }
}
