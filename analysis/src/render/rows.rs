//! Rows of tables in words: what page, Markdown and terminal show alike.

use serde::Serialize;
use spec::analysis::Pairing;
use spec::metric::Direction;

use crate::number;
use crate::plot::forest::verdict_class;
use crate::report::Report;
use crate::report::comparison::{Comparison, Verdict};
use crate::report::metric::{Arm, MetricReport, Stratum};
use crate::report::parts::PartsTable;
use crate::report::study::RunEntry;
use crate::statistics::estimate::Interval;

/// What a cell without a number shows.
pub const NOTHING: &str = "\u{2013}";

/// A level in the table of a stratum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArmRow {
    /// The level.
    pub level: String,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// Seeds that have a value, `3` or `2 of 3`; of a comparison, seeds that it uses.
    pub n: String,
    /// Mean.
    pub mean: String,
    /// Standard deviation.
    pub sd: String,
    /// Difference from the baseline.
    pub difference: String,
    /// Its interval.
    pub interval: String,
    /// p value.
    pub p: String,
    /// Adjusted p value.
    pub holm_p: String,
    /// Adjusted p value of equivalence within the margin that [`margin`] names.
    pub equivalence: String,
    /// What could have been seen.
    pub detectable: String,
    /// The verdict, or `baseline`.
    pub verdict: String,
    /// CSS class of the verdict.
    pub class: &'static str,
}

/// The rows of a stratum, for verdicts at `alpha`.
pub fn arms(metric: &MetricReport, stratum: &Stratum, alpha: f64) -> Vec<ArmRow> {
    let has_baseline = stratum.arms.iter().any(|arm| arm.baseline);
    stratum.arms.iter().map(|arm| arm_row(metric, arm, has_baseline, alpha)).collect()
}

/// The margin within which arms were tested for equivalence, as the head of its column: `within ±0.5, Holm p`.
pub fn margin(stratum: &Stratum) -> Option<String> {
    let margin = stratum.arms.iter().find_map(|arm| Some(arm.comparison.as_ref()?.equivalence?.margin))?;
    Some(within(margin, "Holm p"))
}

/// An interval of a difference: `−0.77 to +0.23`.
pub(super) fn range(interval: Interval, decimals: usize) -> String {
    let [low, high] = [interval.low, interval.high].map(|end| number::signed(end, decimals));
    format!("{low} to {high}")
}

/// The head of a column of p values of equivalence, of a kind: `within ±0.5, Holm p`.
pub(super) fn within(margin: f64, kind: &str) -> String {
    format!("within \u{b1}{margin}, {kind}")
}

fn arm_row(metric: &MetricReport, arm: &Arm, has_baseline: bool, alpha: f64) -> ArmRow {
    let decimals = metric.decimals;
    let comparison = arm.comparison.as_ref();
    let estimate = comparison.and_then(|comparison| comparison.estimate);
    let test = estimate.as_ref().and_then(|estimate| estimate.test());
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    ArmRow {
        level: arm.level.clone(),
        baseline: arm.baseline,
        n: count(arm, comparison),
        mean: or_nothing(arm.description.map(|description| number::fixed(description.mean, decimals))),
        sd: or_nothing(arm.description.and_then(|description| description.sd).map(|sd| number::fixed(sd, decimals))),
        difference: or_nothing(estimate.map(|estimate| number::signed(estimate.difference, decimals))),
        interval: or_nothing(test.map(|test| range(test.interval, decimals))),
        p: or_nothing(test.map(|test| number::p_value(test.p))),
        holm_p: or_nothing(comparison.and_then(|comparison| comparison.holm_p).map(number::p_value)),
        equivalence: or_nothing(comparison.and_then(|comparison| comparison.equivalence?.holm_p).map(number::p_value)),
        detectable: or_nothing(
            comparison.and_then(|c| c.detectable).map(|detectable| number::fixed(detectable.in_family, decimals)),
        ),
        verdict: verdict(arm, comparison, has_baseline, alpha),
        class: comparison.map_or("untested", |comparison| verdict_class(comparison.verdict)),
    }
}

fn count(arm: &Arm, comparison: Option<&Comparison>) -> String {
    let (used, planned) = match comparison {
        Some(comparison) => comparison.of_level.into(),
        None => (arm.values.len(), arm.values.len() + arm.gaps.len()),
    };
    if used == planned { used.to_string() } else { format!("{used} of {planned}") }
}

fn verdict(arm: &Arm, comparison: Option<&Comparison>, has_baseline: bool, alpha: f64) -> String {
    match comparison {
        _ if arm.baseline => "baseline".to_owned(),
        None if has_baseline => "not judged".to_owned(),
        None => "no baseline".to_owned(),
        Some(comparison) => said(comparison.verdict, comparison.diverged, comparison.is_below_margin(alpha)),
    }
}

/// `better (1 diverged)`: a verdict, and how many runs it leaves out since they `diverged`; of a level and its
/// baseline. Where nothing is claimed, nothing is left out. `better, by less than the margin`: a difference that is
/// there and too small to matter.
pub(super) fn said(verdict: Verdict, diverged: [usize; 2], below_margin: bool) -> String {
    match diverged[0] + diverged[1] {
        runs if runs > 0 && verdict != Verdict::NotTested => format!("{} ({runs} diverged)", verdict.name()),
        _ if below_margin => format!("{}, by less than the margin", verdict.name()),
        _ => verdict.name().to_owned(),
    }
}

