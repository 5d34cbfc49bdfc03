//! The drawings of the page that stand beside the tables, each with its caption and a line that says how to read it.

use std::fmt::Write as _;

use serde::Serialize;
use spec::analysis::{AnalysisSpec, Pairing};

use crate::number;
use crate::plot;
use crate::report::metric::{Contrast, MetricReport, Stratum};
use crate::report::pairs::Pairs;
use crate::statistics::ranks::attainable;

/// A drawing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Drawing {
    /// What it shows.
    pub caption: String,
    /// How to read it.
    pub note: String,
    /// The SVG.
    pub drawing: String,
}

fn drawing(caption: &str, note: String, svg: Option<String>) -> Option<Drawing> {
    Some(Drawing { caption: caption.to_owned(), note, drawing: svg? })
}

/// The levels of a factor across strata.
pub fn interaction(metric: &MetricReport, contrast: &Contrast, analysis: &AnalysisSpec, id: &str) -> Option<Drawing> {
    let interval = number::percent(1.0 - analysis.alpha);
    let note = format!(
        "mean and {interval} interval, joined by stratum; lines that run side by side: {} does the same everywhere",
        contrast.factor
    );
    let svg = plot::interaction::interaction(metric, contrast, analysis, &format!("{id}-interaction"));
    drawing("Across strata", note, svg)
}

/// The differences of a stratum against the margin.
fn equivalence(
    metric: &MetricReport,
    (contrast, stratum): (&Contrast, &Stratum),
    analysis: &AnalysisSpec,
    id: &str,
) -> Option<Drawing> {
    let level = number::percent(1.0 - 2.0 * analysis.alpha);
    let note = format!("{level} interval, for each comparison alone; band: the declared margin");
    let svg = plot::equivalence::equivalence(metric, (contrast, stratum), analysis.alpha, &format!("{id}-equivalence"));
    drawing("Within the margin?", note, svg)
}

/// What more seeds would see.
pub fn outlook(metric: &MetricReport, analysis: &AnalysisSpec, id: &str) -> Option<Drawing> {
    let outlook = metric.outlook.as_ref()?;
    let target = match (outlook.target, analysis.margin.filter(|_| metric.primary)) {
        (Some((seeds, margin)), Some(_)) if metric.difference_unit.is_empty() => {
            format!("{seeds} seeds would find the margin of {margin}")
        }
        (Some((seeds, margin)), Some(_)) => {
            format!("{seeds} seeds would find the margin of {margin} {}", metric.difference_unit)
        }
        (Some((seeds, _)), None) => format!("half of what is seen now takes {seeds} seeds"),
        (None, Some(_)) => "no thousand seeds would find the margin".to_owned(),
        (None, None) => "half of what is seen now takes more than a thousand seeds".to_owned(),
    };
    let note = format!("80 % power, after correction; dashed: at the upper bound of the spread; {target}");
    drawing("What more seeds would see", note, plot::power::power(metric, outlook, &format!("{id}-power")))
}

/// Which arms are drawn where a stratum has more of them than a drawing can show; nothing where all are.
pub fn drawn(stratum: &Stratum, shown: &Stratum) -> String {
    if shown.arms.len() == stratum.arms.len() {
        return String::new();
    }
    let best = shown.arms.iter().filter(|arm| !arm.baseline).count();
    format!("the best {best} of {} levels and the baseline; the table has all", stratum.arms.len())
}

/// Further views of a stratum: the margin, ranks, all pairs, profiles, seeds; where there is a row for each arm, of
/// those `shown`.
pub fn more(
    metric: &MetricReport,
    (contrast, stratum, shown): (&Contrast, &Stratum, &Stratum),
    analysis: &AnalysisSpec,
    id: &str,
) -> Vec<Drawing> {
    let alpha = analysis.alpha;
    let ranks = plot::ranks::ranks(metric, stratum, alpha, &format!("{id}-ranks"));
    let all = plot::pairs::pairs(metric, stratum, alpha, &format!("{id}-pairs"));
    let profile = plot::profile::profile(metric, stratum, alpha, &format!("{id}-profile"));
    let seeds = plot::seeds::seeds(metric, shown, &format!("{id}-seeds"));
    let noted = |note: String| match drawn(stratum, shown) {
        drawn if drawn.is_empty() => note,
        drawn => format!("{note}; {drawn}"),
    };
    let tested = number::plural(stratum.pairs.as_ref().map_or(0, Pairs::tested), "pair", "pairs");
    let band = number::percent(1.0 - alpha);
    [
        equivalence(metric, (contrast, shown), analysis, id)
            .map(|view| Drawing { note: noted(view.note), ..view }),
        drawing("Mean ranks", ranks_note(stratum, &tested, analysis), ranks),
        drawing(
            "All pairs",
            format!(
                "below: difference in standard deviations, row against column; above: p after Holm over {tested}; pairs.csv has them all"
            ),
            all,
        ),
        drawing(
            "Performance profiles",
            format!("share of runs better than a score; {band} bands of the baseline and the best arm, for all scores at once"),
            profile,
        ),
        drawing(
            "Seeds",
            noted("each run against the mean of its level; a column of one colour: the seed does the same everywhere".to_owned()),
            seeds,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the bars mean, which arms are left out, and whether ranks alone could have told any two arms apart.
fn ranks_note(stratum: &Stratum, tested: &str, analysis: &AnalysisSpec) -> String {
    let mut note = format!(
        "1 is the best of a seed; bars join arms that the t test, after Holm over {tested}, does not tell apart"
    );
    let (Some(ranking), Some(pairs)) = (&stratum.ranking, &stratum.pairs) else { return note };
    if !ranking.left_out.is_empty() {
        let names: Vec<String> = ranking.left_out.iter().map(|arm| stratum.arms[*arm].level.clone()).collect();
        let _ = write!(note, "; without {}, for want of seeds in common", number::list(&names));
    }
    let n = ranking.seeds;
    let floor = match analysis.pairing {
        Pairing::Seed => attainable::signed(n),
        Pairing::None => attainable::rank_sum(n, n),
    };
    let adjusted = (floor * pairs.tested() as f64).min(1.0);
    if adjusted >= analysis.alpha {
        let _ = write!(
            note,
            "; a test by ranks could tell no two apart: with {n} seeds its smallest p is {} after Holm",
            number::p_value(adjusted)
        );
    }
    note
}
