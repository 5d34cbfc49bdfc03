//! The rows of any CSV file, by the `csv` crate: quoted cells, and a word for every mistake.

use std::io::Read as _;

use csv::ByteRecord;

use super::cells::Cells;
use super::columns::Values;
use super::intern::Line;
use super::number::{self, Number};
use super::scan::{Part, Rows};
use super::separators;
use super::source::not_printable;
use crate::error::AnalysisError;

const BUFFER: usize = 1 << 18;

/// Reads a range whose first line follows `lines` others.
pub(super) fn read(rows: &Rows<'_>, part: (u64, u64), lines: u64) -> Result<Part, Box<AnalysisError>> {
    let source = rows.source.open(part)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(rows.header.separator)
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(BUFFER)
        .from_reader(source);
    let mut cells = Cells::new(rows.columns.factors.len(), rows.duplicates);
    let wanted = rows.metrics_of_columns(&mut cells);
    let mut ids = vec![0; cells.width()];
    let mut record = ByteRecord::new();
    let length = part.1 - part.0;
    let is_open = !rows.source.ends_a_line(part.1)?;
    loop {
        let (start, before) = (reader.position().byte(), reader.position().line());
        match reader.read_byte_record(&mut record) {
            Ok(true) => {
                // From the end of the record, as empty lines may lie before it.
                let after = reader.position().line();
                let is_last = is_open && reader.position().byte() >= length;
                if reader.position().byte() >= length {
                    rows.refuse_open_quote((part.0 + start, part.1), lines + before)?;
                }
                let own = if rows.header.crlf || after == before || is_last { after } else { after - 1 };
                rows.take(&record, lines + own, &mut cells, (&mut ids, &wanted))?;
            }
            Ok(false) => break,
            Err(error) => return Err(rows.source.not_csv(error, lines + before).into()),
        }
    }
    // The reader stands on the line after the last one.
    Ok(Part { cells, lines: reader.position().line() - 1 })
}

impl Rows<'_> {
    /// The numbers of the metrics that have a column of their own, in the order of the columns.
    pub(super) fn metrics_of_columns(&self, cells: &mut Cells) -> Vec<u32> {
        let metrics = cells.width();
        let mut number =
            |name: &str| cells.names[metrics].id(name.as_bytes(), (self.source.number, 1)).unwrap_or_default();
        match &self.columns.values {
            Values::Wide(metrics) => metrics.iter().map(|(name, _)| number(name)).collect(),
            Values::Long { .. } => Vec::new(),
        }
    }

    /// Refuses a last row whose last cell has a quote that nothing closes: the reader takes the end of the file for its
    /// end.
    fn refuse_open_quote(&self, row: (u64, u64), line: u64) -> Result<(), AnalysisError> {
        let mut bytes = Vec::new();
        let read = self.source.open(row)?.read_to_end(&mut bytes);
        read.map_err(|error| self.source.refused(error))?;
        match separators::open_quote(&bytes, self.header.separator) {
            None => Ok(()),
            Some(lines) => Err(AnalysisError::NotCsv {
                place: self.source.place(line + lines, None),
                reason: "a quote that is opened here is not closed by the end of the file".to_owned(),
            }),
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
            let cells = if record.len() == 1 { "cell" } else { "cells" };
            let mut reason = format!("{} {cells} where the header has {}", record.len(), columns.width);
            if let Some(cell) = record.iter().position(|cell| cell.contains(&b'\n')) {
                reason = format!("{reason}, the cell {} with line ends in it: is a quote missing?", cell + 1);
            } else if self.header.separator == b',' && record.len() > columns.width {
                reason += " (a decimal comma separates cells too: decimals have a point)";
            }
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
                    if let Number::Given(value) = self.value(record, *index, line)? {
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
                if let Number::Given(value) = self.value(record, *value, line)? {
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
        let text = record[index].trim_ascii();
        if text.is_empty() {
            return Err(self.cell(index, line.1, "", expected));
        }
        cells.names[column].id(text, line).ok_or_else(|| {
            let reason = not_printable(text).unwrap_or("too many names").to_owned();
            AnalysisError::NotCsv { place: self.source.place(line.1, Some(&self.header.names[index])), reason }
        })
    }

    fn value(&self, record: &ByteRecord, index: usize, line: u64) -> Result<Number, AnalysisError> {
        let text = std::str::from_utf8(record[index].trim_ascii()).map_err(|_| self.not_text(line))?;
        let has_comma = text.split_once(',').is_some_and(|(whole, rest)| {
            whole.trim_start_matches(['+', '-']).parse::<u64>().is_ok()
                && rest.bytes().all(|byte| byte.is_ascii_digit())
        });
        let expected = if has_comma {
            "a number: decimals have a point here, not a comma (the whole table needs them so)"
        } else if text.parse::<f64>().is_ok() {
            "a number that fits: it may be at most 1.8e308 in size"
        } else {
            "a number (such as 0.5, 1e-3, NaN for a diverged run, or empty for a missing one)"
        };
        Number::of(text).ok_or_else(|| self.cell(index, line, text, expected))
    }

    fn step(&self, record: &ByteRecord, index: usize, line: u64) -> Result<f64, AnalysisError> {
        let text = std::str::from_utf8(record[index].trim_ascii()).map_err(|_| self.not_text(line))?;
        number::step(text).ok_or_else(|| self.cell(index, line, text, "a step: a number that is not below 0"))
    }

    fn cell(&self, index: usize, line: u64, text: &str, expected: &'static str) -> AnalysisError {
        let place = self.source.place(line, Some(&self.header.names[index]));
        AnalysisError::Cell { place, text: text.to_owned(), expected }
    }

    fn not_text(&self, line: u64) -> AnalysisError {
        AnalysisError::NotCsv { place: self.source.place(line, None), reason: "not UTF-8 text".to_owned() }
    }
}
