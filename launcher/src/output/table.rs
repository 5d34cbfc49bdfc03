use spec::run::visible;

/// A plain text table: columns as wide as their widest cell, two spaces between them, no trailing spaces.
#[derive(Debug, Clone)]
pub struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// A table with these headings; a heading that starts with `>` makes its column flush right.
    pub fn new<'a>(headings: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut row, mut right) = (Vec::new(), Vec::new());
        for heading in headings {
            right.push(heading.starts_with('>'));
            row.push(visible(heading.strip_prefix('>').unwrap_or(heading)).into_owned());
        }
        Self { rows: vec![row], right }
    }

    /// Adds a row. Cells that are missing are empty. Control characters of a cell are written out: it may be a level of
    /// anybody's.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| visible(&cell).into_owned()).collect());
    }

    /// Whether there is nothing but the headings.
    pub fn is_empty(&self) -> bool {
        self.rows.len() == 1
    }

    /// The table, a line per row.
    pub fn render(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.right.len()).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::new();
            for (column, cell) in row.iter().enumerate() {
                let width = widths.get(column).copied().unwrap_or(0);
                let filler = " ".repeat(width.saturating_sub(cell.chars().count()));
                let (before, after) = if self.right.get(column) == Some(&true) {
                    (filler, String::new())
                } else {
                    (String::new(), filler)
                };
                let gap = if column == 0 { "" } else { "  " };
                line.extend([gap, &before, cell, &after]);
            }
            text += line.trim_end();
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(["state", ">runs"]);
        table.row(["done".to_owned(), "12".to_owned()]);
        table.row(["interrupted".to_owned(), "3".to_owned()]);
        assert_eq!(table.render(), "state        runs\ndone           12\ninterrupted     3\n");
    }

    #[test]
    fn a_cell_is_one_line() {
        let mut table = Table::new(["level", ">>1\n"]);
        table.row(["a\nb\u{1b}[2J".to_owned(), "1".to_owned()]);
        assert_eq!(table.render(), "level          >1\\n\na\\nb\\u{1b}[2J     1\n");
    }
}
