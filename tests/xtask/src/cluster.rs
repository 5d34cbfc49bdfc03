//! `cargo cluster`: a throwaway Slurm to play with.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use clap::Args;
use cluster::{Cluster, Options};

use crate::failure::{Failure, Outcome};
use crate::{packages, stream};

/// The Debian packages of a Slurm that keeps accounts.
pub(crate) const PACKAGES: [&str; 4] = ["slurm-wlm", "slurmdbd", "mariadb-server", "munge"];

/// Arguments of `cargo cluster`.
#[derive(Debug, Args)]
pub(crate) struct Request {
    /// Nodes, each with 8 processors and 4 pretended GPUs
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=16))]
    nodes: u16,
    /// `MaxArraySize` of the cluster
    #[arg(long, value_name = "N", default_value_t = 1001)]
    max_array_size: u32,
    /// What to run on it [default: a shell]
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Starts a cluster, runs a command with it, and stops it when the command has ended.
pub(crate) fn run(request: &Request) -> Outcome<ExitCode> {
    packages::ensure(&PACKAGES)?;
    let options = Options { nodes: request.nodes, max_array_size: request.max_array_size, ..Options::default() };
    let cluster = Cluster::start(options).map_err(|error| Failure::new(error.to_string()))?;
    let shell = [std::env::var_os("SHELL").unwrap_or_else(|| "/bin/sh".into())];
    let words = if request.command.is_empty() { &shell[..] } else { &request.command };
    stream::say(&format!("a cluster of {} nodes: SLURM_CONF={}", request.nodes, cluster.configuration().display()));
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).envs(cluster.environment());
    let status = command.status();
    let status = status.map_err(|error| Failure::new(format!("cannot start {}: {error}", words[0].display())))?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
