//! `seedbed site`: the clusters that are known by a name.

mod add;
mod list;
mod probe;
mod show;

use clap::{Args, Subcommand};
use spec::ExitCode;

use crate::error::CliError;

/// Arguments of `seedbed site`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Every site, where its profile lies and what it is
    List(list::Arguments),
    /// What holds for a site: every key with its value, and whether the profile says so
    Show(show::Arguments),
    /// Ask a site's cluster what it is and what its user may do
    Probe(probe::Arguments),
    /// Look at a cluster and write the profile of a new site
    Add(Box<add::Arguments>),
}

/// Lists, shows, asks or adds.
///
/// # Errors
/// When a profile is missing, wrong or there already, or the cluster does not answer.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    match &arguments.verb {
        Verb::List(arguments) => list::run(arguments),
        Verb::Show(arguments) => show::run(arguments),
        Verb::Probe(arguments) => probe::run(arguments),
        Verb::Add(arguments) => add::run(arguments),
    }
}

/// `value` as a JSON text that ends a line.
fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("invariant: plain data") + "\n"
}
