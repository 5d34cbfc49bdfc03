//! The rows of a file: in several parts at once, each by the `csv` crate.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use csv::{ByteRecord, StringRecord};

use super::cells::{Cells, Duplicates};
use super::columns::{Columns, Values};
use super::intern::Line;
use crate::error::{AnalysisError, Place};

/// Files smaller than this are not worth a second thread.
const WORTH_A_THREAD: u64 = 4 << 20;
const BUFFER: usize = 1 << 18;

/// A table to be read.
pub(super) struct Source<'a> {
    /// What messages call it.
    pub(super) path: &'a Path,
    /// Its number among several.
    pub(super) number: u32,
    /// Its bytes, where it is no file that can be read in any order.
    pub(super) bytes: Option<&'a [u8]>,
}

impl Source<'_> {
    fn open(&self, start: u64, end: u64) -> Result<Box<dyn Read + '_>, AnalysisError> {
        let refused = |source| AnalysisError::Read { path: self.path.to_owned(), source };
        if let Some(bytes) = self.bytes {
            let end = (end as usize).min(bytes.len());
            return Ok(Box::new(&bytes[(start as usize).min(end)..end]));
        }
        let mut file = File::open(self.path).map_err(refused)?;
        file.seek(SeekFrom::Start(start)).map_err(refused)?;
        Ok(Box::new(file.take(end - start)))
    }

    fn length(&self) -> Result<u64, AnalysisError> {
        if let Some(bytes) = self.bytes {
            return Ok(bytes.len() as u64);
        }
        let metadata = std::fs::metadata(self.path);
        metadata
            .map(|metadata| metadata.len())
            .map_err(|source| AnalysisError::Read { path: self.path.to_owned(), source })
    }

    pub(super) fn place(&self, line: u64, column: Option<&str>) -> Place {
        Place { path: self.path.to_owned(), line, column: column.map(str::to_owned) }
    }
}

/// The header of a table, and where its rows begin.
pub(super) struct Header {
    pub(super) names: StringRecord,
    start: u64,
    line: u64,
    /// Whether lines end with `\r\n`.
    crlf: bool,
}

impl Header {
    pub(super) fn read(source: &Source<'_>) -> Result<Self, AnalysisError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(source.open(0, u64::MAX)?);
        let names = reader.headers().map_err(|error| csv_error(error, source, 1))?.clone();
        if names.iter().all(str::is_empty) {
            return Err(AnalysisError::Empty { path: source.path.to_owned(), missing: "header" });
        }
        let (start, line) = (reader.position().byte(), reader.position().line());
        // The reader takes a line to end at `\r`, and leaves the `\n` for later.
        let mut ends = Vec::new();
        let read = source.open(start.saturating_sub(1), start + 1)?.read_to_end(&mut ends);
        read.map_err(|error| AnalysisError::Read { path: source.path.to_owned(), source: error })?;
        Ok(Self { names, start, line, crlf: ends == *b"\r\n" })
    }
}

/// Reads all rows of a source into cells.
///
/// A large file is cut at line ends into as many parts as there are `threads`, and the parts are put together in their order, so
/// that neither their number nor their speed changes anything. Where a quoted cell might hold a line end, it is read in one.
pub(super) fn scan(
    source: &Source<'_>,
    header: &Header,
    columns: &Columns,
    (duplicates, threads): (Duplicates, usize),
) -> Result<Cells, AnalysisError> {
    let end = source.length()?;
    let rows = Rows { source, header, columns, duplicates };
    let whole = (header.start.min(end), end);
    let worth = (end - whole.0) / WORTH_A_THREAD;
    let parts = cut(source, whole, worth.min(threads as u64).max(1))?;
    if let [_, _, ..] = parts.as_slice() {
        let quoted = AtomicBool::new(false);
        let mut found = std::thread::scope(|scope| {
            let handles: Vec<_> = parts.iter().map(|part| scope.spawn(|| rows.read(*part, 0, Some(&quoted)))).collect();
            let join = |handle: std::thread::ScopedJoinHandle<'_, _>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            handles.into_iter().map(join).collect::<Vec<Result<Part, Box<AnalysisError>>>>()
        });
        if !quoted.load(Ordering::Relaxed) && found.iter().all(Result::is_ok) {
            let mut parts = found.drain(..).flatten();
            let first = parts.next().expect("invariant: there are two parts or more");
            let mut cells = first.cells;
            let mut lines = header.line - 1;
            cells.shift(lines);
            lines += first.lines;
            for mut part in parts {
                part.cells.shift(lines);
                lines += part.lines;
                cells.merge(&part.cells);
            }
            return Ok(cells);
        }
    }
    // A mistake is found again here, with its line and in the order of the file.
    rows.read(whole, header.line - 1, None).map(|part| part.cells).map_err(|error| *error)
}

