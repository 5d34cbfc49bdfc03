//! The rows of a part of a table without quotes and mistakes, fast.
//!
//! A row's factors, seed and metric are looked up together, by their bytes, and taken apart only when they are seen for
//! the first time. Whatever is unusual makes the reader give up: [`quoted`](super::quoted) then reads the table and has
//! the words for it.

use std::io::{ErrorKind, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use super::cells::Cells;
use super::columns::Values;
use super::intern::Line;
use super::memo::{Memo, PADDING};
use super::number::{self, Number};
use super::scan::{Part, Rows};
use super::separators;

/// Bytes that are read at a time: they and the places of their cells fit the cache of a core.
const BLOCK: usize = 1 << 16;

/// Reads a part. `None` where it cannot, or where another part could not; `given_up` then says so to the others.
pub(super) fn read(rows: &Rows<'_>, part: (u64, u64), given_up: &AtomicBool) -> Option<Part> {
    let found = Reader::new(rows).read(part, given_up);
    if found.is_none() {
        given_up.store(true, Ordering::Relaxed);
    }
    found
}

/// What the key of a row means.
#[derive(Clone, Copy)]
enum Meaning {
    /// A metric that nobody asked for.
    Unwanted,
    /// The run of a wide table's row.
    Run(u32),
    /// The cell of a long table's row.
    Cell(u32),
}

struct Reader<'a> {
    rows: &'a Rows<'a>,
    cells: Cells,
    /// The numbers of the metrics that are columns.
    metrics: Vec<u32>,
    /// The first and the last column of every stretch of columns that belong to the key.
    key: Vec<(usize, usize)>,
    memo: Memo<Meaning>,
    ids: Vec<u32>,
    /// How many line ends were read.
    lines: u64,
}

/// A row: the block it lies in, its first byte, and where its cells end.
#[derive(Clone, Copy)]
struct Row<'a> {
    block: &'a [u8],
    start: usize,
    ends: &'a [u32],
}

impl<'a> Row<'a> {
    fn start_of(&self, column: usize) -> usize {
        if column == 0 { self.start } else { self.ends[column - 1] as usize + 1 }
    }

    fn stretch(&self, (first, last): (usize, usize)) -> (usize, usize) {
        (self.start_of(first), self.ends[last] as usize)
    }

    /// A cell without the spaces around it.
    fn cell(&self, column: usize) -> &'a [u8] {
        let (start, end) = self.stretch((column, column));
        let cell = &self.block[start..end];
        let is_bare = |edge: Option<&u8>| edge.is_none_or(|byte| !byte.is_ascii_whitespace());
        if is_bare(cell.first()) && is_bare(cell.last()) { cell } else { cell.trim_ascii() }
    }

    fn text(&self, column: usize) -> Option<&'a str> {
        std::str::from_utf8(self.cell(column)).ok()
    }
}

impl<'a> Reader<'a> {
    fn new(rows: &'a Rows<'a>) -> Self {
        let mut cells = Cells::new(rows.columns.factors.len(), rows.duplicates);
        let metrics = rows.metrics_of_columns(&mut cells);
        let ids = vec![0; cells.width()];
        let mut key: Vec<usize> = rows.columns.factors.iter().map(|(_, index)| *index).collect();
        key.push(rows.columns.seed);
        if let Values::Long { metric, .. } = &rows.columns.values {
            key.push(*metric);
        }
        key.sort_unstable();
        let key = key.chunk_by(|a, b| a + 1 == *b).map(|stretch| (stretch[0], stretch[stretch.len() - 1])).collect();
        Self { rows, cells, metrics, key, memo: Memo::new(), ids, lines: 0 }
    }

