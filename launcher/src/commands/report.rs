//! `seedbed report`: what the seeds show, from a sweep or from anyone's table.

use std::path::{Path, PathBuf};

use analysis::{Report, Results};
use clap::Args;
use spec::ExitCode;

use super::table::{Read, TableArguments, failure, is_table};
use crate::env;
use crate::error::CliError;
use crate::locate;
use crate::output::{print, talk};
use crate::sweep::{ROOT_VARIABLE, Sweep};

/// Arguments of `seedbed report`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, the directory of a sweep, or CSV tables of results: files, patterns with * and ?, or - for
    /// standard input [default: the sweep that is here]
    what: Vec<PathBuf>,
    /// Where the report is written [default: report/ in the sweep's directory; TABLE-report/ beside the first table;
    /// report/ for standard input]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    #[command(flatten)]
    table: TableArguments,
}

/// Writes a report and says what it found.
///
/// # Errors
/// When the results cannot be read, do not have what is to be compared, or the report cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (report, directory) = match arguments.what.as_slice() {
        [] => of_sweep(None, arguments)?,
        [one] if !is_table(one) => of_sweep(Some(one), arguments)?,
        tables => of_tables(tables, arguments)?,
    };
    let directory = arguments.out.clone().unwrap_or(directory);
    let report = report.dated(env::now());
    let written = report.write(&directory).map_err(failure)?;
    print(&format!("{}\nreport: {}\n", report.summary(), written.page.display()))?;
    Ok(ExitCode::Done)
}

fn of_sweep(what: Option<&Path>, arguments: &Arguments) -> Result<(Report, PathBuf), CliError> {
    let sweep = locate::sweep(what, arguments.root.as_deref())?;
    // A file that is no longer right, or names a file that has gone, changes nothing about what was frozen.
    if let Some(file) = what.filter(|path| path.is_file())
        && Sweep::load(file, &[]).is_ok_and(|now| now.analysis.digest() != sweep.plan.analysis.digest())
    {
        talk("warning: [analysis] in the sweep file is not the frozen one, which counts; `seedbed run` takes it over");
    }
    let results = Results::from_sweep(&sweep.layout).map_err(failure)?;
    let report = Report::new(&results, &sweep.plan.analysis).map_err(failure)?;
    Ok((report, sweep.layout.report()))
}

fn of_tables(named: &[PathBuf], arguments: &Arguments) -> Result<(Report, PathBuf), CliError> {
    let Read { results, report: directory } = arguments.table.read(named)?;
    let report = Report::new(&results, &arguments.table.plan(&results)?).map_err(failure)?;
    Ok((report, directory))
}
