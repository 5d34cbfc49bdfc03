//! `seedbed power`: how many seeds a study needs, and what a number of seeds can see, before it is run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use analysis::planning::spread::{Pilot, of_pilot};
use analysis::planning::{PlanningError, Question, Spread};
use analysis::statistics::power::design::Design;
use analysis::statistics::refusal::Refusal;
use analysis::{Report, Results};
use clap::{ArgGroup, Args, ValueEnum};
use spec::ExitCode;
use spec::analysis::{AnalysisSpec, Family, Pairing, Scale};
use spec::metric::{self, Direction};

use super::table::{Columns, failure, is_table};
use crate::error::CliError;
use crate::locate;
use crate::output::print;
use crate::sweep::ROOT_VARIABLE;

/// Arguments of `seedbed power`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("source").required(true).args(["pilot", "spread"]), after_help = EXAMPLES)]
pub struct Arguments {
    /// A pilot: a sweep file, the directory of a sweep, or a CSV table of results, a pattern with * and ?, or - for
    /// standard input
    pilot: Option<PathBuf>,
    /// The standard deviation to plan with, in the metric's unit: of differences between runs of one seed, or with
    /// --unpaired of runs
    #[arg(long, value_name = "SD", conflicts_with = "pilot", allow_negative_numbers = true)]
    spread: Option<f64>,
    /// Seeds that --spread was estimated from: its uncertainty counts then
    #[arg(long, value_name = "N", requires = "spread", value_parser = clap::value_parser!(u32).range(2..))]
    spread_seeds: Option<u32>,
    /// Correlation of two runs of one seed: --spread is that of runs then
    #[arg(long, value_name = "R", requires = "spread", conflicts_with = "unpaired", allow_negative_numbers = true)]
    correlation: Option<f64>,
    /// Smallest difference that should be found, in the metric's unit
    #[arg(long, value_name = "D", allow_negative_numbers = true)]
    difference: Option<f64>,
    /// Margin within which arms that do not differ should be shown to lie, in the metric's unit
    #[arg(long, value_name = "M", allow_negative_numbers = true)]
    margin: Option<f64>,
    /// A number of seeds to answer for, at least 3
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// Probability with which what is there should be found
    #[arg(long, value_name = "P", default_value_t = 0.8, allow_negative_numbers = true)]
    power: f64,
    /// Probability of a false claim that is accepted, for all comparisons together [default: the pilot's, else 0.05]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    alpha: Option<f64>,
    /// Comparisons that share alpha [default: those of the pilot (without --baseline all pairs of arms), else 1]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    comparisons: Option<u64>,
    /// Compare without pairing by seed
    #[arg(long)]
    unpaired: bool,
    /// Confidence of the upper bound of a spread that was estimated
    #[arg(long, value_name = "P", default_value_t = 0.8, allow_negative_numbers = true)]
    confidence: f64,
    /// How to say it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Where the directories of sweeps lie [default: sweeps/ beside the sweep file]
    #[arg(long, value_name = "DIR", env = ROOT_VARIABLE)]
    root: Option<PathBuf>,
    #[command(flatten)]
    pilot_table: PilotArguments,
}

const EXAMPLES: &str = "\
Examples:
  seedbed power --spread 0.012 --difference 0.01 --comparisons 7
  seedbed power pilot.csv --factors act --metric accuracy --baseline relu --difference 0.5 --margin 0.5
  seedbed power activations.toml --seeds 10";

/// What a pilot does not say itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "For a pilot")]
struct PilotArguments {
    #[command(flatten)]
    columns: Columns,
    /// The metric [default: the primary one]
    #[arg(long, value_name = "METRIC")]
    metric: Option<String>,
    /// Take differences of the metric, --difference and --margin as natural logarithms (0.01 is about 1 %)
    #[arg(long)]
    log: bool,
}

impl PilotArguments {
    /// Whether anything of it was given.
    fn says_something(&self) -> bool {
        self.metric.is_some() || self.log || self.columns.says_something()
    }
}

