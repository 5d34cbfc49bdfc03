//! The text of a file that a person has written, and places in it.

use std::ops::Range;

/// Widest excerpt that a message shows, in characters.
const WIDEST: usize = 110;

/// A text whose byte offsets can be told as line and column.
#[derive(Debug)]
pub(crate) struct Source {
    text: String,
    /// Byte offset at which each line begins.
    lines: Vec<usize>,
}

/// Where a value or key was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// In the file, at these bytes.
    File(Range<usize>),
    /// In the `--set` with this index.
    CommandLine(usize),
    /// Nowhere: what is said of it is said of the file as a whole.
    Nowhere,
}

/// A place as a person counts: from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

impl Source {
    pub(crate) fn new(text: String) -> Self {
        let starts = text.match_indices('\n').map(|(offset, _)| offset + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        Self { text, lines }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The place of a byte; bytes behind the end count as the end.
    pub(super) fn position(&self, byte: usize) -> Position {
        let byte = self.boundary(byte);
        let line = self.lines.partition_point(|start| *start <= byte);
        let column = self.text[self.lines[line - 1]..byte].chars().count() + 1;
        Position { line, column }
    }

    /// The line of `span` with carets under it, as messages show it.
    pub(super) fn excerpt(&self, span: &Range<usize>) -> String {
        let Position { line, column } = self.position(span.start);
        let start = self.lines[line - 1];
        let content = self.text[start..].split('\n').next().unwrap_or_default().trim_end();
        let end = self.boundary(span.end).min(start + content.len()).max(self.boundary(span.start));
        let marked = self.text[self.boundary(span.start)..end].chars().count().max(1);
        let (content, column, marked) = narrow(content, column, marked);
        let indent: String =
            content.chars().take(column - 1).map(|character| if character == '\t' { '\t' } else { ' ' }).collect();
        format!("{line:>5} | {content}\n      | {indent}{}", "^".repeat(marked))
    }

    fn boundary(&self, byte: usize) -> usize {
        self.text.floor_char_boundary(byte)
    }
}

/// The part of a long line around the marked columns.
fn narrow(content: &str, column: usize, marked: usize) -> (String, usize, usize) {
    if content.chars().count() <= WIDEST {
        return (content.to_owned(), column, marked);
    }
    let first = column.saturating_sub(WIDEST / 2);
    let window: String = content.chars().skip(first).take(WIDEST).collect();
    let shown = marked.min(WIDEST - (column - 1 - first));
    if first == 0 {
        (format!("{window}…"), column, shown)
    } else {
        (format!("…{window}…"), column - first + 1, shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_lines_and_characters_from_one() {
        let source = Source::new("a = 1\nβ = \"x\"\n".to_owned());
        assert_eq!(source.position(0), Position { line: 1, column: 1 });
        assert_eq!(source.position(6), Position { line: 2, column: 1 });
        assert_eq!(source.position(11), Position { line: 2, column: 5 });
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
        assert_eq!(source.excerpt(&(11..14)), "    2 | β = \"x\"\n      |     ^^^");
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}wrong{}", "x".repeat(500), "y".repeat(500));
        let excerpt = Source::new(text).excerpt(&(500..505));
        let mut lines = excerpt.lines();
        let (shown, carets) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(shown.chars().count() < 130, "{shown}");
        let under: String = shown
            .chars()
            .zip(carets.chars())
            .filter(|(_, caret)| *caret == '^')
            .map(|(character, _)| character)
            .collect();
        assert_eq!(under, "wrong");
    }
}
