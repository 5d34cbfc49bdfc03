//! The tables as LaTeX: one document that compiles by itself, each table marked so that it can be copied out of it.

use std::fmt::Write as _;

use spec::analysis::Pairing;
use spec::metric::Direction;

use super::rows::{self, ArmRow};
use crate::number;
use crate::report::Report;
use crate::report::metric::{Contrast, MetricReport, Stratum};
use crate::report::pairs::Pairs;
use crate::report::parts::PartsTable;

/// A table with more rows goes over several pages.
const ROWS_OF_A_PAGE: usize = 35;
/// A table of parts with more levels does not fit a page.
const LEVELS_OF_A_PAGE: usize = 8;
/// A name with more characters goes over several lines.
const NAME_OF_A_LINE: usize = 24;

const HEAD: &str = r##"% Written by Seedbed. Each table stands between two lines of % and needs \usepackage{booktabs}, a long one \usepackage{longtable}.
\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage{booktabs}
\usepackage{longtable}
% A character that the fonts lack shows as its number; with other fonts, \char"#1 would print it.
\newcommand{\unicodecharacter}[1]{{\footnotesize[U+#1]}}
\begin{document}
"##;

/// The tables of a report.
pub fn latex(report: &Report) -> String {
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "\\section*{{{}}}\n", escape(&report.title));
    for metric in &report.metrics {
        for contrast in &metric.contrasts {
            for stratum in &contrast.strata {
                arms(&mut text, report, (metric, contrast, stratum));
            }
        }
        for table in metric.parts.iter().filter(|table| table.levels.len() <= LEVELS_OF_A_PAGE) {
            parts(&mut text, metric, table);
        }
    }
    text.push_str("\\end{document}\n");
    text
}

fn arms(text: &mut String, report: &Report, (metric, contrast, stratum): (&MetricReport, &Contrast, &Stratum)) {
    let compared = stratum.arms.iter().any(|arm| arm.comparison.is_some());
    let analysis = &report.analysis;
    let mut header = vec![escape(&contrast.factor)];
    header.extend(["seeds", "mean", "sd"].map(str::to_owned));
    if compared {
        let interval = format!("{} interval", number::percent(1.0 - analysis.alpha));
        header.extend(
            ["difference", &interval, "Holm $p$", "verdict"]
                .map(|cell| cell.replace('\u{a0}', "\\,").replace('%', "\\%")),
        );
    }
    let standing = Standing::of(metric, stratum, report);
    let rows: Vec<Vec<String>> = rows::arms(metric, stratum)
        .into_iter()
        .enumerate()
        .map(|(index, row)| {
            let ArmRow { level, baseline, n, mean, sd, difference, interval, holm_p, verdict, .. } = row;
            let mut cells = vec![breakable(&level), escape(&n), standing.dress(index, &escape(&mean)), escape(&sd)];
            if compared {
                let rest = if baseline {
                    [String::new(), String::new(), String::new(), verdict]
                } else {
                    [difference, interval, holm_p, verdict]
                };
                cells.extend(rest.map(|cell| escape(&cell)));
            }
            cells
        })
        .collect();
    let name = if stratum.name.is_empty() { String::new() } else { format!(", {}", escape(&stratum.name)) };
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" ({})", escape(&metric.unit)) };
    let caption = format!(
        "{}{unit} by {}{name}; {}.",
        escape(&metric.label),
        escape(&contrast.factor),
        rows::way(metric.direction)
    );
    let longest = stratum.arms.iter().map(|arm| arm.level.chars().count()).max().unwrap_or(0);
    let columns = format!("{}rrr{}", names(longest), if compared { "rrrl" } else { "" });
    let note = note(report, (metric, contrast, stratum), compared);
    Table { columns, caption, header, rows, note }.write(text);
}