/// The parts of a range, each but the first beginning after a line end.
fn cut(source: &Source<'_>, (start, end): (u64, u64), parts: u64) -> Result<Vec<(u64, u64)>, AnalysisError> {
    let mut bounds = vec![start];
    for part in 1..parts {
        let aim = start + (end - start) / parts * part;
        let mut reader = io::BufReader::new(source.open(aim, end)?);
        let mut line = Vec::new();
        let read = io::BufRead::read_until(&mut reader, b'\n', &mut line)
            .map_err(|source_error| AnalysisError::Read { path: source.path.to_owned(), source: source_error })?;
        bounds.push(aim + read as u64);
    }
    bounds.push(end);
    bounds.dedup();
    Ok(bounds.windows(2).map(|pair| (pair[0], pair[1])).collect())
}

/// What a part holds.
struct Part {
    cells: Cells,
    lines: u64,
}

struct Rows<'a> {
    source: &'a Source<'a>,
    header: &'a Header,
    columns: &'a Columns,
    duplicates: Duplicates,
}

impl Rows<'_> {
    /// Reads a range whose first line follows `lines` others. With `quoted` it gives up, and says so there, at the first quote.
    fn read(
        &self,
        (start, end): (u64, u64),
        lines: u64,
        quoted: Option<&AtomicBool>,
    ) -> Result<Part, Box<AnalysisError>> {
        let watched = Watched { inner: self.source.open(start, end)?, quoted };
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).buffer_capacity(BUFFER).from_reader(watched);
        let mut cells = Cells::new(self.columns.factors.len(), self.duplicates);
        let wanted = self.wanted(&mut cells);
        let mut ids = vec![0; cells.width()];
        let mut record = ByteRecord::new();
        loop {
            let before = reader.position().line();
            match reader.read_byte_record(&mut record) {
                Ok(true) => {
                    // From the end of the record, as empty lines may lie before it.
                    let after = reader.position().line();
                    let own = if self.header.crlf || after == before { after } else { after - 1 };
                    self.take(&record, lines + own, &mut cells, (&mut ids, &wanted))?;
                }
                Ok(false) => break,
                Err(error) => return Err(csv_error(error, self.source, lines + before).into()),
            }
        }
        // The reader stands on the line after the last one.
        Ok(Part { cells, lines: reader.position().line() - 1 })
    }

    /// The numbers of the metrics that were asked for, or of the columns of a wide table.
    fn wanted(&self, cells: &mut Cells) -> Vec<u32> {
        let metrics = cells.width();
        let mut number =
            |name: &str| cells.names[metrics].id(name.as_bytes(), (self.source.number, 1)).unwrap_or_default();
        match &self.columns.values {
            Values::Wide(metrics) => metrics.iter().map(|(name, _)| number(name)).collect(),
            Values::Long { .. } => Vec::new(),
        }
    }

    fn take(
        &self,
        record: &ByteRecord,
        line: u64,
        cells: &mut Cells,
        (ids, wide): (&mut [u32], &[u32]),
    ) -> Result<(), AnalysisError> {
        let columns = self.columns;
        if record.len() != columns.width {
            let reason = format!("{} cells where the header has {}", record.len(), columns.width);
            return Err(AnalysisError::NotCsv { place: self.source.place(line, None), reason });
        }
        let at: Line = (self.source.number, line);
        for (column, (_, index)) in columns.factors.iter().enumerate() {
            ids[column] = self.name(record, *index, at, "a level: the cell is empty", cells, column)?;
        }
        let seed = columns.factors.len();
        ids[seed] = self.name(record, columns.seed, at, "a seed: the cell is empty", cells, seed)?;
        let step = match columns.step {
            None => 0.0,
            Some(index) => self.step(record, index, line)?,
        };
        match &columns.values {
            Values::Wide(metrics) => {
                let run = cells.run(ids);
                for ((_, index), metric) in metrics.iter().zip(wide) {
                    if let Some(value) = self.value(record, *index, line)? {
                        cells.add(run, *metric, value, (step, at));
                    }
                }
            }
            Values::Long { metric, value, wanted } => {
                let id = self.name(record, *metric, at, "a metric: the cell is empty", cells, seed + 1)?;
                if !wanted.is_empty() && !wanted.contains(&cells.names[seed + 1].texts[id as usize]) {
                    return Ok(());
                }
                let run = cells.run(ids);
                if let Some(value) = self.value(record, *value, line)? {
                    cells.add(run, id, value, (step, at));
                }
            }
        }
        Ok(())
    }

    fn name(
        &self,
        record: &ByteRecord,
        index: usize,
        line: Line,
        expected: &'static str,
        cells: &mut Cells,
        column: usize,
    ) -> Result<u32, AnalysisError> {
        let text = trimmed(&record[index]);
        if text.is_empty() {
            return Err(self.cell(index, line.1, "", expected));
        }
        cells.names[column].id(text, line).ok_or_else(|| self.not_text(line.1))
    }

    /// The value of a cell; `None` where it is missing.
    fn value(&self, record: &ByteRecord, index: usize, line: u64) -> Result<Option<f64>, AnalysisError> {
        let text = trimmed(&record[index]);
        if text.is_empty() || text == b"NA" {
            return Ok(None);
        }
        let text = std::str::from_utf8(text).map_err(|_| self.not_text(line))?;
        let expected = "a number (such as 0.5, 1e-3, NaN for a diverged run, or empty for a missing one)";
        text.parse().map(Some).map_err(|_| self.cell(index, line, text, expected))
    }

    fn step(&self, record: &ByteRecord, index: usize, line: u64) -> Result<f64, AnalysisError> {
        let text = std::str::from_utf8(trimmed(&record[index])).map_err(|_| self.not_text(line))?;
        let step: Option<f64> = text.parse().ok();
        step.filter(|step| *step >= 0.0 && step.is_finite())
            .ok_or_else(|| self.cell(index, line, text, "a step: a number that is not below 0"))
    }

    fn cell(&self, index: usize, line: u64, text: &str, expected: &'static str) -> AnalysisError {
        let place = self.source.place(line, Some(&self.header.names[index]));
        AnalysisError::Cell { place, text: text.to_owned(), expected }
    }

    fn not_text(&self, line: u64) -> AnalysisError {
        AnalysisError::NotCsv { place: self.source.place(line, None), reason: "not UTF-8 text".to_owned() }
    }
}

