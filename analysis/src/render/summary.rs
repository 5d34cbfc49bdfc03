//! The report in a few lines for a terminal.

use std::fmt::Write as _;

use super::averages::averages;
use super::rows::{self, ArmRow};
use super::sheets::{self, Sheet};
use crate::number;
use crate::plot::rows::columns;
use crate::report::Report;
use crate::report::comparison::Verdict;
use crate::report::metric::{MetricReport, Stratum};

impl Report {
    /// The verdict, the tables of the primary metric, and what did not count; plain text without colours.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for sentence in &self.headline {
            let _ = writeln!(text, "{}", on_one_line(sentence));
        }
        for (answer, sheet) in self.answers.iter().zip(sheets::questions(self)) {
            let _ = writeln!(text, "\n{}", on_one_line(&answer.sentence));
            columns_of(&mut text, sheet, &PAIRS);
        }
        if let Some(metric) = self.primary() {
            chapter(&mut text, metric, self.analysis.alpha);
        }
        if self.primary().is_some_and(leaves_runs_out) {
            let _ = writeln!(
                text,
                "\n{MARK} some runs of it or of its baseline diverged and are in no number: see the report"
            );
        }
        if let Some(change) = self.study.frozen.as_ref().and_then(|frozen| frozen.design_change.as_ref()) {
            let results = number::plural(change.results_seen, "result", "results");
            let _ =
                writeln!(text, "\nthe design was changed when {results} could be seen: see the caveats of the report");
        }
        let open: Vec<_> = rows::runs(self).into_iter().filter(|run| run.state != "done").collect();
        if !open.is_empty() {
            let _ = writeln!(text, "\nruns that do not count: {}", open.len());
            for run in open.iter().take(10) {
                let cause = if run.cause.is_empty() { String::new() } else { format!(" ({})", run.cause) };
                let _ = writeln!(text, "  {}, seed {}: {}{cause}", run.levels.join(", "), run.seed, run.state);
            }
            if open.len() > 10 {
                let _ = writeln!(text, "  and {} more: see the report", open.len() - 10);
            }
        }
        text
    }
}

/// The tables of a metric: averages over strata, and every stratum.
fn chapter(text: &mut String, metric: &MetricReport, alpha: f64) {
    let unit = if metric.unit.is_empty() { String::new() } else { format!(", {}", metric.unit) };
    let _ = writeln!(text, "\n{}{unit} ({})", metric.label, rows::way(metric));
    for contrast in &metric.contrasts {
        if let Some(mut sheet) = averages(metric, contrast, alpha).filter(|sheet| !sheet.rows.is_empty()) {
            sheet.header[0] = std::mem::take(&mut sheet.title);
            text.push('\n');
            columns_of(text, sheet, &AVERAGES);
        }
        for stratum in &contrast.strata {
            let name = if stratum.name.is_empty() { &contrast.factor } else { &stratum.name };
            text.push('\n');
            arms(text, metric, (stratum, name), alpha);
        }
    }
}

fn arms(text: &mut String, metric: &MetricReport, (stratum, name): (&Stratum, &str), alpha: f64) {
    let interval = format!("{} interval", number::percent(1.0 - alpha));
    let margin = rows::margin(stratum);
    let mut header = vec![name, "seeds", "mean", "difference", &interval, "Holm p"];
    header.extend(margin.as_deref());
    header.push("verdict");
    let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
    let body = rows::arms(metric, stratum, alpha).into_iter().map(|row| {
        let ArmRow { level, n, mean, difference, interval, holm_p, equivalence, verdict, .. } = row;
        let mut cells = vec![level, n, mean, difference, interval, holm_p];
        cells.extend(margin.as_ref().map(|_| equivalence));
        cells.push(short(&verdict));
        cells
    });
    let table: Vec<Vec<String>> = std::iter::once(header).chain(body).collect();
    align(text, &table);
}

/// What stands in a terminal for the number of runs that a verdict leaves out.
const MARK: char = '*';

/// Whether a verdict that is shown leaves out diverged runs, and so is marked.
fn leaves_runs_out(metric: &MetricReport) -> bool {
    let averages = metric.contrasts.iter().filter_map(|contrast| contrast.effects.as_ref());
    let judged = averages.flat_map(|effects| &effects.contrasts).map(|contrast| &contrast.judged);
    let verdicts = judged.map(|judged| (judged.verdict, judged.diverged));
    let compared = metric.comparisons().map(|(.., comparison)| (comparison.verdict, comparison.diverged));
    verdicts.chain(compared).any(|(verdict, diverged)| verdict != Verdict::NotTested && diverged != [0, 0])
}

/// `better*` for `better (1 diverged)`: a terminal is narrow.
fn short(verdict: &str) -> String {
    match verdict.split_once(" (") {
        Some((word, _)) => format!("{word}{MARK}"),
        None => verdict.to_owned(),
    }
}

/// The columns of a question's pairs: what differs from what, and what a run of either costs where that is known.
const PAIRS: [&str; 5] = ["difference", "adjusted p", "parameters", "GPU-hours a run", "hours a run"];
/// The columns of averages; also that of equivalence, whose head names the margin.
const AVERAGES: [&str; 5] = ["seeds", "difference", "adjusted p", "within", "detectable"];

/// The first column of a sheet, those of `wanted` that it has, and its verdicts.
fn columns_of(text: &mut String, sheet: Sheet, wanted: &[&str]) {
    let last = sheet.header.len() - 1;
    let is_wanted = |name: &String| {
        wanted.iter().any(|wanted| name == wanted || (*wanted == "within" && name.starts_with("within")))
    };
    let places: Vec<usize> =
        (0..=last).filter(|place| *place == 0 || *place == last || is_wanted(&sheet.header[*place])).collect();
    let pick = |row: Vec<String>| -> Vec<String> { places.iter().map(|place| row[*place].clone()).collect() };
    let rows = sheet.rows.into_iter().map(|row| {
        let mut cells = pick(row.cells);
        let verdict = cells.pop().map(|verdict| short(&verdict));
        cells.extend(verdict);
        cells
    });
    let table: Vec<Vec<String>> = std::iter::once(pick(sheet.header)).chain(rows).collect();
    align(text, &table);
}

/// A line break in a name, which a quoted cell of a table may have, is a space here.
fn on_one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// Columns by width; the first and the last begin where they begin, the others end where they end.
fn align(text: &mut String, rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| on_one_line(cell)).collect()).collect();
    let width = |column: usize| rows.iter().map(|row| columns(&row[column])).max().unwrap_or(0);
    for row in &rows {
        let mut line = String::from("  ");
        for (column, cell) in row.iter().enumerate() {
            let room = " ".repeat(width(column) - columns(cell));
            match column {
                0 => line.extend([cell.as_str(), &room]),
                last if last + 1 == row.len() => line.extend(["  ", cell]),
                _ => line.extend(["  ", &room, cell]),
            }
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
}