    fn read(mut self, part: (u64, u64), given_up: &AtomicBool) -> Option<Part> {
        let mut source = self.rows.source.open(part).ok()?;
        let mut block = vec![0; BLOCK + PADDING];
        let mut found = Vec::with_capacity(BLOCK / 4);
        // The bytes at the beginning of the block that are a line without its end.
        let mut held = 0;
        loop {
            if given_up.load(Ordering::Relaxed) {
                return None;
            }
            let room = block.len() - PADDING;
            if held == room {
                block.resize(2 * room + PADDING, 0);
                continue;
            }
            let read = match source.read(&mut block[held..room]) {
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            };
            let filled = held + read;
            let is_last = read == 0;
            if is_last && held > 0 {
                // The last line need not have an end, and the padding has room for one.
                block[filled] = b'\n';
            }
            let searched = if is_last && held > 0 { filled + 1 } else { filled };
            let whole = block[..searched].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
            if !separators::find(&block[..whole], self.rows.header.separator, &mut found) {
                return None;
            }
            self.block(&block[..], &found)?;
            if is_last {
                return Some(Part { cells: self.cells, lines: self.lines });
            }
            block.copy_within(whole..filled, 0);
            held = filled - whole;
        }
    }

    fn block(&mut self, block: &[u8], found: &[u32]) -> Option<()> {
        let (width, separator) = (self.rows.columns.width, self.rows.header.separator);
        let (mut start, mut next) = (0, 0);
        while next < found.len() {
            let end = found[next] as usize;
            if block[end] == b'\n' && matches!(&block[start..end], b"" | b"\r") {
                (start, next) = (end + 1, next + 1);
                self.lines += 1;
                continue;
            }
            let ends = found.get(next..next + width)?;
            let (last, others) = ends.split_last()?;
            if block[*last as usize] != b'\n' || others.iter().any(|end| block[*end as usize] != separator) {
                return None;
            }
            self.lines += 1;
            self.row(Row { block, start, ends })?;
            (start, next) = (*last as usize + 1, next + width);
        }
        Some(())
    }

    fn row(&mut self, row: Row<'_>) -> Option<()> {
        let line: Line = (self.rows.source.number, self.lines);
        let columns = self.rows.columns;
        let step = match columns.step {
            None => 0.0,
            Some(index) => number::step(row.text(index)?)?,
        };
        let known = self.memo.find(row.block, self.key.iter().map(|columns| row.stretch(*columns)));
        let Some(meaning) = known else {
            return self.new_key(row, line, step);
        };
        match (meaning, &columns.values) {
            (Meaning::Cell(place), Values::Long { value, .. }) => {
                if let Number::Given(value) = Number::of(row.text(*value)?)? {
                    self.cells.add_at(place, value, (step, line));
                }
            }
            (Meaning::Run(run), Values::Wide(metrics)) => self.wide(row, run, metrics, (step, line))?,
            _ => {}
        }
        Some(())
    }

    /// A row whose key was not seen before, or was forgotten.
    fn new_key(&mut self, row: Row<'_>, line: Line, step: f64) -> Option<()> {
        let columns = self.rows.columns;
        let seed = columns.factors.len();
        let indices = columns.factors.iter().map(|(_, index)| *index).chain([columns.seed]);
        for (column, index) in indices.enumerate() {
            self.ids[column] = self.name(row.cell(index), column, line)?;
        }
        match &columns.values {
            Values::Wide(metrics) => {
                let run = self.cells.run(&self.ids);
                self.memo.keep(Meaning::Run(run));
                self.wide(row, run, metrics, (step, line))?;
            }
            Values::Long { metric, value, wanted } => {
                let id = self.name(row.cell(*metric), seed + 1, line)?;
                if !wanted.is_empty() && !wanted.contains(&self.cells.names[seed + 1].texts[id as usize]) {
                    self.memo.keep(Meaning::Unwanted);
                    return Some(());
                }
                let run = self.cells.run(&self.ids);
                // A missing value has no cell that could be remembered.
                if let Number::Given(value) = Number::of(row.text(*value)?)? {
                    let place = self.cells.add(run, id, value, (step, line));
                    self.memo.keep(Meaning::Cell(place));
                }
            }
        }
        Some(())
    }

    fn wide(&mut self, row: Row<'_>, run: u32, metrics: &[(String, usize)], at: (f64, Line)) -> Option<()> {
        for ((_, index), metric) in metrics.iter().zip(&self.metrics) {
            if let Number::Given(value) = Number::of(row.text(*index)?)? {
                self.cells.add(run, *metric, value, at);
            }
        }
        Some(())
    }

    fn name(&mut self, cell: &[u8], column: usize, line: Line) -> Option<u32> {
        if cell.is_empty() { None } else { self.cells.names[column].id(cell, line) }
    }
}
