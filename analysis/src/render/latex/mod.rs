//! The tables as LaTeX: one document that compiles by itself, each table marked so that it can be copied out of it.

pub mod text;

mod standing;
mod table;

use std::fmt::Write as _;

use spec::analysis::Pairing;

use self::standing::Standing;
use self::table::{Table, names};
use self::text::{breakable, escape};
use super::averages::averages;
use super::rows::{self, ArmRow};
use super::sheets::{self, Sheet};
use super::{appendix, networks};
use crate::number;
use crate::report::Report;
use crate::report::metric::{Contrast, MetricReport, Stratum};
use crate::report::parts::PartsTable;

/// A table of parts with more levels is cut into several.
const LEVELS_OF_A_PAGE: usize = 12;
/// After so many tables those that wait are put out, or LaTeX would run out of room for them.
const TABLES_THAT_WAIT: usize = 12;
/// What stands before the tables.
const HEAD: &str = r##"% Written by Seedbed. Each table stands between two lines of % and needs \usepackage{booktabs,graphicx}.
\documentclass[10pt]{article}
\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
\usepackage[a4paper,margin=2cm]{geometry}
\usepackage{booktabs}
\usepackage{graphicx}
% A character that the fonts lack shows as its number; with other fonts, \char"#1 would print it.
\newcommand{\unicodecharacter}[1]{{\footnotesize[U+#1]}}
\begin{document}
"##;

/// The tables of a report.
pub fn latex(report: &Report) -> String {
    let mut tables = Vec::new();
    for question in sheets::questions(report) {
        tables.push(sheet(&question));
    }
    for metric in &report.metrics {
        for contrast in &metric.contrasts {
            let averaged = averages(metric, contrast, report.analysis.alpha);
            tables.extend(averaged.as_ref().map(|found| of_metric(found, metric)));
            for stratum in &contrast.strata {
                tables.push(arms(report, (metric, contrast, stratum)));
            }
        }
        tables.extend(metric.parts.iter().flat_map(|table| parts(metric, table)));
    }
    let appended = [appendix::divergence(report), networks::networks(report), appendix::machines(report)];
    tables.extend(appended.iter().flatten().map(sheet));
    tables.extend(appendix::sensitivity(report).as_ref().map(sheet));
    tables.extend(appendix::all_values(report).iter().map(sheet));
    tables.extend(appendix::open_runs(report).as_ref().map(sheet));
    let mut text = HEAD.to_owned();
    let _ = writeln!(text, "\\section*{{{}}}\n", escape(&report.title));
    for (index, table) in tables.iter().enumerate() {
        if index > 0 && index.is_multiple_of(TABLES_THAT_WAIT) {
            text.push_str("\\clearpage\n");
        }
        table.write(&mut text);
    }
    // The methods are on the page; but a table of scores says little without this.
    if let Some(paragraph) = report.how_scores_were_made() {
        let _ = writeln!(text, "\\noindent\\footnotesize\\sloppy {}\n", escape(paragraph));
    }
    text.push_str("\\end{document}\n");
    text
}

/// A sheet with what stands above it on the page as its note.
fn sheet(sheet: &Sheet) -> Table {
    let longest = sheet.rows.iter().filter_map(|row| row.cells.first()).map(|cell| cell.chars().count()).max();
    let last = if sheet.rows.iter().any(|row| !row.class.is_empty()) { "l" } else { "r" };
    let between = "r".repeat(sheet.header.len().saturating_sub(2));
    Table {
        columns: format!("{}{between}{last}", names(longest.unwrap_or(0))),
        caption: format!("{}.", escape(&sheet.title)),
        header: sheet.header.iter().map(|cell| escape(cell)).collect(),
        rows: sheet
            .rows
            .iter()
            .map(|row| {
                let first = row.cells.iter().take(1).map(|cell| breakable(cell));
                first.chain(row.cells.iter().skip(1).map(|cell| escape(cell))).collect()
            })
            .collect(),
        note: escape(&sheet.lead.join(" ")),
    }
}

fn of_metric(found: &Sheet, metric: &MetricReport) -> Table {
    let table = sheet(found);
    Table { caption: format!("{}: {}", escape(&metric.label), table.caption), ..table }
}

fn arms(report: &Report, (metric, contrast, stratum): (&MetricReport, &Contrast, &Stratum)) -> Table {
    let compared = stratum.arms.iter().any(|arm| arm.comparison.is_some());
    let margin = rows::margin(stratum);
    let analysis = &report.analysis;
    let mut header = vec![escape(&contrast.factor)];
    header.extend(["seeds", "mean", "sd"].map(str::to_owned));
    if compared {
        let interval = format!("{} interval", number::percent(1.0 - analysis.alpha));
        let mut names = vec!["difference", interval.as_str(), "$p$", "Holm $p$"];
        let within = margin.as_ref().map(|margin| escape(margin));
        names.extend(within.as_deref());
        names.extend(["detectable", "verdict"]);
        header.extend(names.into_iter().map(|cell| cell.replace('\u{a0}', "\\,").replace('%', "\\%")));
    }
    let standing = Standing::of(metric, stratum, report);
    let rows: Vec<Vec<String>> = rows::arms(metric, stratum, analysis.alpha)
        .into_iter()
        .enumerate()
        .map(|(index, row)| {
            let ArmRow { level, baseline, n, mean, sd, difference, interval, p, holm_p, .. } = row;
            let mut cells = vec![breakable(&level), escape(&n), standing.dress(index, &escape(&mean)), escape(&sd)];
            if compared {
                let mut rest = vec![difference, interval, p, holm_p];
                rest.extend(margin.as_ref().map(|_| row.equivalence));
                rest.push(row.detectable);
                if baseline {
                    rest.fill(String::new());
                }
                rest.push(row.verdict);
                cells.extend(rest.iter().map(|cell| escape(cell)));
            }
            cells
        })
        .collect();
    let name = if stratum.name.is_empty() { String::new() } else { format!(", {}", escape(&stratum.name)) };
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" ({})", escape(&metric.unit)) };
    let caption =
        format!("{}{unit} by {}{name}; {}.", escape(&metric.label), escape(&contrast.factor), rows::way(metric));
    let longest = stratum.arms.iter().map(|arm| arm.level.chars().count()).max().unwrap_or(0);
    let columns = format!(
        "{}rrr{}",
        names(longest),
        match (compared, &margin) {
            (false, _) => "",
            (true, None) => "rrrrrl",
            (true, Some(_)) => "rrrrrrl",
        }
    );
    let note = note(report, (metric, contrast, stratum), compared);
    Table { columns, caption, header, rows, note }
}

fn note(report: &Report, (metric, contrast, stratum): (&MetricReport, &Contrast, &Stratum), compared: bool) -> String {
    let analysis = &report.analysis;
    let mut note = String::from("A run is one seed.");
    if metric.direction.is_some() && stratum.arms.len() > 2 {
        note += " Bold: best mean; underlined: second; \\dag: compared with the best and not told apart from it (all pairs, Holm).";
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
    for gap in rows::notes(stratum, analysis.pairing) {
        let _ = write!(note, " {}", escape(&gap));
    }
    note
}

/// A table of parts, in pieces of so many levels as fit a page.
fn parts(metric: &MetricReport, table: &PartsTable) -> Vec<Table> {
    let rows = rows::parts(metric, table);
    let longest = rows.iter().map(|row| row.part.chars().count()).max().unwrap_or(0);
    let name = if table.stratum.is_empty() { String::new() } else { format!(", {}", escape(&table.stratum)) };
    let what = match table.baseline {
        Some(index) => format!("the mean of {}, elsewhere the mean difference from it", escape(&table.levels[index])),
        None => "means".to_owned(),
    };
    let places: Vec<usize> = (0..table.levels.len()).collect();
    let piece = |places: &[usize]| Table {
        columns: format!("{}{}", names(longest), "r".repeat(places.len())),
        caption: format!("Parts of {}{name}: {what}.", escape(&metric.noun())),
        header: std::iter::once("part".to_owned())
            .chain(places.iter().map(|place| escape(&table.levels[*place])))
            .collect(),
        rows: rows
            .iter()
            .map(|row| {
                let cells = places.iter().map(|place| escape(&row.cells[*place].text));
                std::iter::once(breakable(&row.part)).chain(cells).collect()
            })
            .collect(),
        note: "Described, not tested.".to_owned(),
    };
    places.chunks(LEVELS_OF_A_PAGE).map(piece).collect()
}
