//! `seedbed report`: what the seeds show, from a sweep or from anyone's table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use analysis::{AnalysisError, Report, Results, TableOptions};
use clap::Args;
use spec::analysis::{AnalysisSpec, Family, Pairing};
use spec::metric::Direction;
use spec::{ExitCode, Value};

use crate::env;
use crate::error::CliError;
use crate::locate;
use crate::output::{print, talk};
use crate::sweep::{ROOT_VARIABLE, Sweep};

/// Arguments of `seedbed report`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A sweep file, the directory of a sweep, or a CSV table of results [default: the sweep that is here]
    what: Option<PathBuf>,
    /// Where the report is written [default: report/ in the sweep's directory; TABLE-report/ for a table]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    #[command(flatten)]
    table: TableArguments,
}

/// What a table does not say itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "For a table")]
struct TableArguments {
    /// Columns that are factors [default: all others, where there are the columns metric and value]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    factors: Vec<String>,
    /// Column by which runs are paired
    #[arg(long, value_name = "COLUMN", default_value = "seed")]
    seed: String,
    /// Metric, and which way is better where Seedbed does not know it; the first one is the primary
    #[arg(long = "metric", value_name = "METRIC[=higher|lower]", value_delimiter = ',')]
    metrics: Vec<MetricArgument>,
    /// Level that the others are compared with; with several factors, FACTOR=LEVEL
    #[arg(long = "baseline", value_name = "[FACTOR=]LEVEL")]
    baselines: Vec<String>,
    /// Compare without pairing by seed
    #[arg(long)]
    unpaired: bool,
    /// Probability of a false claim that is accepted
    #[arg(long, value_name = "P", default_value_t = 0.05)]
    alpha: f64,
    /// Smallest difference of the primary metric that matters, in its unit
    #[arg(long, value_name = "DIFFERENCE")]
    margin: Option<f64>,
}

/// A metric as it stands on the command line.
#[derive(Debug, Clone)]
struct MetricArgument {
    name: String,
    direction: Option<Direction>,
}

impl FromStr for MetricArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((name, direction)) = text.split_once('=') else {
            return Ok(Self { name: text.to_owned(), direction: None });
        };
        let known = Direction::from_name(direction).ok_or("expected METRIC, METRIC=higher or METRIC=lower")?;
        Ok(Self { name: name.to_owned(), direction: Some(known) })
    }
}

/// Writes a report and says what it found.
///
/// # Errors
/// When the results cannot be read, do not have what is to be compared, or the report cannot be written.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    let (report, directory) = match &arguments.what {
        Some(table) if table.extension().is_some_and(|extension| extension == "csv") => of_table(table, arguments)?,
        what => of_sweep(what.as_deref(), arguments)?,
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

fn of_table(path: &Path, arguments: &Arguments) -> Result<(Report, PathBuf), CliError> {
    let table = &arguments.table;
    let options = TableOptions {
        factors: table.factors.clone(),
        seed: table.seed.clone(),
        metrics: table.metrics.iter().map(|metric| metric.name.clone()).collect(),
    };
    let results = Results::from_table(path, &options).map_err(failure)?;
    let report = Report::new(&results, &plan(table, &results)?).map_err(failure)?;
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push("-report");
    Ok((report, path.with_file_name(name)))
}

/// The analysis plan that the command line says.
fn plan(table: &TableArguments, results: &Results) -> Result<AnalysisSpec, CliError> {
    let primary = table.metrics.first().map(|metric| &metric.name).or_else(|| results.metrics().first());
    let directions = table.metrics.iter().filter_map(|metric| Some((metric.name.clone(), metric.direction?)));
    let baseline = table.baselines.iter().map(|text| baseline(text, results)).collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(AnalysisSpec {
        baseline,
        primary: primary.cloned().unwrap_or_default(),
        directions: directions.collect(),
        margin: table.margin,
        alpha: table.alpha,
        family: Family::default(),
        pairing: if table.unpaired { Pairing::None } else { Pairing::Seed },
    })
}

/// `FACTOR=LEVEL`, or a level alone where there is one factor. A level may hold a `=` itself.
pub(super) fn baseline(text: &str, results: &Results) -> Result<(String, Value), CliError> {
    let named = text.split_once('=').filter(|(name, _)| results.factors().iter().any(|factor| factor.name == *name));
    match (named, results.factors()) {
        (Some((factor, level)), _) => Ok((factor.to_owned(), Value::from(level))),
        (None, [only]) => Ok((only.name.clone(), Value::from(text))),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|factor| factor.name.as_str()).collect();
            let error = format!("--baseline {text} does not say which factor it is a level of");
            Err(CliError::new(ExitCode::Usage, error)
                .hint(format!("write FACTOR={text}, where FACTOR is one of {}", names.join(", "))))
        }
    }
}

pub(super) fn failure(error: AnalysisError) -> CliError {
    let exit = match &error {
        AnalysisError::Write { .. } => ExitCode::CannotWrite,
        AnalysisError::Page(_) => ExitCode::Bug,
        AnalysisError::NoColumn { .. }
        | AnalysisError::AmbiguousColumn { .. }
        | AnalysisError::Undeclared { .. }
        | AnalysisError::Unknown { .. }
        | AnalysisError::NoDirection { .. }
        | AnalysisError::Plan { .. } => ExitCode::Usage,
        _ => ExitCode::BadData,
    };
    CliError::new(exit, error)
}
