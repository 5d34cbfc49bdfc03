//! From anyone's tidy table to [`Results`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use csv::StringRecord;
use spec::metric::METRICS;

use super::columns::{Columns, Values};
use super::design::{Factor, Point, Seed, natural_order};
use super::observation::{LARGEST, Observation, RunAccount, RunState, is_usable};
use super::{Origin, Results};
use crate::error::{AnalysisError, Place};
use crate::nearest::suggestion;

/// Which columns of a table mean what.
///
/// A table is *long* if it has the columns `metric` and `value` and no metric that was asked for is a column itself; else it
/// is *wide*, with a column a metric. In a long table the factors may be left out: every other column is one then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOptions {
    /// Columns that are factors.
    pub factors: Vec<String>,
    /// Column by which runs are paired.
    pub seed: String,
    /// Metrics to read: columns of a wide table, values of the column `metric` of a long one (all of them when empty).
    pub metrics: Vec<String>,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self { factors: Vec::new(), seed: "seed".to_owned(), metrics: Vec::new() }
    }
}

impl Results {
    /// Reads a CSV table with a header line; a byte order mark, `\r\n` and spaces around cells are no part of it.
    ///
    /// An empty cell and `NA` mean that the value is missing. `NaN`, infinities and values beyond ±1e75 mean that the run diverged: it is counted
    /// as such, and its finite values of other metrics are kept. Levels are sorted, numbers by value, so that the order of
    /// rows changes nothing.
    ///
    /// # Errors
    /// With file, line and column, for everything that could be misread: see [`AnalysisError`].
    pub fn from_table(path: &Path, options: &TableOptions) -> Result<Self, AnalysisError> {
        let file = std::fs::File::open(path).map_err(|source| AnalysisError::Read { path: path.to_owned(), source })?;
        Self::from_reader(file, path, options)
    }

    /// [`Results::from_table`] on an open reader; `path` is for messages.
    ///
    /// # Errors
    /// As there.
    pub fn from_reader(reader: impl io::Read, path: &Path, options: &TableOptions) -> Result<Self, AnalysisError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
        let header = reader.headers().map_err(|error| csv_error(error, path, 1))?.clone();
        if header.iter().all(str::is_empty) {
            return Err(AnalysisError::Empty { path: path.to_owned(), missing: "header" });
        }
        let columns = Columns::find(&header, options, path)?;
        let mut collector = Collector::new(path, &header, columns);
        let mut record = StringRecord::new();
        loop {
            let line = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(true) => collector.take(&record)?,
                Ok(false) => break,
                Err(error) => return Err(csv_error(error, path, line)),
            }
        }
        collector.finish()
    }
}

/// A cell of the table that was already seen.
type Key = (String, Vec<String>, Seed);

/// Rows as they come, by level names; turned into indices when all levels are known.
struct Collector<'a> {
    path: &'a Path,
    header: &'a StringRecord,
    columns: Columns,
    values: BTreeMap<Key, (f64, u64)>,
    runs: BTreeMap<(Vec<String>, Seed), bool>,
    seeds: BTreeMap<Seed, (String, u64)>,
    seen_metrics: BTreeSet<String>,
}

impl<'a> Collector<'a> {
    fn new(path: &'a Path, header: &'a StringRecord, columns: Columns) -> Self {
        Self {
            path,
            header,
            columns,
            values: BTreeMap::new(),
            runs: BTreeMap::new(),
            seeds: BTreeMap::new(),
            seen_metrics: BTreeSet::new(),
        }
    }

    fn place(&self, line: u64, column: Option<usize>) -> Place {
        Place { path: self.path.to_owned(), line, column: column.map(|index| self.header[index].to_owned()) }
    }

    fn take(&mut self, record: &StringRecord) -> Result<(), AnalysisError> {
        let line = record.position().map_or(0, csv::Position::line);
        let mut levels = Vec::with_capacity(self.columns.factors.len());
        for (_, index) in &self.columns.factors {
            levels.push(self.text(record, *index, line, "a level: the cell is empty")?.to_owned());
        }
        let seed_text = self.text(record, self.columns.seed, line, "a seed: the cell is empty")?;
        let seed = Seed::from_text(seed_text);
        self.check_spelling(&seed, seed_text, line)?;
        match self.columns.values.clone() {
            Values::Wide(metrics) => {
                for (metric, index) in metrics {
                    self.add((metric, levels.clone(), seed.clone()), &record[index], (line, index))?;
                }
            }
            Values::Long { metric, value, wanted } => {
                let name = self.text(record, metric, line, "a metric: the cell is empty")?.to_owned();
                self.seen_metrics.insert(name.clone());
                if wanted.is_empty() || wanted.contains(&name) {
                    self.add((name, levels, seed), &record[value], (line, value))?;
                }
            }
        }
        Ok(())
    }

