//! The report in a few lines for a terminal.

use std::fmt::Write as _;

use super::rows::{self, ArmRow};
use super::sheets::{self, Sheet};
use crate::number;
use crate::plot::rows::columns;
use crate::report::Report;

impl Report {
    /// The verdict, the tables of the primary metric, and what did not count; plain text without colours.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        for sentence in &self.headline {
            let _ = writeln!(text, "{sentence}");
        }
        for (answer, sheet) in self.answers.iter().zip(sheets::questions(self)) {
            let _ = writeln!(text, "\n{}", answer.sentence);
            pairs(&mut text, sheet);
        }
        if let Some(metric) = self.primary() {
            let unit = if metric.unit.is_empty() { String::new() } else { format!(", {}", metric.unit) };
            let _ = writeln!(text, "\n{}{unit} ({})", metric.label, rows::way(metric.direction));
            let interval = format!("{} interval", number::percent(1.0 - self.analysis.alpha));
            for contrast in &metric.contrasts {
                if let Some(sheet) = sheets::effects(metric, contrast) {
                    let over = sheet.title;
                    let header =
                        [&over, "seeds", "difference", "adjusted p", "detectable", "verdict"].map(str::to_owned);
                    let body = sheet.rows.into_iter().filter_map(|row| {
                        let [level, seeds, difference, _, _, p, detectable, _, verdict] = row.cells.try_into().ok()?;
                        Some([level, seeds, difference, p, detectable, short(verdict)])
                    });
                    let table: Vec<[String; 6]> = std::iter::once(header).chain(body).collect();
                    text.push('\n');
                    align(&mut text, &table);
                }
                for stratum in &contrast.strata {
                    let name = if stratum.name.is_empty() { &contrast.factor } else { &stratum.name };
                    let margin = rows::margin(stratum);
                    let mut header = vec![name, "seeds", "mean", "difference", &interval, "Holm p"];
                    header.extend(margin.as_deref());
                    header.push("verdict");
                    let header: Vec<String> = header.into_iter().map(str::to_owned).collect();
                    let body = rows::arms(metric, stratum, self.analysis.alpha).into_iter().map(|row| {
                        let ArmRow { level, n, mean, difference, interval, holm_p, equivalence, verdict, .. } = row;
                        let mut cells = vec![level, n, mean, difference, interval, holm_p];
                        cells.extend(margin.as_ref().map(|_| equivalence));
                        cells.push(short(verdict));
                        cells
                    });
                    let table: Vec<Vec<String>> = std::iter::once(header).chain(body).collect();
                    text.push('\n');
                    align(&mut text, &table);
                }
            }
        }
        if text.lines().any(|line| line.ends_with(MARK)) {
            let _ = writeln!(
                text,
                "\n{MARK} some runs of it or of its baseline diverged and are in no number: see the report"
            );
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

/// What stands in a terminal for the number of runs that a verdict leaves out.
const MARK: char = '*';

/// `better*` for `better (1 diverged)`: a terminal is narrow.
fn short(verdict: String) -> String {
    match verdict.split_once(" (") {
        Some((word, _)) => format!("{word}{MARK}"),
        None => verdict,
    }
}

/// The pairs of a question: what differs from what, and what a run of either costs where that is known.
fn pairs(text: &mut String, sheet: Sheet) {
    let places: Vec<usize> =
        ["pair", "difference", "adjusted p", "parameters", "GPU-hours a run", "hours a run", "verdict"]
            .iter()
            .filter_map(|wanted| sheet.header.iter().position(|name| name == wanted))
            .collect();
    let rows = std::iter::once(sheet.header).chain(sheet.rows.into_iter().map(|row| row.cells));
    let pick = |row: Vec<String>| -> Vec<String> { places.iter().map(|place| row[*place].clone()).collect() };
    align(text, &rows.map(pick).collect::<Vec<_>>());
}

/// Columns by width; the first and the last begin where they begin, the others end where they end.
fn align<Row: AsRef<[String]>>(text: &mut String, rows: &[Row]) {
    let width = |column: usize| rows.iter().map(|row| columns(&row.as_ref()[column])).max().unwrap_or(0);
    for row in rows.iter().map(Row::as_ref) {
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
