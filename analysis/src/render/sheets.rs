//! Tables beyond those of single strata, in words: what page, Markdown and LaTeX show alike.

use serde::Serialize;

use super::judged_columns::JudgedColumns;
use super::rows::{NOTHING, said};
use crate::number;
use crate::plot::forest::verdict_class;
use crate::report::Report;
use crate::report::answers::Answer;
use crate::report::comparison::Verdict;
use crate::report::cost::Cost;
use crate::report::judged::Judged;
use crate::report::metric::MetricReport;
use crate::report::reach::{Meaning, Needed};

/// A row; the class belongs to its last cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SheetRow {
    /// A cell a column.
    pub cells: Vec<String>,
    /// CSS class of the verdict, or nothing.
    pub class: &'static str,
}

/// A table with what stands above and below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// What it shows.
    pub title: String,
    /// Sentences above it.
    pub lead: Vec<String>,
    /// The columns.
    pub header: Vec<String>,
    /// The rows.
    pub rows: Vec<SheetRow>,
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>, header: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let header = header.into_iter().map(Into::into).collect();
        Self { title: title.into(), lead: Vec::new(), header, rows: Vec::new() }
    }

    pub(super) fn push(&mut self, cells: Vec<String>, class: &'static str) {
        self.rows.push(SheetRow { cells, class });
    }
}

/// A table a question: its pairs, and all of them pooled.
pub fn questions(report: &Report) -> Vec<Sheet> {
    let Some(metric) = report.primary() else { return Vec::new() };
    report.answers.iter().map(|answer| question(report, metric, answer)).collect()
}

fn question(report: &Report, metric: &MetricReport, answer: &Answer) -> Sheet {
    let interval = format!("{} interval", number::percent(1.0 - report.analysis.alpha));
    // Hours of GPUs and of other machines are not compared: where not all ran on GPUs, plain hours are shown.
    let on_gpus = answer.pairs.iter().flat_map(|pair| &pair.cost).all(|cost| cost.gpu_hours.is_some());
    let known =
        answer.pairs.iter().flat_map(|pair| &pair.cost).any(|cost| cost.parameters.is_some() || cost.hours.is_some());
    let all = answer.pairs.iter().map(|pair| &pair.judged).chain([&answer.pooled]);
    let columns = JudgedColumns::of(all);
    let mut header = vec!["pair".to_owned()];
    header.extend(columns.head(&interval));
    if known {
        header.extend(["parameters", if on_gpus { "GPU-hours a run" } else { "hours a run" }].map(str::to_owned));
    }
    header.push("verdict".to_owned());
    let mut sheet = Sheet::new(answer.name.clone(), header);
    sheet.lead.push(answer.sentence.clone());
    sheet.lead.extend(columns.meaning().map(str::to_owned));
    if !known {
        sheet.lead.push("A table of results says neither parameters nor hours.".to_owned());
    }
    let mut row = |name: String, judged: &Judged, cost: Option<&[Cost; 2]>| {
        let mut cells = vec![name];
        cells.extend(columns.cells(judged, judged.interval, metric.decimals));
        if known {
            cells.extend(cost.map_or([NOTHING.to_owned(), NOTHING.to_owned()], |cost| costs(cost, on_gpus)));
        }
        cells.push(said(judged.verdict, judged.diverged, judged.is_below_margin(report.analysis.alpha)));
        sheet.push(cells, verdict_class(judged.verdict));
    };
    let mut gaps = Vec::new();
    for pair in &answer.pairs {
        let name = format!("{} \u{2212} {}", pair.level, pair.baseline);
        gaps.extend(not_tested(&name, &pair.judged));
        row(name, &pair.judged, Some(&pair.cost));
    }
    if answer.pairs.len() > 1 {
        row("all pairs".to_owned(), &answer.pooled, None);
    }
    sheet.lead.extend(gaps);
    sheet
}

/// `level / baseline` for the parameters and for the GPU-hours, or plain hours, of a run.
fn costs(cost: &[Cost; 2], on_gpus: bool) -> [String; 2] {
    let both = |of: &dyn Fn(&Cost) -> Option<String>| match (of(&cost[0]), of(&cost[1])) {
        (None, None) => NOTHING.to_owned(),
        (one, other) => {
            format!("{} / {}", one.unwrap_or_else(|| NOTHING.to_owned()), other.unwrap_or_else(|| NOTHING.to_owned()))
        }
    };
    let parameters = |cost: &Cost| cost.parameters.map(|count| number::count(count.round() as u64));
    let hours = |cost: &Cost| {
        let hours = if on_gpus { cost.gpu_hours } else { cost.hours };
        hours.map(|hours| number::fixed(hours, number::decimals_for(hours).min(4)))
    };
    [both(&parameters), both(&hours)]
}

/// The seeds that would settle a comparison.
pub(super) fn needed(needed: Option<&Needed>) -> String {
    match needed {
        None => NOTHING.to_owned(),
        Some(Needed { seeds: None, .. }) => "> 1\u{2009}000\u{2009}000".to_owned(),
        Some(Needed { seeds: Some(seeds), .. }) => number::count(*seeds),
    }
}

/// `swish: not tested, the values are identical.`
pub(super) fn not_tested(name: &str, judged: &Judged) -> Option<String> {
    let reason = judged.reason.as_ref().filter(|_| judged.verdict == Verdict::NotTested)?;
    Some(format!("{name}: not tested, {reason}."))
}

/// What follows from the number of seeds that would settle it, as a sentence; nothing without such a number.
pub fn meaning_of_needed(report: &Report) -> Option<String> {
    let metric = report.primary()?;
    let meaning = metric.comparisons().find_map(|(.., comparison)| Some(comparison.needed?.meaning))?;
    Some(match meaning {
        Meaning::Margin => {
            "\u{201c}Seeds to settle\u{201d}: how many would find a difference as large as the declared margin, and show that \
             one of 0 is within it, with 80 % power.".to_owned()
        }
        Meaning::Seen => {
            "\u{201c}Seeds to settle\u{201d}: how many would find a true difference as large as the one seen with \
                          80 % power; what was seen is only an estimate of it, so plan for more."
                .to_owned()
        }
    })
}
