//! The tables as LaTeX: one document that compiles by itself, each table marked so that it can be copied out of it.

pub mod text;

mod standing;
mod table;

use std::fmt::Write as _;

use spec::analysis::Pairing;

use self::standing::Standing;
use self::table::{Table, names};
use self::text::{breakable, escape};
use super::rows::{self, ArmRow};
use crate::number;
use crate::report::Report;
use crate::report::metric::{Contrast, MetricReport, Stratum};
use crate::report::parts::PartsTable;

/// A table of parts with more levels does not fit a page.
const LEVELS_OF_A_PAGE: usize = 8;
/// What stands before the tables.
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
