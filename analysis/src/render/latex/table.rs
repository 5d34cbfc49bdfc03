//! One table of booktabs, on a page or over several.

use std::fmt::Write as _;

use super::text::NAME_OF_A_LINE;

/// A table with more rows goes over several pages.
const ROWS_OF_A_PAGE: usize = 35;

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
        let (columns, caption, header) = (&self.columns, &self.caption, self.header.join(" & "));
        let line = "%".repeat(72);
        let _ = writeln!(text, "{line}");
        if self.rows.len() > ROWS_OF_A_PAGE {
            let _ = writeln!(
                text,
                "{{\\small\n\\begin{{longtable}}{{@{{}}{columns}@{{}}}}\n\\caption{{{caption}}}\\\\\n\\toprule\n{header} \\\\\n\\midrule\n\\endfirsthead\n\
                 \\toprule\n{header} \\\\\n\\midrule\n\\endhead\n\\bottomrule\n\\endfoot"
            );
        } else {
            let _ = writeln!(
                text,
                "\\begin{{table}}[htbp]\n\\centering\n\\small\n\\caption{{{caption}}}\n\\begin{{tabular}}{{@{{}}{columns}@{{}}}}\n\\toprule\n{header} \\\\\n\\midrule"
            );
        }
        for row in &self.rows {
            let _ = writeln!(text, "{} \\\\", row.join(" & "));
        }
        let note = &self.note;
        let _ = if self.rows.len() > ROWS_OF_A_PAGE {
            writeln!(text, "\\end{{longtable}}\n\\noindent\\footnotesize {note}\\par}}")
        } else {
            writeln!(
                text,
                "\\bottomrule\n\\end{{tabular}}\n\\par\\medskip\n\\parbox{{0.92\\linewidth}}{{\\footnotesize {note}}}\n\\end{{table}}"
            )
        };
        let _ = writeln!(text, "{line}\n");
    }
}
