//! What the command line says of a table: its columns, and the analysis plan that it does not have itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use analysis::results::Factor;
use analysis::{AnalysisError, Duplicates, Results, TableOptions};
use clap::Args;
use spec::analysis::{AnalysisSpec, Family, Pairing, Question, Scale};
use spec::metric::Direction;
use spec::setting::closest;
use spec::{ExitCode, Value};

use super::pattern;
use crate::error::CliError;

/// The column of the seed where nobody names another.
const USUAL_SEED: &str = "seed";

/// Which columns of a table mean what, and the baseline among their levels.
#[derive(Debug, Args)]
#[command(next_help_heading = "For a table")]
pub(super) struct Columns {
    /// Columns that are factors [default: all others, where there are the columns metric and value]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    factors: Vec<String>,
    /// Column by which runs are paired
    #[arg(long, value_name = "COLUMN", default_value = USUAL_SEED)]
    seed: String,
    /// Column with the step, where the rows of a run are a curve: the highest step counts [default: step, in a table
    /// with the columns metric and value]
    #[arg(long, value_name = "COLUMN")]
    step: Option<String>,
    /// What becomes of several rows that give one metric of one run: refuse, mean or last
    #[arg(long, value_name = "POLICY", default_value = "refuse", value_parser = duplicates)]
    duplicates: Duplicates,
    /// Level that the others are compared with; with several factors, FACTOR=LEVEL
    #[arg(long = "baseline", value_name = "[FACTOR=]LEVEL")]
    baselines: Vec<String>,
}

/// Results that came of tables, and where their report belongs unless somebody says otherwise.
pub(super) struct Read {
    pub(super) results: Results,
    pub(super) report: PathBuf,
}

/// Whether it names a table and not a sweep.
pub(super) fn is_table(path: &Path) -> bool {
    let is_csv = path.extension().is_some_and(|extension| extension == "csv" || extension == "tsv");
    path == Path::new("-") || (!path.is_dir() && (is_csv || pattern::is_pattern(path)))
}

impl Columns {
    /// Whether anything of it was given.
    pub(super) fn says_something(&self) -> bool {
        let usual = self.seed == USUAL_SEED && self.duplicates == Duplicates::Refuse;
        !(usual && self.factors.is_empty() && self.step.is_none() && self.baselines.is_empty())
    }

    /// Reads tables that were named: files, patterns, or `-`. `metrics` are those to read; all of a long table when
    /// empty.
    pub(super) fn read(&self, named: &[PathBuf], metrics: Vec<String>) -> Result<Read, CliError> {
        let options = TableOptions {
            factors: self.factors.clone(),
            seed: self.seed.clone(),
            metrics,
            step: self.step.clone(),
            duplicates: self.duplicates,
            threads: 0,
        };
        if let [one] = named
            && one == Path::new("-")
        {
            let name = Path::new("standard input");
            let results = Results::from_reader(std::io::stdin().lock(), name, &options);
            let results = results.map_err(|error| self.failure(error))?;
            return Ok(Read { results, report: PathBuf::from("report") });
        }
        let files = pattern::files(named)?;
        let results = Results::from_tables(&files, &options).map_err(|error| self.failure(error))?;
        let mut name = files[0].file_stem().unwrap_or_default().to_owned();
        name.push("-report");
        Ok(Read { results, report: files[0].with_file_name(name) })
    }

    /// A table that has nothing to tell runs apart by is told what that is for, as it is needed without pairing too.
    fn failure(&self, error: AnalysisError) -> CliError {
        let lacks_seed = matches!(&error, AnalysisError::NoColumn { column, .. } if *column == self.seed);
        let error = failure(error);
        if !lacks_seed {
            return error;
        }
        error.hint(
            "the column of the seed tells the runs of an arm apart, with --unpaired too: name yours by --seed COLUMN, or add one that \
             numbers the runs",
        )
    }

    /// The baselines by factor; empty where none was named.
    pub(super) fn baselines(&self, results: &Results) -> Result<BTreeMap<String, Value>, CliError> {
        self.baselines.iter().map(|text| baseline(text, results)).collect()
    }
}

/// What a table does not say itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "For a table")]
pub(super) struct TableArguments {
    #[command(flatten)]
    columns: Columns,
    /// Metric, and which way is better where Seedbed does not know it; the first one is the primary
    #[arg(long = "metric", value_name = "METRIC[=higher|lower]", value_delimiter = ',')]
    metrics: Vec<MetricArgument>,
    /// Compare without pairing by seed
    #[arg(long)]
    unpaired: bool,
    /// Probability of a false claim that is accepted
    #[arg(long, value_name = "P", default_value_t = 0.05, allow_negative_numbers = true)]
    alpha: f64,
    /// Smallest difference of the primary metric that matters, in its unit
    #[arg(long, value_name = "DIFFERENCE", allow_negative_numbers = true)]
    margin: Option<f64>,
    /// Take differences of the primary metric, and the margin, as natural logarithms (0.01 is about 1 %)
    #[arg(long)]
    log: bool,
    /// A question that the report answers by name; levels of one factor, a pair or several
    #[arg(long = "question", value_name = "NAME: LEVEL/BASELINE, …")]
    questions: Vec<QuestionArgument>,
}

