use std::fmt;
use std::path::PathBuf;

/// A place in a table: file, line and, where one cell is to blame, column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub path: PathBuf,
    /// The line, counted from 1 with the header.
    pub line: u64,
    /// The column's name.
    pub column: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.path.display(), self.line)?;
        match &self.column {
            Some(column) => write!(formatter, ", column `{column}`"),
            None => Ok(()),
        }
    }
}

/// Why results cannot be read, or a report cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A record is not the JSON that it should be.
    #[error("{} is not a valid record", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong, with line and column.
        #[source]
        source: serde_json::Error,
    },
    /// A record was written by another version.
    #[error("schema {found} of {} is not supported: this version reads schema {known}", path.display())]
    Schema {
        /// The file.
        path: PathBuf,
        /// Version that the record names.
        found: u32,
        /// Version that this build reads.
        known: u32,
    },
    /// A record contradicts itself.
    #[error("{} contradicts itself: {reason}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A table has no header or no rows.
    #[error("{} holds no {missing}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// `header` or `rows`.
        missing: &'static str,
    },
    /// A table is not CSV: broken quotes, another number of fields, not UTF-8.
    #[error("{place}: {reason}")]
    NotCsv {
        /// Where.
        place: Place,
        /// What is wrong.
        reason: String,
    },
    /// A cell cannot be read as what its column holds.
    #[error("{place}: `{text}` is not {expected}")]
    Cell {
        /// Where.
        place: Place,
        /// The cell as written.
        text: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A table lacks a column.
    #[error("{} has no column `{column}`{suggestion}", path.display())]
    NoColumn {
        /// The file.
        path: PathBuf,
        /// The column that was asked for.
        column: String,
        /// The nearest name, or the columns there are.
        suggestion: String,
    },
    /// Two columns of a table have one name, or one column was given two roles.
    #[error("{}: the column `{column}` {reason}", path.display())]
    AmbiguousColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It cannot be told from the header which columns are meant.
    #[error("{}: {reason}", path.display())]
    Undeclared {
        /// The file.
        path: PathBuf,
        /// What has to be said, and how.
        reason: String,
    },
    /// Several files that are to be read as one table have different factors.
    #[error("{} has the factors {found}, and {} has {expected}", path.display(), first.display())]
    OtherFactors {
        /// The file.
        path: PathBuf,
        /// Its factors.
        found: String,
        /// The first file.
        first: PathBuf,
        /// Its factors.
        expected: String,
    },
    /// Two rows give the same metric of the same run.
    #[error("{place}: a second value of `{metric}` for {run}; the first is on {first}")]
    Duplicate {
        /// Where the second one stands.
        place: Place,
        /// The metric.
        metric: String,
        /// The run in words.
        run: String,
        /// Where the first one stands: `line 3`, or `other.csv:3`.
        first: Box<str>,
    },
    /// One seed is written in two ways, so that rows might not be paired that belong together.
    #[error("{place}: the seed `{text}` is written `{earlier}` on {first}: write it in one way")]
    SeedSpelling {
        /// Where the second spelling stands.
        place: Place,
        /// The second spelling.
        text: String,
        /// The first spelling.
        earlier: String,
        /// Where the first spelling stands: `line 3`, or `other.csv:3`.
        first: Box<str>,
    },
    /// One level is written in two ways, so that its runs would make two arms.
    #[error("{place}: the level `{text}` is written `{earlier}` on {first}: write it in one way")]
    LevelSpelling {
        /// Where the second spelling stands.
        place: Place,
        /// The second spelling.
        text: String,
        /// The first spelling.
        earlier: String,
        /// Where the first spelling stands: `line 3`, or `other.csv:3`.
        first: Box<str>,
    },
    /// The analysis names something that the results do not have.
    #[error("there is no {kind} `{name}`{suggestion}")]
    Unknown {
        /// `factor`, `level of ...`, `metric`.
        kind: String,
        /// The name as given.
        name: String,
        /// The nearest name, or what there is.
        suggestion: String,
    },
    /// A question compares a level with itself.
    #[error("the question `{question}` sets `{level}` against itself")]
    AgainstItself {
        /// The question.
        question: String,
        /// The level.
        level: String,
    },
    /// Nobody said whether higher or lower values of a metric are better.
    #[error("it is not known which way is better for the metric `{metric}`: say `{metric}=higher` or `{metric}=lower`")]
    NoDirection {
        /// The metric.
        metric: String,
    },
    /// A number of the analysis plan is out of its range.
    #[error("`{key} = {value}` is not valid: expected {expected}")]
    Plan {
        /// The key in `[analysis]`.
        key: &'static str,
        /// The value.
        value: f64,
        /// What would be right.
        expected: &'static str,
    },
    /// Differences of logarithms were asked for, and a value has none.
    #[error("`scale = \"log\"` needs values above 0, and `{metric}` of seed {seed} is {value}")]
    NoLogarithm {
        /// The metric.
        metric: String,
        /// The value.
        value: f64,
        /// Its run's seed.
        seed: String,
    },
    /// A file that a report would replace is of something else.
    #[error("{} holds {file} that no report of Seedbed wrote: name an empty or a new directory", directory.display())]
    Foreign {
        /// Where the report was to be written.
        directory: PathBuf,
        /// The first file that would have been lost.
        file: String,
    },
    /// A file of the report cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The page cannot be made: a bug in Seedbed.
    #[error("the report's page cannot be made")]
    Page(#[source] minijinja::Error),
}
