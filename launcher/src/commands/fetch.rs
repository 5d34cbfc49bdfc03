//! `seedbed fetch`: what a far site has written, brought here.

use std::path::PathBuf;

use clap::Args;
use spec::ExitCode;

use crate::cluster::{self, Extent, Fetched};
use crate::error::CliError;
use crate::ledger;
use crate::locate;
use crate::output::{counted, print};
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed fetch`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, or the directory of a sweep [default: the one that is here]
    sweep: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
}

/// Brings results, curves and logs of the sites that share no file system with this machine: what has changed since the
/// last time. Stopped at any moment, the next call goes on. Checkpoints stay where they are.
///
/// # Errors
/// When the sweep cannot be found, or a site cannot be reached.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let sweep = locate::sweep(arguments.sweep.as_deref(), arguments.root.as_deref())?;
    let submissions = cluster::of_sweep(&ledger::read(&sweep.layout.ledger())?);
    let Fetched { files, bytes } = cluster::fetch(&sweep.layout, &submissions, Extent::Everything)?;
    let text = match files {
        0 => "everything is here already\n".to_owned(),
        files => format!("{}, {}\n", counted(files, "file"), size(bytes)),
    };
    print(&text)?;
    Ok(ExitCode::Done)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
