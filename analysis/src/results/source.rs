//! A table to be read: its bytes, its header, and the parts in which its rows can be read.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read, Seek as _, SeekFrom};
use std::path::Path;

use csv::StringRecord;

use super::separators;
use crate::error::{AnalysisError, Place};

/// Why a name cannot be one, if it cannot: it would do things to a terminal or a page instead of standing there. Tabs
/// and line ends are allowed.
pub(super) fn not_printable(name: &[u8]) -> Option<&'static str> {
    let Ok(text) = std::str::from_utf8(name) else { return Some("not UTF-8 text") };
    let is_blank = |character: char| matches!(character, '\t' | '\n' | '\r');
    let wrong = text.chars().find(|character| character.is_control() && !is_blank(*character))?;
    Some(if wrong == '\0' {
        "a byte that is 0, as UTF-16 has them: save the table as UTF-8"
    } else {
        "a name holds a control character"
    })
}

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
    /// A reader of the bytes from `start` to `end`.
    pub(super) fn open(&self, (start, end): (u64, u64)) -> Result<Box<dyn Read + '_>, AnalysisError> {
        if let Some(bytes) = self.bytes {
            let end = (end as usize).min(bytes.len());
            return Ok(Box::new(&bytes[(start as usize).min(end)..end]));
        }
        let mut file = File::open(self.path).map_err(|error| self.refused(error))?;
        file.seek(SeekFrom::Start(start)).map_err(|error| self.refused(error))?;
        Ok(Box::new(file.take(end - start)))
    }

    /// Its length in bytes.
    pub(super) fn length(&self) -> Result<u64, AnalysisError> {
        if let Some(bytes) = self.bytes {
            return Ok(bytes.len() as u64);
        }
        std::fs::metadata(self.path).map(|metadata| metadata.len()).map_err(|error| self.refused(error))
    }

    /// Whether the byte before `end` is a line end.
    pub(super) fn ends_a_line(&self, end: u64) -> Result<bool, AnalysisError> {
        let mut last = Vec::new();
        let read = self.open((end.saturating_sub(1), end))?.read_to_end(&mut last);
        read.map_err(|error| self.refused(error)).map(|_| last == b"\n")
    }

    /// Cuts a range into so many parts at most, each but the first beginning after a line end.
    pub(super) fn cut(&self, (start, end): (u64, u64), parts: u64) -> Result<Vec<(u64, u64)>, AnalysisError> {
        let mut bounds = vec![start];
        for part in 1..parts {
            let aim = start + (end - start) / parts * part;
            let mut line = Vec::new();
            let read = BufReader::new(self.open((aim, end))?).read_until(b'\n', &mut line);
            bounds.push(aim + read.map_err(|error| self.refused(error))? as u64);
        }
        bounds.push(end);
        bounds.dedup();
        Ok(bounds.windows(2).map(|pair| (pair[0], pair[1])).collect())
    }

    /// What stands between cells, by the first line that holds anything.
    fn separator(&self) -> Result<u8, AnalysisError> {
        let mut reader = BufReader::new(self.open((0, u64::MAX))?);
        let mut line = Vec::new();
        while line.trim_ascii().is_empty() {
            line.clear();
            // As the reader does, a line may end at `\r`.
            if reader.read_until(b'\n', &mut line).map_err(|error| self.refused(error))? == 0 {
                break;
            }
        }
        let first = line.trim_ascii().split(|byte| *byte == b'\r').next().unwrap_or_default();
        Ok(separators::of_header(first))
    }

    pub(super) fn place(&self, line: u64, column: Option<&str>) -> Place {
        Place { path: self.path.to_owned(), line, column: column.map(str::to_owned) }
    }

    /// What is wrong with text that is not CSV; `line` where the error does not say one.
    pub(super) fn not_csv(&self, error: csv::Error, line: u64) -> AnalysisError {
        let line = error.position().map_or(line, csv::Position::line);
        let reason = match error.into_kind() {
            csv::ErrorKind::Io(error) => return self.refused(error),
            csv::ErrorKind::Utf8 { .. } => "not UTF-8 text".to_owned(),
            other => format!("{other:?}"),
        };
        AnalysisError::NotCsv { place: self.place(line, None), reason }
    }

    pub(super) fn refused(&self, source: std::io::Error) -> AnalysisError {
        AnalysisError::Read { path: self.path.to_owned(), source }
    }
}

/// The header of a table, and where its rows begin.
pub(super) struct Header {
    pub(super) names: StringRecord,
    /// The byte after it.
    pub(super) start: u64,
    /// How many line ends were read with it.
    pub(super) lines: u64,
    /// Whether lines end with `\r\n`.
    pub(super) crlf: bool,
    /// What stands between cells.
    pub(super) separator: u8,
}

impl Header {
    pub(super) fn read(source: &Source<'_>) -> Result<Self, AnalysisError> {
        let separator = source.separator()?;
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .trim(csv::Trim::All)
            .from_reader(source.open((0, u64::MAX))?);
        let names = reader.headers().map_err(|error| source.not_csv(error, 1))?.clone();
        if names.iter().all(str::is_empty) {
            return Err(AnalysisError::Empty { path: source.path.to_owned(), missing: "header" });
        }
        if let Some(reason) = names.iter().find_map(|name| not_printable(name.as_bytes())) {
            return Err(AnalysisError::NotCsv { place: source.place(1, None), reason: reason.to_owned() });
        }
        let (start, line) = (reader.position().byte(), reader.position().line());
        // The reader takes a line to end at `\r`, and leaves the `\n` for later.
        let mut ends = Vec::new();
        let read = source.open((start.saturating_sub(1), start + 1))?.read_to_end(&mut ends);
        read.map_err(|error| source.refused(error))?;
        Ok(Self { names, start, lines: line - 1, crlf: ends == *b"\r\n", separator })
    }
}
