//! The command line: one subcommand a file in [`crate::commands`].

use clap::{Parser, Subcommand};
use spec::ExitCode;

use crate::commands;
use crate::commands::steer::Verb;
use crate::error::CliError;

/// From a sweep file to runs, and from runs to a report.
#[derive(Debug, Parser)]
#[command(name = "seedbed", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 some runs failed or are missing; 2 wrong command line; 64 wrong sweep file; \
65 missing or damaged data; 69 trainer, libtorch, device or Slurm not available; 70 a bug; 73 a file cannot be written; \
75 stopped, the same command goes on; 76 diverged; 77 in use by another process.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a commented sweep file to start from
    New(commands::new::Arguments),
    /// Check a sweep file
    Check(commands::check::Arguments),
    /// Show the runs of a sweep, where they stand, and what is ahead
    Plan(commands::plan::Arguments),
    /// Carry out the runs of a sweep on this machine
    Run(commands::run::Arguments),
    /// Hand the runs of a sweep to Slurm, and return
    Submit(commands::submit::Arguments),
    /// Submit, stay, and keep the sweep going until it is done
    Watch(commands::watch::Arguments),
    /// Hand to Slurm again now what ended for one of the named reasons (here: `run --retry`)
    Retry(commands::retry::Arguments),
    /// Cancel the tasks of a sweep that are with Slurm
    Cancel(commands::steer::Arguments),
    /// Keep the waiting tasks of a sweep from starting
    Hold(commands::steer::Arguments),
    /// Let the held tasks of a sweep start
    Release(commands::steer::Arguments),
    /// Change how many tasks of each array may run at a time
    Throttle(commands::steer::ThrottleArguments),
    /// List, show and add the clusters that are known by a name
    Site(commands::site::Arguments),
    /// Say whether a cluster can carry out a sweep, and what to do where something is amiss
    Doctor(commands::doctor::Arguments),
    /// Bring what a cluster elsewhere has written for a sweep
    Fetch(commands::fetch::Arguments),
    /// Find out what became of submissions without an answer
    Reconcile(commands::reconcile::Arguments),
    /// Show how the runs of a sweep stand
    Status(commands::status::Arguments),
    /// Show what a run has written to its log
    Logs(commands::logs::Arguments),
    /// Show what a run is and what it found
    Show(commands::show::Arguments),
    /// Tell the story of a run: why it stands as it does, and what to do next
    Explain(commands::explain::Arguments),
    /// Measure the models of runs that are done, here or on a cluster: minimal pairs, fine-tuning
    Evaluate(commands::evaluate::Arguments),
    /// Say what the seeds show: compare, draw, and write a report
    Report(commands::report::Arguments),
    /// Say before a study how many seeds it needs, and what a number of seeds can see
    Power(commands::power::Arguments),
    /// Carry out one run: claim it, start its trainer, record how it ended
    Exec(commands::exec::Arguments),
    #[command(name = "__child", hide = true)]
    Child(commands::child::Arguments),
}

/// Carries out what the arguments ask for.
///
/// # Errors
/// Whatever the command could not do.
pub fn dispatch(cli: &Cli) -> Result<ExitCode, CliError> {
    match &cli.command {
        Command::New(arguments) => commands::new::run(arguments),
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Plan(arguments) => commands::plan::run(arguments),
        Command::Run(arguments) => commands::run::run(arguments),
        Command::Submit(arguments) => commands::submit::run(arguments),
        Command::Watch(arguments) => commands::watch::run(arguments),
        Command::Retry(arguments) => commands::retry::run(arguments),
        Command::Cancel(arguments) => commands::steer::run(arguments, Verb::Cancel),
        Command::Hold(arguments) => commands::steer::run(arguments, Verb::Hold),
        Command::Release(arguments) => commands::steer::run(arguments, Verb::Release),
        Command::Throttle(arguments) => commands::steer::throttle(arguments),
        Command::Site(arguments) => commands::site::run(arguments),
        Command::Doctor(arguments) => commands::doctor::run(arguments),
        Command::Fetch(arguments) => commands::fetch::run(arguments),
        Command::Reconcile(arguments) => commands::reconcile::run(arguments),
        Command::Status(arguments) => commands::status::run(arguments),
        Command::Logs(arguments) => commands::logs::run(arguments),
        Command::Show(arguments) => commands::show::run(arguments),
        Command::Explain(arguments) => commands::explain::run(arguments),
        Command::Evaluate(arguments) => commands::evaluate::run(arguments),
        Command::Report(arguments) => commands::report::run(arguments),
        Command::Power(arguments) => commands::power::run(arguments),
        Command::Exec(arguments) => commands::exec::run(arguments),
        Command::Child(arguments) => commands::child::run(arguments),
    }
}