/// What has to be said below the table of a stratum: seeds that are missing, why something was not tested, and where
/// means and differences, by `pairing`, are not of the same seeds.
pub fn notes(stratum: &Stratum, pairing: Pairing) -> Vec<String> {
    let mut notes = Vec::new();
    for arm in &stratum.arms {
        let mut parts: Vec<String> = arm.gaps.iter().map(|gap| format!("seed {} {}", gap.seed, gap.reason)).collect();
        if let Some(reason) = arm.comparison.as_ref().and_then(|comparison| comparison.reason.as_ref()) {
            parts.push(format!("not tested, {reason}"));
        }
        if !parts.is_empty() {
            notes.push(format!("{}: {}.", arm.level, parts.join("; ")));
        }
    }
    let has_lone_seeds = |found: &Comparison| found.estimate.is_some() && !found.unpaired.is_empty();
    if pairing == Pairing::Seed && stratum.arms.iter().filter_map(|arm| arm.comparison.as_ref()).any(has_lone_seeds) {
        notes.push(
            "A mean is over all seeds of its level, a difference over those that the baseline has, too.".to_owned(),
        );
    }
    notes
}

/// `lower is better`, and the unit of differences where it is not that of the metric: `; differences in log units`.
pub(super) fn way(metric: &MetricReport) -> String {
    let way = match metric.direction {
        Some(Direction::Lower) => "lower is better",
        Some(Direction::Higher) => "higher is better",
        None => "described, not judged",
    };
    if metric.difference_unit == metric.unit {
        way.to_owned()
    } else {
        format!("{way}; differences in {}", metric.difference_unit)
    }
}

/// A cell of a table of parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartText {
    /// The number.
    pub text: String,
    /// How strongly the cell is tinted, in percent.
    pub tint: u32,
    /// `better`, `worse` or nothing.
    pub class: &'static str,
}

/// A part over all levels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartTextRow {
    /// The part.
    pub part: String,
    /// A cell a level.
    pub cells: Vec<PartText>,
}

/// The rows of a table of parts: the mean of the baseline, the difference from it elsewhere.
pub fn parts(metric: &MetricReport, table: &PartsTable) -> Vec<PartTextRow> {
    let differences = table.rows.iter().flat_map(|row| row.cells.iter().filter_map(|cell| cell.difference));
    let largest = differences.fold(0.0_f64, |largest, difference| largest.max(difference.abs()));
    let decimals = number::decimals_for(largest / 3.0).min(4);
    let rows = table.rows.iter().map(|row| {
        let cells = row.cells.iter().enumerate().map(|(index, cell)| {
            let shown = if Some(index) == table.baseline || table.baseline.is_none() { None } else { cell.difference };
            match (shown, cell.mean) {
                (Some(difference), _) => PartText {
                    text: number::signed(difference, decimals),
                    tint: if largest > 0.0 { (difference.abs() / largest * 60.0).round() as u32 } else { 0 },
                    class: side(difference, metric.direction),
                },
                (None, Some(mean)) => PartText { text: number::fixed(mean, decimals), tint: 0, class: "" },
                (None, None) => PartText { text: NOTHING.to_owned(), tint: 0, class: "" },
            }
        });
        PartTextRow { part: row.part.clone(), cells: cells.collect() }
    });
    rows.collect()
}

fn side(difference: f64, direction: Option<Direction>) -> &'static str {
    match direction {
        Some(direction) if difference != 0.0 => {
            if (difference > 0.0) == (direction == Direction::Higher) {
                "better"
            } else {
                "worse"
            }
        }
        _ => "",
    }
}

/// A run in the list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// Its id, or nothing.
    pub id: String,
    /// Its levels.
    pub levels: Vec<String>,
    /// Its seed.
    pub seed: String,
    /// Where it stands.
    pub state: &'static str,
    /// Why it does not count.
    pub cause: String,
    /// Node.
    pub host: String,
    /// Attempts.
    pub attempts: String,
    /// Wall-clock time.
    pub time: String,
    /// Parameters.
    pub parameters: String,
    /// Steps.
    pub steps: String,
}

/// The rows of the list of runs.
pub fn runs(report: &Report) -> Vec<RunRow> {
    report.runs.iter().map(run_row).collect()
}

fn run_row(run: &RunEntry) -> RunRow {
    let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
    RunRow {
        id: or_nothing(run.id.map(|id| id.to_string())),
        levels: run.settings.iter().map(|setting| setting.level.clone()).collect(),
        seed: run.seed.to_string(),
        state: run.state.name(),
        cause: run.cause.clone().unwrap_or_default(),
        host: or_nothing(run.host.clone()),
        attempts: run.attempts.to_string(),
        time: or_nothing(run.seconds.map(number::duration)),
        parameters: or_nothing(run.parameters.map(number::count)),
        steps: or_nothing(run.steps.map(number::count)),
    }
}
