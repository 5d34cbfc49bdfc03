//! From anyone's tidy table, or several of them, to [`Results`].

use std::io;
use std::path::{Path, PathBuf};

use super::Results;
use super::cells::Duplicates;
use super::columns::Columns;
use super::gathered::Gathered;
use super::scan::{Rows, scan};
use super::source::{Header, Source};
use crate::error::AnalysisError;

/// Which columns of a table mean what.
///
/// A table is *long* if it has the columns `metric` and `value` and no metric that was asked for is a column itself;
/// else it is *wide*, with a column a metric. In a long table the factors may be left out: every other column is one
/// then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOptions {
    /// Columns that are factors.
    pub factors: Vec<String>,
    /// Column by which runs are paired.
    pub seed: String,
    /// Metrics to read: columns of a wide table, values of the column `metric` of a long one (all of them when empty).
    pub metrics: Vec<String>,
    /// Column with the step, where rows of one run are steps of a curve: of each metric the value at the highest step
    /// counts, and a run that ends before the highest step of all is unfinished and does not count. In a long table a
    /// column `step` is it unless it was named as a factor.
    pub step: Option<String>,
    /// What becomes of several rows that give one metric of one run at one step.
    pub duplicates: Duplicates,
    /// With how many threads a large file is read; 0 for as many as the machine has. Changes nothing but the time it
    /// takes.
    pub threads: usize,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            factors: Vec::new(),
            seed: "seed".to_owned(),
            metrics: Vec::new(),
            step: None,
            duplicates: Duplicates::Refuse,
            threads: 0,
        }
    }
}

/// The most threads that read one file: beyond that the disk is what takes the time.
const MOST_THREADS: usize = 8;

impl Results {
    /// Reads a CSV table with a header line; a byte order mark, `\r\n` and spaces around cells are no part of it. Tabs
    /// or semicolons separate cells where the header has more of them than commas; decimals have a point.
    ///
    /// An empty cell and `NA` mean that the value is missing. `NaN`, infinities and values beyond ±1e75 mean that the
    /// run diverged: it is counted as such, and its finite values of other metrics are kept. Levels are sorted, numbers
    /// by value, so that the order of rows changes nothing.
    ///
    /// # Errors
    /// With file, line and column, for everything that could be misread: see [`AnalysisError`].
    pub fn from_table(path: &Path, options: &TableOptions) -> Result<Self, AnalysisError> {
        Self::from_tables(&[path.to_owned()], options)
    }

    /// [`Results::from_table`] of several files as if they were one; each has its own header, and all have the same
    /// factors.
    ///
    /// # Errors
    /// As there, and where factors differ.
    pub fn from_tables(paths: &[PathBuf], options: &TableOptions) -> Result<Self, AnalysisError> {
        let numbered = (0_u32..).zip(paths);
        let sources: Vec<Source<'_>> = numbered.map(|(number, path)| Source { path, number, bytes: None }).collect();
        read(&sources, options)
    }

    /// [`Results::from_table`] on an open reader; `path` is for messages.
    ///
    /// # Errors
    /// As there.
    pub fn from_reader(mut reader: impl io::Read, path: &Path, options: &TableOptions) -> Result<Self, AnalysisError> {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map_err(|source| AnalysisError::Read { path: path.to_owned(), source })?;
        read(&[Source { path, number: 0, bytes: Some(&bytes) }], options)
    }
}

fn read(sources: &[Source<'_>], options: &TableOptions) -> Result<Results, AnalysisError> {
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS),
        given => given,
    };
    let mut all: Option<Gathered<'_>> = None;
    for source in sources {
        let header = Header::read(source)?;
        let columns = Columns::find(&header.names, options, source.path)?;
        let rows = Rows { source, header: &header, columns: &columns, duplicates: options.duplicates };
        let cells = scan(&rows, threads)?;
        match &mut all {
            None => all = Some(Gathered::new(sources, columns, cells)),
            Some(all) => all.add(source, &columns, &cells)?,
        }
    }
    match all {
        Some(all) => all.finish(),
        None => Err(AnalysisError::Empty { path: PathBuf::new(), missing: "files" }),
    }
}
