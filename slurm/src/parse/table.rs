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
    /// The number of columns. The last one may hold separators.
    pub columns: usize,
}

impl Table {
    /// The rows behind the header.
    pub(super) fn rows<'a>(&self, reply: &Reply<'a>) -> Result<Vec<Row<'a>>, QueryError> {
        let answer = reply.answer()?;
        let command = reply.command;
        let mut lines = answer.split_inclusive('\n').enumerate();
        let header = lines.find(|(_, line)| self.is_header(line));
        let Some((_, header)) = header else {
            return Err(QueryError::NoAnswer { command, expected: self.first_title });
        };
        if !header.ends_with('\n') {
            return Err(reply.truncated());
        }
        lines.map(|(position, line)| self.row(reply, position + 1, line)).collect()
    }

    fn is_header(&self, line: &str) -> bool {
        let mut titles = line.trim_end().split(SEPARATOR);
        titles.next().is_some_and(|title| title.eq_ignore_ascii_case(self.first_title))
            && titles.count() + 1 == self.columns
    }

    fn row<'a>(&self, reply: &Reply, line: usize, text: &'a str) -> Result<Row<'a>, QueryError> {
        let Some(text) = text.strip_suffix('\n') else {
            return Err(reply.truncated());
        };
        let fields: Vec<&str> = text.splitn(self.columns, SEPARATOR).collect();
        let row = Row { command: reply.command, line, fields };
        if row.fields.len() == self.columns { Ok(row) } else { Err(row.malformed(text, "a row with all its columns")) }
    }
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