fn note(report: &Report, (metric, contrast, stratum): (&MetricReport, &Contrast, &Stratum), compared: bool) -> String {
    let analysis = &report.analysis;
    let mut note = String::from("A run is one seed.");
    if metric.direction.is_some() && stratum.arms.len() > 2 {
        note += " Bold: best mean; underlined: second; \\dag: not told apart from the best (all pairs, Holm).";
    }
    if compared {
        let test = match analysis.pairing {
            Pairing::Seed => "Paired $t$ test by seed",
            Pairing::None => "Welch's $t$ test",
        };
        let baseline = contrast.baseline.as_deref().unwrap_or("the baseline");
        let family = metric.tally.comparisons - metric.tally.not_tested;
        let _ = write!(
            note,
            " {test} against {}; intervals for each comparison alone; $p$ adjusted by Holm over {}, two-sided, $\\alpha = {}$.",
            escape(baseline),
            match analysis.family {
                spec::analysis::Family::Metric => format!("the {family} of the metric"),
                spec::analysis::Family::Stratum => "those of the table".to_owned(),
            },
            analysis.alpha
        );
    }
    for gap in rows::notes(stratum) {
        let _ = write!(note, " {}", escape(&gap));
    }
    note
}

/// Which means are the best, the second, and not told apart from the best.
struct Standing {
    best: Option<usize>,
    second: Option<usize>,
    with_best: Vec<usize>,
}

impl Standing {
    fn of(metric: &MetricReport, stratum: &Stratum, report: &Report) -> Self {
        let nothing = Self { best: None, second: None, with_best: Vec::new() };
        // Of two arms the verdict says it all.
        let Some(direction) = metric.direction.filter(|_| stratum.arms.len() > 2) else { return nothing };
        let sign = if direction == Direction::Lower { 1.0 } else { -1.0 };
        let means = stratum.arms.iter().enumerate();
        let mut order: Vec<(usize, f64)> =
            means.filter_map(|(index, arm)| Some((index, sign * arm.description?.mean))).collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let place = |place: usize| order.get(place).map(|(index, _)| *index);
        let Some(best) = place(0) else { return nothing };
        let (pairing, alpha) = (report.analysis.pairing, report.analysis.alpha);
        let pairs = Pairs::of(stratum, pairing, alpha);
        let others = order[1..].iter().map(|(index, _)| *index);
        let with_best = others.filter(|index| !pairs.separable(best, *index, alpha)).collect();
        Self { best: Some(best), second: place(1), with_best }
    }

    fn dress(&self, index: usize, mean: &str) -> String {
        let dagger = if self.with_best.contains(&index) { "\\rlap{\\textsuperscript{\\dag}}" } else { "" };
        match Some(index) {
            place if place == self.best => format!("\\textbf{{{mean}}}"),
            place if place == self.second => format!("\\underline{{{mean}}}{dagger}"),
            _ => format!("{mean}{dagger}"),
        }
    }
}

fn parts(text: &mut String, metric: &MetricReport, table: &PartsTable) {
    let header = std::iter::once("part".to_owned()).chain(table.levels.iter().map(|level| escape(level))).collect();
    let rows = rows::parts(metric, table).into_iter().map(|row| {
        std::iter::once(breakable(&row.part)).chain(row.cells.iter().map(|cell| escape(&cell.text))).collect()
    });
    let name = if table.stratum.is_empty() { String::new() } else { format!(", {}", escape(&table.stratum)) };
    let what = match table.baseline {
        Some(index) => format!("the mean of {}, elsewhere the mean difference from it", escape(&table.levels[index])),
        None => "means".to_owned(),
    };
    let longest = table.rows.iter().map(|row| row.part.chars().count()).max().unwrap_or(0);
    let table = Table {
        columns: format!("{}{}", names(longest), "r".repeat(table.levels.len())),
        caption: format!("Parts of {}{name}: {what}.", escape(&metric.label.to_lowercase())),
        header,
        rows: rows.collect(),
        note: "Described, not tested.".to_owned(),
    };
    table.write(text);
}