/// How an answer is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Says how many seeds it takes.
///
/// # Errors
/// When a number is out of range, or the pilot cannot be read or shows no spread.
pub fn run(arguments: &Arguments) -> Result<ExitCode, CliError> {
    if arguments.pilot.is_none() && arguments.pilot_table.says_something() {
        let error = CliError::new(ExitCode::Usage, "what is said of a pilot's table needs a pilot");
        return Err(
            error.hint("name the pilot, or leave out --metric, --log, --factors, --step, --baseline and the like")
        );
    }
    let pilot = arguments.pilot.as_deref().map(|path| pilot(path, arguments)).transpose()?;
    let pairing = pilot.as_ref().map_or(Pairing::Seed, |pilot| pilot.analysis.pairing);
    let unpaired = arguments.unpaired || pairing == Pairing::None;
    let design = if unpaired { Design::Independent } else { Design::Paired };
    let Pilot { spreads, without, across, left_out, all_pairs } = match (&pilot, arguments.spread) {
        (Some(pilot), _) => of_pilot(pilot, arguments.confidence).map_err(refused)?,
        (None, Some(spread)) => {
            let spreads = vec![given(spread, design, arguments)?];
            Pilot { spreads, without: Vec::new(), across: Vec::new(), left_out: Vec::new(), all_pairs: None }
        }
        (None, None) => return Err(CliError::new(ExitCode::Usage, "name a pilot, or give a --spread")),
    };
    let metric = pilot.as_ref().and_then(Report::primary);
    let compared = all_pairs.or(metric.map(|metric| metric.tally.comparisons.max(1) as u64));
    let question = Question {
        design,
        alpha: arguments.alpha.or(pilot.as_ref().map(|pilot| pilot.analysis.alpha)).unwrap_or(0.05),
        comparisons: arguments.comparisons.or(compared).unwrap_or(1),
        power: arguments.power,
        confidence: arguments.confidence,
        difference: arguments.difference,
        margin: arguments.margin,
        seeds: arguments.seeds,
    };
    let mut answer = question.answer(spreads).map_err(refused)?;
    answer.without_spread = without;
    answer.left_out = left_out;
    answer.across = across;
    answer.all_pairs = all_pairs.is_some();
    if let Some(metric) = metric {
        answer.metric = Some(metric.name.clone());
        answer.unit.clone_from(&metric.unit);
        answer.scale = pilot.as_ref().map_or(Scale::Linear, |pilot| pilot.analysis.scale);
    }
    print(&match arguments.format {
        Format::Text => answer.text(),
        Format::Json => answer.json(),
    })?;
    Ok(ExitCode::Done)
}

/// The spread that the command line says; with a correlation, that of the differences of two runs that have it: s √(2
/// (1 - r)).
fn given(spread: f64, design: Design, arguments: &Arguments) -> Result<Spread, CliError> {
    let factor = match arguments.correlation {
        None => 1.0,
        Some(r) if (-1.0..1.0).contains(&r) => (2.0 * (1.0 - r)).sqrt(),
        Some(r) => {
            let expected = "a number from -1 to below 1";
            return Err(refused(Refusal::Range { name: "correlation", value: r, expected }.into()));
        }
    };
    let seeds = arguments.spread_seeds.map(|seeds| seeds as usize);
    Spread::given(spread * factor, design, seeds, arguments.confidence).map_err(|error| refused(error.into()))
}

/// The report of a pilot, which holds its values arm by arm.
fn pilot(path: &Path, arguments: &Arguments) -> Result<Report, CliError> {
    let table = &arguments.pilot_table;
    let (results, mut analysis) = if is_table(path) {
        let read = table.columns.read(&[path.to_owned()], table.metric.iter().cloned().collect())?;
        let analysis = undeclared(read.results.metrics().first().cloned().unwrap_or_default());
        (read.results, analysis)
    } else {
        let sweep = locate::sweep(Some(path), arguments.root.as_deref())?;
        (Results::from_sweep(&sweep.layout).map_err(failure)?, sweep.plan.analysis)
    };
    if let Some(metric) = &table.metric {
        analysis.primary.clone_from(metric);
    }
    // How much values vary is the same question for either direction.
    for name in results.metrics() {
        if metric::find(name).is_none() {
            analysis.directions.entry(name.clone()).or_insert(Direction::Higher);
        }
    }
    let baselines = table.columns.baselines(&results)?;
    if !baselines.is_empty() {
        analysis.baseline = baselines;
    }
    if table.log {
        analysis.scale = Scale::Log;
    }
    if arguments.unpaired {
        analysis.pairing = Pairing::None;
    }
    Report::new(&results, &analysis).map_err(failure)
}

fn undeclared(primary: String) -> AnalysisSpec {
    AnalysisSpec {
        baseline: BTreeMap::new(),
        primary,
        directions: BTreeMap::new(),
        margin: None,
        alpha: 0.05,
        family: Family::default(),
        pairing: Pairing::Seed,
        scale: Scale::Linear,
        questions: Vec::new(),
    }
}

/// An error of planning: with the name of the flag where a number is out of range.
fn refused(error: PlanningError) -> CliError {
    match error {
        PlanningError::Refused(Refusal::Range { name, value, expected }) => {
            // In full, a number of three hundred digits would hide the message.
            let short = value == 0.0 || (1e-6..1e15).contains(&value.abs()) || !value.is_finite();
            let value = if short { value.to_string() } else { format!("{value:e}") };
            CliError::new(ExitCode::Usage, format!("`--{name} {value}` is out of range: expected {expected}"))
        }
        PlanningError::NoSpread { .. } => CliError::new(ExitCode::BadData, error)
            .hint("give the spread itself: --spread SD, with --spread-seeds N where it was estimated from N seeds"),
        other => CliError::new(ExitCode::Usage, other),
    }
}
