//! Tables with a header line and columns separated by `|`.

use std::str::FromStr;

use super::values::{optional_clock, optional_time};
use super::{DateTime, QueryError, Reply};

/// The separator that every query asks for.
const SEPARATOR: char = '|';

/// What a table looks like.
pub(super) struct Table {
    /// The title of the first column, by which the header is recognised.
    pub first_title: &'static str,
    /// The number of columns. The last but one is free text and may hold separators and newlines;
    /// the last never does, and so tells where the row ends.
    pub columns: usize,
}

impl Table {
    /// The rows behind the header.
    pub(super) fn rows<'a>(&self, reply: &Reply<'a>) -> Result<Vec<Row<'a>>, QueryError> {
        let mut rest = reply.answer()?;
        let mut line = 1;
        while !self.is_header(first_line(rest)) {
            rest = &rest[first_line(rest).len()..];
            line += 1;
            if rest.is_empty() {
                let (command, expected) = (reply.command, self.first_title);
                return Err(QueryError::NoAnswer { command, expected });
            }
        }
        let header = first_line(rest);
        if !header.ends_with('\n') {
            return Err(reply.truncated());
        }
        rest = &rest[header.len()..];
        line += 1;
        let mut rows = Vec::new();
        while !rest.is_empty() {
            let (row, length) = self.first_row(reply, line, rest)?;
            line += rest[..length].matches('\n').count();
            rest = &rest[length..];
            rows.push(row);
        }
        Ok(rows)
    }

    fn is_header(&self, line: &str) -> bool {
        let mut titles = line.trim_end().split(SEPARATOR);
        titles.next().is_some_and(|title| title.eq_ignore_ascii_case(self.first_title))
            && titles.count() + 1 == self.columns
    }

    /// The row at the start of the text, and its length in bytes.
    fn first_row<'a>(&self, reply: &Reply, line: usize, text: &'a str) -> Result<(Row<'a>, usize), QueryError> {
        let mut length = 0;
        for part in text.split_inclusive('\n') {
            length += part.len();
            let Some(record) = text[..length].strip_suffix('\n') else {
                return Err(reply.truncated());
            };
            let (fields, is_complete) = self.fields(record);
            let row = Row { command: reply.command, line, fields };
            if is_complete {
                return Ok((row, length));
            }
            // Only a row that has come as far as its free text can go on in the next line.
            if row.fields.len() < self.columns - 1 {
                return Err(row.malformed(record, "a row with all its columns"));
            }
        }
        Err(reply.truncated())
    }

    /// The fields of a row, and whether all are there.
    fn fields<'a>(&self, record: &'a str) -> (Vec<&'a str>, bool) {
        let mut fields: Vec<&str> = record.splitn(self.columns - 1, SEPARATOR).collect();
        let is_long = fields.len() == self.columns - 1;
        let end = fields.last().and_then(|rest| rest.rsplit_once(SEPARATOR)).filter(|_| is_long);
        if let Some((free_text, last)) = end {
            fields.pop();
            fields.extend([free_text, last]);
        }
        (fields, end.is_some())
    }
}

/// The first line with its newline; empty only if the text is.
fn first_line(text: &str) -> &str {
    text.split_inclusive('\n').next().unwrap_or_default()
}

/// One row; as many fields as the table has columns.
pub(super) struct Row<'a> {
    command: &'static str,
    line: usize,
    fields: Vec<&'a str>,
}

impl<'a> Row<'a> {
    /// The text of a column.
    pub(super) fn text(&self, column: usize) -> &'a str {
        self.fields.get(column).copied().unwrap_or_default().trim()
    }

    /// A column as a value.
    pub(super) fn value<T: FromStr>(&self, column: usize, expected: &'static str) -> Result<T, QueryError> {
        let text = self.text(column);
        text.parse().map_err(|_| self.malformed(text, expected))
    }

    /// A column that may be empty, as a value.
    pub(super) fn optional<T: FromStr>(&self, column: usize, expected: &'static str) -> Result<Option<T>, QueryError> {
        if self.text(column).is_empty() { Ok(None) } else { self.value(column, expected).map(Some) }
    }

    /// A column as a point of time in the cluster's own zone; `None` if there is none yet.
    pub(super) fn time(&self, column: usize) -> Result<Option<DateTime>, QueryError> {
        let text = self.text(column);
        optional_time(text).map_err(|()| self.malformed(text, "a time such as \"2026-01-31T12:00:00\""))
    }

    /// A column as a length of time in seconds; `None` if there is none yet.
    pub(super) fn clock(&self, column: usize) -> Result<Option<u64>, QueryError> {
        let text = self.text(column);
        optional_clock(text).map_err(|()| self.malformed(text, "a time such as \"1-02:03:04\""))
    }

    /// The error for a text in this row.
    pub(super) fn malformed(&self, text: &str, expected: &'static str) -> QueryError {
        let (command, line) = (self.command, self.line);
        QueryError::Malformed { command, line, text: text.to_owned(), expected }
    }
}
