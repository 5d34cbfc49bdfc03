//! One table of booktabs, in as many pieces as it has pages.

use std::fmt::Write as _;

use super::text::NAME_OF_A_LINE;

/// A table with more rows goes over several pages.
const ROWS_OF_A_PAGE: usize = 45;

/// The column of names.
pub(super) fn names(longest: usize) -> &'static str {
    if longest > NAME_OF_A_LINE { "p{4.2cm}" } else { "l" }
}

/// A table whose cells are LaTeX already.
pub(super) struct Table {
    pub(super) columns: String,
    pub(super) caption: String,
    pub(super) header: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) note: String,
}

impl Table {
    pub(super) fn write(&self, text: &mut String) {
        let pieces = self.rows.len().div_ceil(ROWS_OF_A_PAGE).max(1);
        let rows = self.rows.len().div_ceil(pieces).max(1);
        for (index, piece) in self.rows.chunks(rows).enumerate() {
            let caption = match (pieces, self.caption.trim_end_matches('.')) {
                (1, _) => self.caption.clone(),
                (_, caption) => format!("{caption} ({} of {pieces}).", index + 1),
            };
            self.write_piece(text, &caption, piece, index + 1 == pieces);
        }
    }

    /// What is wider than the text is made smaller as a whole: names and numbers of a study are as long as they are.
    fn write_piece(&self, text: &mut String, caption: &str, rows: &[Vec<String>], last: bool) {
        let line = "%".repeat(72);
        let _ = writeln!(
            text,
            "{line}\n\\begin{{table}}[htbp]\n\\centering\n\\small\n\\caption{{{caption}}}\n\
             \\resizebox{{\\ifdim\\width>\\linewidth\\linewidth\\else\\width\\fi}}{{!}}{{%\n\
             \\begin{{tabular}}{{@{{}}{}@{{}}}}\n\\toprule\n{} \\\\\n\\midrule",
            self.columns,
            self.header.join(" & ")
        );
        for row in rows {
            let _ = writeln!(text, "{} \\\\", row.join(" & "));
        }
        text.push_str("\\bottomrule\n\\end{tabular}}\n");
        if last && !self.note.is_empty() {
            let _ = writeln!(text, "\\par\\medskip\n\\parbox{{0.92\\linewidth}}{{\\footnotesize {}}}", self.note);
        }
        let _ = writeln!(text, "\\end{{table}}\n{line}\n");
    }
}
