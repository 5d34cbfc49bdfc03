//! The levels of a factor across strata: lines that run side by side mean that the factor does the same everywhere.

use spec::analysis::AnalysisSpec;

use super::axis::Scale;
use super::rows::{Frame, MOST_ROWS, WIDTH, extent, mark_cut};
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::metric::{Arm, Contrast, MetricReport, Stratum};
use crate::report::scale;
use crate::statistics::describe::{Description, describe};

/// As many strata as there are shapes.
const MOST_STRATA: usize = 7;
/// Height of a line of the legend.
const LINE: f64 = 17.0;

/// Mean and interval of an arm, on the scale of the analysis.
type Describe<'a> = dyn Fn(&Arm) -> Option<Description> + 'a;

/// Draws the mean of every level in every stratum with its interval, joined by stratum; `id` must be unique on the
/// page. `None` for one stratum, for more than seven, and for more than 60 levels.
///
/// On the log scale means are those of natural logarithms: it is on them that lines run side by side where there is no
/// interaction.
pub fn interaction(metric: &MetricReport, contrast: &Contrast, analysis: &AnalysisSpec, id: &str) -> Option<String> {
    let scale = scale::of(&metric.name, analysis);
    let describe = |arm: &Arm| -> Option<Description> {
        describe(&arm.values.iter().map(|value| scale(value.value)).collect::<Vec<_>>(), analysis.alpha)
    };
    let strata = &contrast.strata;
    if !(2..=MOST_STRATA).contains(&strata.len()) {
        return None;
    }
    let levels = levels(contrast);
    if levels.len() > MOST_ROWS {
        return None;
    }
    let mut frame = Frame::of(levels.iter().copied());
    let legend = LINE * strata.len() as f64;
    frame.top += legend;
    frame.bottom += legend;
    let axis = Scale::new(domain(contrast, &describe)?, (frame.left, frame.right));
    let mut svg = Svg::new(WIDTH, frame.height());
    frame.name_rows(&mut svg, levels.iter().map(|level| (*level, Some(*level) == contrast.baseline.as_deref())));
    let unit = if metric.unit.is_empty() { &metric.label } else { &metric.unit };
    let logs = metric.difference_unit != metric.unit;
    let label = if logs { format!("logarithm of {unit}") } else { unit.clone() };
    axis.draw_below(&mut svg, (frame.top, frame.bottom), 4, &label);
    for (index, stratum) in strata.iter().enumerate() {
        let y = 12.0 + LINE * index as f64;
        svg.marker(&series(index), index, (frame.left + 4.0, y - 4.0), 4.0, &stratum.name);
        svg.text("level", (frame.left + 14.0, y), Anchor::Start, &stratum.name);
    }
    let step = (14.0 / strata.len() as f64).min(6.0);
    for (index, stratum) in strata.iter().enumerate() {
        let shift = (index as f64 - (strata.len() as f64 - 1.0) / 2.0) * step;
        draw_stratum(&mut svg, (metric, &describe), (index, stratum), &levels, &|row| frame.row(row) + shift, &axis);
    }
    let title = format!("{} by {} in every stratum", metric.label, contrast.factor);
    let description = "A row a level, a shape a stratum: the mean with its t interval, joined by stratum. Lines that run side by side \
                       mean that the factor does the same in every stratum. The tables below hold the same numbers.";
    Some(svg.finish(id, &title, description))
}

fn series(index: usize) -> String {
    format!("series s{index}")
}

fn draw_stratum(
    svg: &mut Svg,
    (metric, describe): (&MetricReport, &Describe<'_>),
    (index, stratum): (usize, &Stratum),
    levels: &[&str],
    row: &dyn Fn(usize) -> f64,
    scale: &Scale,
) {
    let arms: Vec<(usize, &Arm, Description)> = stratum
        .arms
        .iter()
        .filter_map(|arm| Some((levels.iter().position(|level| *level == arm.level)?, arm, describe(arm)?)))
        .collect();
    let place = |description: &Description| scale.clamp(description.mean).0;
    let line: Vec<(f64, f64)> = arms.iter().map(|(level, _, found)| (place(found), row(*level))).collect();
    svg.path(&format!("joining s{index}"), &line);
    for (level, arm, description) in arms {
        let y = row(level);
        if let Some(interval) = description.interval {
            let [from, to] = [interval.low, interval.high].map(|end| scale.clamp(end));
            svg.line(&format!("whisker s{index}"), (from.0, y), (to.0, y));
            for ((end, _), side) in [(from, -1.0), (to, 1.0)].into_iter().filter(|((_, cut), _)| *cut) {
                mark_cut(svg, &format!("series s{index}"), (end, y), side, 3.5);
            }
        }
        let tip = format!("{}, {}: {}", arm.level, stratum.name, number::fixed(description.mean, metric.decimals));
        svg.marker(&series(index), index, (place(&description), y), 4.0, &tip);
    }
}

/// The levels of all strata, each once, in the order of the strata.
fn levels(contrast: &Contrast) -> Vec<&str> {
    let mut levels: Vec<&str> = Vec::new();
    let mut strata: Vec<&Stratum> = contrast.strata.iter().collect();
    strata.sort_by_key(|stratum| std::cmp::Reverse(stratum.arms.len()));
    for arm in strata.into_iter().flat_map(|stratum| &stratum.arms) {
        if !levels.contains(&arm.level.as_str()) {
            levels.push(&arm.level);
        }
    }
    levels
}

/// The means of all arms; intervals as far as they go, but not more than a third of the span beyond or, where that is
/// less, twice the median half width: one wide interval would flatten all others. What is cut has an arrow.
fn domain(contrast: &Contrast, describe: &Describe<'_>) -> Option<(f64, f64)> {
    let arms = contrast.strata.iter().flat_map(|stratum| &stratum.arms);
    let described: Vec<Description> = arms.filter_map(describe).collect();
    let descriptions = || described.iter().copied();
    let (low, high) = extent(descriptions().map(|description| description.mean))?;
    let ends = descriptions()
        .filter_map(|description| description.interval)
        .flat_map(|interval| [interval.low, interval.high]);
    let (lowest, highest) = extent(ends).unwrap_or((low, high));
    let mut halves: Vec<f64> = descriptions()
        .filter_map(|found| found.interval)
        .map(|interval| (interval.high - interval.low) / 2.0)
        .collect();
    halves.sort_by(f64::total_cmp);
    let typical = halves.get(halves.len() / 2).map_or(0.0, |half| half * 2.0);
    let room = ((high - low) * 0.35).max(typical);
    let pad = (high - low) * 0.04;
    Some((lowest.min(low).max(low - room) - pad, highest.max(high).min(high + room) + pad))
}