    fn text<'r>(
        &self,
        record: &'r StringRecord,
        index: usize,
        line: u64,
        expected: &'static str,
    ) -> Result<&'r str, AnalysisError> {
        let text = &record[index];
        if text.is_empty() {
            return Err(AnalysisError::Cell { place: self.place(line, Some(index)), text: String::new(), expected });
        }
        Ok(text)
    }

    fn check_spelling(&mut self, seed: &Seed, text: &str, line: u64) -> Result<(), AnalysisError> {
        let (earlier, first) = self.seeds.entry(seed.clone()).or_insert_with(|| (text.to_owned(), line));
        if earlier == text {
            return Ok(());
        }
        let (earlier, first) = (earlier.clone(), *first);
        let place = self.place(line, Some(self.columns.seed));
        Err(AnalysisError::SeedSpelling { place, text: text.to_owned(), earlier, first })
    }

    fn add(&mut self, key: Key, text: &str, (line, column): (u64, usize)) -> Result<(), AnalysisError> {
        let run = self.runs.entry((key.1.clone(), key.2.clone())).or_insert(false);
        if text.is_empty() || text == "NA" {
            return Ok(());
        }
        let value: f64 = text.parse().map_err(|_| AnalysisError::Cell {
            place: Place { path: self.path.to_owned(), line, column: Some(self.header[column].to_owned()) },
            text: text.to_owned(),
            expected: "a number (such as 0.5, 1e-3, NaN for a diverged run, or empty for a missing one)",
        })?;
        *run |= !is_usable(value);
        if let Some((_, first)) = self.values.get(&key) {
            let names = self.columns.factors.iter().map(|(name, _)| name);
            let levels: Vec<String> = names.zip(&key.1).map(|(name, level)| format!("{name} = {level}")).collect();
            return Err(AnalysisError::Duplicate {
                place: self.place(line, None),
                metric: key.0,
                run: format!("{}, seed {}", levels.join(", "), key.2),
                first: *first,
            });
        }
        self.values.insert(key, (value, line));
        Ok(())
    }

    fn finish(self) -> Result<Results, AnalysisError> {
        if self.runs.is_empty() && self.seen_metrics.is_empty() {
            return Err(AnalysisError::Empty { path: self.path.to_owned(), missing: "rows" });
        }
        let metrics = self.metrics()?;
        let factors = self.factors();
        let point = |levels: &[String]| {
            let indices = factors.iter().zip(levels).map(|(factor, level)| {
                factor
                    .levels
                    .iter()
                    .position(|known| known == level)
                    .expect("invariant: levels were collected from rows")
            });
            Point::new(indices.collect())
        };
        let runs = self.runs.iter().map(|((levels, seed), diverged)| {
            let mut account = RunAccount::missing(None, point(levels), seed.clone());
            account.state = if *diverged { RunState::Diverged } else { RunState::Done };
            account.cause = diverged.then(|| format!("a value is not finite or beyond ±{LARGEST:e}"));
            account
        });
        let runs = runs.collect();
        let observations = self.values.iter().map(|((metric, levels, seed), (value, _))| Observation {
            metric: metric.clone(),
            point: point(levels),
            seed: seed.clone(),
            value: *value,
        });
        let results = Results {
            origin: Origin::Table { name: file_name(self.path) },
            observations: observations.collect(),
            factors: factors.clone(),
            metrics,
            runs,
            unusable: Vec::new(),
            curves: Vec::new(),
            extra_directories: Vec::new(),
        };
        Ok(results.in_order())
    }

    /// In the order asked for; else those that Seedbed knows first.
    fn metrics(&self) -> Result<Vec<String>, AnalysisError> {
        let wanted = match &self.columns.values {
            Values::Wide(metrics) => return Ok(metrics.iter().map(|(name, _)| name.clone()).collect()),
            Values::Long { wanted, .. } => wanted,
        };
        if let Some(absent) = wanted.iter().find(|name| !self.seen_metrics.contains(*name)) {
            return Err(AnalysisError::Unknown {
                kind: "metric".to_owned(),
                name: absent.clone(),
                suggestion: suggestion(absent, self.seen_metrics.iter().map(String::as_str)),
            });
        }
        if !wanted.is_empty() {
            return Ok(wanted.clone());
        }
        let rank = |name: &str| {
            let whole = name.split('/').next().unwrap_or(name);
            METRICS.iter().position(|metric| metric.name == whole).unwrap_or(METRICS.len())
        };
        let mut names: Vec<String> = self.seen_metrics.iter().cloned().collect();
        names.sort_by(|a, b| (rank(a), a).cmp(&(rank(b), b)));
        Ok(names)
    }

    fn factors(&self) -> Vec<Factor> {
        let names = self.columns.factors.iter().enumerate();
        names
            .map(|(index, (name, _))| {
                let mut levels: Vec<String> = self.runs.keys().map(|(levels, _)| levels[index].clone()).collect();
                levels.sort_by(|a, b| natural_order(a, b));
                levels.dedup();
                Factor { name: name.clone(), levels }
            })
            .collect()
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn csv_error(error: csv::Error, path: &Path, line: u64) -> AnalysisError {
    let line = error.position().map_or(line, csv::Position::line);
    let place = |line| Place { path: PathBuf::from(path), line, column: None };
    match error.into_kind() {
        csv::ErrorKind::Io(source) => AnalysisError::Read { path: path.to_owned(), source },
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => AnalysisError::NotCsv {
            place: place(line),
            reason: format!("{len} cells where the header has {expected_len}"),
        },
        csv::ErrorKind::Utf8 { .. } => {
            AnalysisError::NotCsv { place: place(line), reason: "not UTF-8 text".to_owned() }
        }
        other => AnalysisError::NotCsv { place: place(line), reason: format!("{other:?}") },
    }
}
