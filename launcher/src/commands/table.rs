//! What the command line says of a table: its columns, and the analysis plan that it does not have itself.

use std::collections::BTreeMap;
use std::str::FromStr;

use analysis::results::Factor;
use analysis::{AnalysisError, Results, TableOptions};
use clap::Args;
use spec::analysis::{AnalysisSpec, Family, Pairing, Question, Scale};
use spec::metric::Direction;
use spec::{ExitCode, Value};

use crate::error::CliError;

/// What a table does not say itself.
#[derive(Debug, Args)]
#[command(next_help_heading = "For a table")]
pub(super) struct TableArguments {
    /// Columns that are factors [default: all others, where there are the columns metric and value]
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    pub(super) factors: Vec<String>,
    /// Column by which runs are paired
    #[arg(long, value_name = "COLUMN", default_value = "seed")]
    pub(super) seed: String,
    /// Metric, and which way is better where Seedbed does not know it; the first one is the primary
    #[arg(long = "metric", value_name = "METRIC[=higher|lower]", value_delimiter = ',')]
    pub(super) metrics: Vec<MetricArgument>,
    /// Level that the others are compared with; with several factors, FACTOR=LEVEL
    #[arg(long = "baseline", value_name = "[FACTOR=]LEVEL")]
    pub(super) baselines: Vec<String>,
    /// Compare without pairing by seed
    #[arg(long)]
    pub(super) unpaired: bool,
    /// Probability of a false claim that is accepted
    #[arg(long, value_name = "P", default_value_t = 0.05)]
    pub(super) alpha: f64,
    /// Smallest difference of the primary metric that matters, in its unit
    #[arg(long, value_name = "DIFFERENCE")]
    pub(super) margin: Option<f64>,
    /// Take differences of the primary metric, and the margin, as natural logarithms (0.01 is about 1 %)
    #[arg(long)]
    pub(super) log: bool,
    /// A question that the report answers by name; levels of one factor, a pair or several
    #[arg(long = "question", value_name = "NAME: LEVEL/BASELINE, …")]
    pub(super) questions: Vec<QuestionArgument>,
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
    /// Which columns mean what.
    pub(super) fn options(&self) -> TableOptions {
        TableOptions {
            factors: self.factors.clone(),
            seed: self.seed.clone(),
            metrics: self.metrics.iter().map(|metric| metric.name.clone()).collect(),
        }
    }

    /// The analysis plan that the command line says.
    pub(super) fn plan(&self, results: &Results) -> Result<AnalysisSpec, CliError> {
        let primary = self.metrics.first().map(|metric| &metric.name).or_else(|| results.metrics().first());
        let directions = self.metrics.iter().filter_map(|metric| Some((metric.name.clone(), metric.direction?)));
        let baseline =
            self.baselines.iter().map(|text| baseline(text, results)).collect::<Result<BTreeMap<_, _>, _>>()?;
        Ok(AnalysisSpec {
            baseline,
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

/// What a library's refusal is to whoever typed the command.
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