fn duplicates(text: &str) -> Result<Duplicates, String> {
    Duplicates::from_name(text).ok_or_else(|| format!("expected one of {}", Duplicates::NAMES.join(", ")))
}

/// A metric as it stands on the command line.
#[derive(Debug, Clone)]
pub(super) struct MetricArgument {
    pub(super) name: String,
    pub(super) direction: Option<Direction>,
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

/// A question as it stands on the command line: a name, and pairs of levels.
#[derive(Debug, Clone)]
pub(super) struct QuestionArgument {
    name: String,
    pairs: Vec<[String; 2]>,
}

impl FromStr for QuestionArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "expected NAME: LEVEL/BASELINE, LEVEL/BASELINE …";
        let (name, pairs) = text.split_once(':').ok_or(form)?;
        let pair = |pair: &str| {
            let (level, baseline) = pair.split_once('/')?;
            Some([level.trim().to_owned(), baseline.trim().to_owned()])
        };
        let pairs = pairs.split(',').map(pair).collect::<Option<Vec<_>>>().ok_or(form)?;
        Ok(Self { name: name.trim().to_owned(), pairs })
    }
}

impl QuestionArgument {
    /// The question about the factor that has all its levels, or else the most of them.
    fn ask(&self, results: &Results) -> Result<Question, CliError> {
        let named = || self.pairs.iter().flatten();
        let known = |factor: &&Factor| named().filter(|level| factor.levels.contains(level)).count();
        let factor = results.factors().iter().rev().max_by_key(known);
        let factor = factor.ok_or_else(|| CliError::new(ExitCode::Usage, "a question needs a factor"))?;
        let pairs = self.pairs.iter().map(|pair| pair.each_ref().map(|level| Value::from(level.as_str())));
        Ok(Question { name: self.name.clone(), factor: factor.name.clone(), pairs: pairs.collect() })
    }
}

impl TableArguments {
    /// Reads the tables that were named.
    pub(super) fn read(&self, named: &[PathBuf]) -> Result<Read, CliError> {
        self.columns.read(named, self.metrics.iter().map(|metric| metric.name.clone()).collect())
    }

    /// The analysis plan that the command line says.
    pub(super) fn plan(&self, results: &Results) -> Result<AnalysisSpec, CliError> {
        let primary = self.metrics.first().map(|metric| &metric.name).or_else(|| results.metrics().first());
        let directions = self.metrics.iter().filter_map(|metric| Some((metric.name.clone(), metric.direction?)));
        Ok(AnalysisSpec {
            baseline: self.columns.baselines(results)?,
            primary: primary.cloned().unwrap_or_default(),
            directions: directions.collect(),
            margin: self.margin,
            alpha: self.alpha,
            family: Family::default(),
            pairing: if self.unpaired { Pairing::None } else { Pairing::Seed },
            scale: if self.log { Scale::Log } else { Scale::Linear },
            questions: self.questions.iter().map(|question| question.ask(results)).collect::<Result<_, _>>()?,
        })
    }
}

/// `FACTOR=LEVEL`, or a level alone where there is one factor. A level may hold a `=` itself.
fn baseline(text: &str, results: &Results) -> Result<(String, Value), CliError> {
    let named = text.split_once('=').filter(|(name, _)| results.factors().iter().any(|factor| factor.name == *name));
    match (named, results.factors()) {
        (Some((factor, level)), _) => Ok((factor.to_owned(), Value::from(level))),
        (None, [only]) => Ok((only.name.clone(), Value::from(text))),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|factor| factor.name.as_str()).collect();
            let error = format!("--baseline {text} does not say which factor it is a level of");
            let meant = text.split_once('=');
            let meant = meant.and_then(|(name, level)| Some((closest(name, names.iter().copied())?, level)));
            if let Some((factor, level)) = meant {
                return Err(CliError::new(ExitCode::Usage, error).hint(format!("did you mean {factor}={level}?")));
            }
            Err(CliError::new(ExitCode::Usage, error)
                .hint(format!("write FACTOR={text}, where FACTOR is one of {}", names.join(", "))))
        }
    }
}

/// What a library's refusal is to whoever typed the command.
pub(super) fn failure(error: AnalysisError) -> CliError {
    let hint = match &error {
        AnalysisError::NoDirection { metric } => {
            Some(format!("for a table write --metric {metric}=higher or --metric {metric}=lower"))
        }
        _ => None,
    };
    let exit = match &error {
        AnalysisError::Write { .. } => ExitCode::CannotWrite,
        AnalysisError::Page(_) => ExitCode::Bug,
        AnalysisError::NoColumn { .. }
        | AnalysisError::AmbiguousColumn { .. }
        | AnalysisError::Undeclared { .. }
        | AnalysisError::Unknown { .. }
        | AnalysisError::AgainstItself { .. }
        | AnalysisError::NoDirection { .. }
        | AnalysisError::Foreign { .. }
        | AnalysisError::Plan { .. } => ExitCode::Usage,
        _ => ExitCode::BadData,
    };
    let error = CliError::new(exit, error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