fn trimmed(cell: &[u8]) -> &[u8] {
    let is_bare = |edge: Option<&u8>| edge.is_none_or(|byte| !byte.is_ascii_whitespace());
    if is_bare(cell.first()) && is_bare(cell.last()) { cell } else { cell.trim_ascii() }
}

/// A reader that gives up at the first quote where that is asked for.
struct Watched<'a> {
    inner: Box<dyn Read + 'a>,
    quoted: Option<&'a AtomicBool>,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(quoted) = self.quoted {
            if buffer[..read].contains(&b'"') {
                quoted.store(true, Ordering::Relaxed);
            }
            if quoted.load(Ordering::Relaxed) {
                return Ok(0);
            }
        }
        Ok(read)
    }
}

fn csv_error(error: csv::Error, source: &Source<'_>, line: u64) -> AnalysisError {
    let line = error.position().map_or(line, csv::Position::line);
    let place = |line| Place { path: PathBuf::from(source.path), line, column: None };
    match error.into_kind() {
        csv::ErrorKind::Io(error) => AnalysisError::Read { path: source.path.to_owned(), source: error },
        csv::ErrorKind::Utf8 { .. } => {
            AnalysisError::NotCsv { place: place(line), reason: "not UTF-8 text".to_owned() }
        }
        other => AnalysisError::NotCsv { place: place(line), reason: format!("{other:?}") },
    }
}