/// A table whose cells are LaTeX already.
struct Table {
    columns: String,
    caption: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
    note: String,
}

impl Table {
    fn write(&self, text: &mut String) {
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

/// The column of names.
fn names(longest: usize) -> &'static str {
    if longest > NAME_OF_A_LINE { "p{4.2cm}" } else { "l" }
}

/// A name that can be broken wherever its column ends.
fn breakable(name: &str) -> String {
    if name.chars().count() <= NAME_OF_A_LINE {
        return escape(name);
    }
    let pieces: Vec<String> = name.chars().map(|character| escape(&character.to_string())).collect();
    format!("\\raggedright\\hangindent=1em {}", pieces.join("\\hspace{0pt}"))
}

/// Text without anything that LaTeX would take for a command, and with no character that its usual fonts lack.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' => safe.push_str("\\textbackslash{}"),
            '{' | '}' | '$' | '&' | '#' | '%' | '_' => safe.extend(['\\', character]),
            '^' => safe.push_str("\\textasciicircum{}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '<' => safe.push_str("\\ensuremath{<}"),
            '>' => safe.push_str("\\ensuremath{>}"),
            // Some of these run together with their neighbours, as in ?` and --.
            '"' | '\'' | '`' | '-' | '[' | ']' | '*' | '|' => safe.extend(['{', character, '}']),
            '\u{2212}' => safe.push_str("\\ensuremath{-}"),
            '\u{2013}' => safe.push_str("--"),
            '\u{2019}' => safe.push('\''),
            '\u{201c}' => safe.push_str("``"),
            '\u{201d}' => safe.push_str("''"),
            '\u{2026}' => safe.push_str("\\ldots{}"),
            '\u{a0}' | '\u{2009}' => safe.push_str("\\,"),
            '\u{b1}' => safe.push_str("\\ensuremath{\\pm}"),
            '\u{d7}' => safe.push_str("\\ensuremath{\\times}"),
            control if control.is_control() => safe.push(' '),
            plain if plain.is_ascii() => safe.push(plain),
            letter @ '\u{c0}'..='\u{ff}' if letter.is_alphabetic() => safe.push(letter),
            other => {
                let _ = match greek(other) {
                    Some(name) => write!(safe, "\\ensuremath{{\\{name}}}"),
                    None => write!(safe, "\\unicodecharacter{{{:04X}}}", u32::from(other)),
                };
            }
        }
    }
    safe
}

/// The command of a Greek letter, as the names of activations have them.
fn greek(letter: char) -> Option<&'static str> {
    let names = [
        ('α', "alpha"),
        ('β', "beta"),
        ('γ', "gamma"),
        ('δ', "delta"),
        ('ε', "varepsilon"),
        ('η', "eta"),
        ('θ', "theta"),
        ('λ', "lambda"),
        ('μ', "mu"),
        ('\u{b5}', "mu"),
        ('ρ', "rho"),
        ('σ', "sigma"),
        ('τ', "tau"),
        ('φ', "varphi"),
        ('Φ', "Phi"),
        ('ω', "omega"),
    ];
    names.into_iter().find(|(known, _)| *known == letter).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_that_latex_would_read() {
        assert_eq!(escape("a_b & 50%"), "a\\_b \\& 50\\%");
        assert_eq!(
            escape("\\input{x}^~$#"),
            "\\textbackslash{}input\\{x\\}\\textasciicircum{}\\textasciitilde{}\\$\\#"
        );
        assert_eq!(
            escape("\u{2212}0.5 <\u{a0}β é 中\u{1}"),
            "\\ensuremath{-}0.5 \\ensuremath{<}\\,\\ensuremath{\\beta} é \\unicodecharacter{4E2D} "
        );
        assert_eq!(escape("--- ?`"), "{-}{-}{-} ?{`}");
    }
}
