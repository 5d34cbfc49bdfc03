//! The report as Markdown, as GitHub shows it.

use std::fmt::Write as _;

use spec::analysis::AnalysisSpec;

use super::averages::averages;
use super::rows::{self, ArmRow};
use super::sheets::{self, Sheet};
use super::{appendix, card, networks};
use crate::number;
use crate::report::Report;
use crate::report::metric::{MetricReport, Stratum};

/// The Markdown of a report.
pub fn markdown(report: &Report) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "# {}\n", plain(&report.title));
    for (index, sentence) in report.headline.iter().enumerate() {
        let mark = if index == 0 { "**" } else { "" };
        let _ = writeln!(text, "{mark}{}{mark}\n", plain(sentence));
    }
    table(&mut text, &["study", ""], card::card(report).into_iter().map(|(term, entry)| vec![term, entry]));
    let questions = sheets::questions(report);
    if !questions.is_empty() {
        text.push_str("## Questions\n\n");
        sheets_below(&mut text, &questions);
    }
    for metric in &report.metrics {
        chapter(&mut text, metric, &report.analysis);
    }
    let appended = [
        ("Diverged runs", appendix::divergence(report)),
        ("Networks", networks::networks(report)),
        ("Machines", appendix::machines(report)),
    ];
    for (heading, found) in appended {
        if !found.is_empty() {
            let _ = writeln!(text, "## {heading}\n");
            sheets_below(&mut text, &found);
        }
    }
    if !report.caveats.is_empty() {
        text.push_str("## Caveats\n\n");
        for caveat in &report.caveats {
            let _ = writeln!(text, "- {}", plain(caveat));
        }
        text.push('\n');
    }
    text.push_str("## Methods\n\n");
    for paragraph in &report.methods {
        let _ = writeln!(text, "{}\n", plain(paragraph));
    }
    if let Some(sheet) = appendix::sensitivity(report) {
        text.push_str("## Appendix: sensitivity\n\n");
        sheets_below(&mut text, &[sheet]);
    }
    list_runs(&mut text, report);
    if let Some(written) = &report.written {
        let _ = writeln!(text, "Written {}.", plain(&number::moment(written)));
    }
    text
}

fn chapter(text: &mut String, metric: &MetricReport, analysis: &AnalysisSpec) {
    let unit = if metric.unit.is_empty() { String::new() } else { format!("{}, ", metric.unit) };
    let _ = writeln!(text, "## {}\n\n{}{}.\n", plain(&metric.label), plain(&unit), rows::way(metric));
    for contrast in &metric.contrasts {
        sheets_below(text, averages(metric, contrast, analysis.alpha).as_slice());
        for stratum in &contrast.strata {
            let name = if stratum.name.is_empty() { String::new() } else { format!(", {}", stratum.name) };
            let _ = writeln!(text, "### {}{}\n", plain(&contrast.factor), plain(&name));
            arms(text, metric, stratum, (&contrast.factor, analysis));
        }
    }
    for parts in &metric.parts {
        let name = if parts.stratum.is_empty() { String::new() } else { format!(", {}", parts.stratum) };
        let what = match parts.baseline {
            Some(index) => format!("mean of {}, difference from it elsewhere", parts.levels[index]),
            None => "means".to_owned(),
        };
        let _ = writeln!(text, "### Parts{}: {}\n", plain(&name), plain(&what));
        let header: Vec<&str> = std::iter::once("part").chain(parts.levels.iter().map(String::as_str)).collect();
        let body = rows::parts(metric, parts).into_iter();
        table(
            text,
            &header,
            body.map(|row| std::iter::once(row.part).chain(row.cells.into_iter().map(|cell| cell.text)).collect()),
        );
    }
}

fn sheets_below(text: &mut String, sheets: &[Sheet]) {
    for sheet in sheets {
        let _ = writeln!(text, "### {}\n", plain(&sheet.title));
        if !sheet.lead.is_empty() {
            let _ = writeln!(text, "{}\n", plain(&sheet.lead.join(" ")));
        }
        let header: Vec<&str> = sheet.header.iter().map(String::as_str).collect();
        table(text, &header, sheet.rows.iter().map(|row| row.cells.clone()));
    }
}

fn arms(text: &mut String, metric: &MetricReport, stratum: &Stratum, (factor, analysis): (&str, &AnalysisSpec)) {
    let alpha = analysis.alpha;
    let interval = format!("{} interval", number::percent(1.0 - alpha));
    let margin = rows::margin(stratum);
    let mut header = vec![factor, "seeds", "mean", "sd", "difference", &interval, "p", "Holm p"];
    header.extend(margin.as_deref());
    header.extend(["detectable", "verdict"]);
    let cells = |row: ArmRow| {
        let ArmRow { level, n, mean, sd, difference, interval, p, holm_p, equivalence, detectable, verdict, .. } = row;
        let mut cells = vec![level, n, mean, sd, difference, interval, p, holm_p];
        cells.extend(margin.as_ref().map(|_| equivalence));
        cells.extend([detectable, verdict]);
        cells
    };
    table(text, &header, rows::arms(metric, stratum, alpha).into_iter().map(cells));
    let notes = rows::notes(stratum, analysis.pairing);
    if !notes.is_empty() {
        let _ = writeln!(text, "{}\n", plain(&notes.join(" ")));
    }
}

fn list_runs(text: &mut String, report: &Report) {
    text.push_str("## Runs that do not count\n\n");
    let Some(sheet) = appendix::open_runs(report) else {
        text.push_str("None.\n\n");
        return;
    };
    let header: Vec<&str> = sheet.header.iter().map(String::as_str).collect();
    table(text, &header, sheet.rows.into_iter().map(|row| row.cells));
}

fn table(text: &mut String, header: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    let header: Vec<String> = header.iter().map(|cell| plain(cell)).collect();
    let _ = writeln!(text, "| {} |", header.join(" | "));
    let _ = writeln!(text, "|{}", " --- |".repeat(header.len()));
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| plain(cell)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
}

/// Text without anything that Markdown would read as markup.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '$' => safe.extend(['\\', character]),
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_markdown_would_read_as_markup_is_read_as_it_is() {
        // By markdown-it-py 4.3.0 (tests/report/live/forms.py) and GitHub, which takes $ for formulas and ~ for strokes.
        assert_eq!(plain("a|b_c*d #1 [x](y)"), "a\\|b\\_c\\*d \\#1 \\[x\\](y)");
        assert_eq!(plain("~~3~~ $x$ &lt; <b>\nR&D"), "\\~\\~3\\~\\~ \\$x\\$ &amp;lt; &lt;b&gt; R&amp;D");
    }
}
