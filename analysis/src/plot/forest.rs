//! Differences from the baseline with their intervals.

use spec::metric::Direction;

use super::axis::Scale;
use super::rows::{Frame, WIDTH, extent, focus, mark_cut, mark_outside};
use super::strip::place;
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::comparison::{Comparison, Verdict};
use crate::report::metric::{Arm, Contrast, MetricReport, Stratum};
use crate::statistics::estimate::Interval;

/// Draws the differences of a stratum, on the axis of the whole contrast so that strata can be compared. `None` if
/// there is no difference to draw.
pub fn forest(metric: &MetricReport, contrast: &Contrast, stratum: &Stratum, id: &str) -> Option<String> {
    stratum.arms.iter().find_map(|arm| arm.comparison.as_ref()?.estimate)?;
    let frame = Frame::new(stratum);
    let scale = Scale::new(domain(contrast)?, (frame.left, frame.right));
    let mut svg = Svg::new(WIDTH, frame.height());
    frame.draw(&mut svg, stratum);
    let baseline = contrast.baseline.as_deref().unwrap_or("the baseline");
    scale.draw_below(&mut svg, (frame.top, frame.bottom), 4, &axis_label(metric, baseline));
    let zero = scale.place(0.0);
    svg.line("zero", (zero, frame.top - 4.0), (zero, frame.bottom));
    draw_sides(&mut svg, metric.direction, zero, &frame);
    draw_margin(&mut svg, contrast, &scale, &frame);
    for (index, arm) in stratum.arms.iter().enumerate() {
        draw_arm(&mut svg, arm, frame.row(index), &scale, metric.decimals);
    }
    let title = format!("Difference in {} from {baseline}{}", metric.noun(), place(stratum));
    let description = "A row a level: a dot for the mean difference, a line for its t interval, thin for the interval that holds for the \
                       whole family; filled where it is significant after correction. The table below holds the same numbers.";
    Some(svg.finish(id, &title, description))
}

fn axis_label(metric: &MetricReport, baseline: &str) -> String {
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" ({})", metric.difference_unit) };
    format!("difference from {baseline}{unit}")
}

fn draw_sides(svg: &mut Svg, direction: Option<Direction>, zero: f64, frame: &Frame) {
    let Some(direction) = direction else { return };
    let sides = match direction {
        Direction::Lower => ["\u{2190} better", "worse \u{2192}"],
        Direction::Higher => ["\u{2190} worse", "better \u{2192}"],
    };
    let y = frame.top - 8.0;
    // A side too narrow for its word has none; the other one says it all.
    if zero - frame.left > 50.0 {
        svg.text("side", (zero - 7.0, y), Anchor::End, sides[0]);
    }
    if frame.right - zero > 50.0 {
        svg.text("side", (zero + 7.0, y), Anchor::Start, sides[1]);
    }
}

fn draw_margin(svg: &mut Svg, contrast: &Contrast, scale: &Scale, frame: &Frame) {
    let mut comparisons = comparisons(contrast);
    let Some(margin) = comparisons.find_map(|comparison| Some(comparison.equivalence?.margin)) else { return };
    let [(from, _), (to, _)] = [-margin, margin].map(|end| scale.clamp(end));
    svg.rectangle("margin", (from, frame.top), (to - from, frame.bottom - frame.top));
}

fn draw_arm(svg: &mut Svg, arm: &Arm, y: f64, scale: &Scale, decimals: usize) {
    if arm.baseline {
        svg.disc("origin", (scale.place(0.0), y), 3.2, "the baseline");
        return;
    }
    let Some(comparison) = &arm.comparison else { return };
    let Some(estimate) = comparison.estimate else {
        // On the side of zero that has more room.
        let (low, high) = scale.domain();
        let (shift, anchor) = if high > -low { (8.0, Anchor::Start) } else { (-8.0, Anchor::End) };
        svg.text("none", (scale.place(0.0) + shift, y + 4.0), anchor, "no values in common");
        return;
    };
    let class = verdict_class(comparison.verdict);
    let (edge, outside) = scale.clamp(estimate.difference);
    if outside {
        let text = format!("{} {}", number::signed(estimate.difference, decimals), comparison.verdict.name());
        mark_outside(svg, &format!("head {class}"), (edge, y), estimate.difference.signum(), &text);
        return;
    }
    if let Some(together) = comparison.simultaneous {
        let [from, to] = [together.low, together.high].map(|end| scale.clamp(end));
        svg.line(&format!("span simultaneous {class}"), (from.0, y), (to.0, y));
        for ((end, _), side) in [(from, -1.0), (to, 1.0)].into_iter().filter(|((_, cut), _)| *cut) {
            mark_cut(svg, &format!("head {class}"), (end, y), side, 2.6);
        }
    }
    if let Some(test) = estimate.test() {
        let ends = [test.interval.low, test.interval.high].map(|end| scale.clamp(end));
        svg.line(&format!("span {class}"), (ends[0].0, y), (ends[1].0, y));
        for ((x, cut), direction) in ends.into_iter().zip([-1.0, 1.0]) {
            if cut {
                mark_cut(svg, &format!("head {class}"), (x, y), direction, 4.5);
            } else {
                svg.line(&format!("span {class}"), (x, y - 4.0), (x, y + 4.0));
            }
        }
    }
    let tip =
        format!("{}: {}, {}", arm.level, number::signed(estimate.difference, decimals), comparison.verdict.name());
    let (x, _) = scale.clamp(estimate.difference);
    svg.disc(&format!("difference {class}"), (x, y), 4.5, &tip);
}

/// The CSS class of a verdict.
pub fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Equivalent => "equivalent",
        Verdict::Inconclusive => "open",
        Verdict::NotTested => "untested",
    }
}

fn comparisons(contrast: &Contrast) -> impl Iterator<Item = &Comparison> {
    let arms = contrast.strata.iter().flat_map(|stratum| &stratum.arms);
    arms.filter_map(|arm| arm.comparison.as_ref())
}

/// 0 and all differences but those far away; intervals as far as they go, but not more than twice the median half width
/// beyond the differences: one comparison on two seeds would flatten all others.
fn domain(contrast: &Contrast) -> Option<(f64, f64)> {
    let estimates = || comparisons(contrast).filter_map(|comparison| comparison.estimate);
    let (low, high) = focus(estimates().map(|estimate| estimate.difference), Some(0.0))?;
    let intervals: Vec<Interval> = estimates()
        .filter(|estimate| (low..=high).contains(&estimate.difference))
        .filter_map(|estimate| estimate.test().map(|test| test.interval))
        .collect();
    let mut halves: Vec<f64> = intervals.iter().map(|interval| (interval.high - interval.low) / 2.0).collect();
    halves.sort_by(f64::total_cmp);
    let room = halves.get(halves.len() / 2).map_or(0.0, |half| half * 2.0);
    let ends = intervals.iter().flat_map(|interval| [interval.low, interval.high]);
    let (lowest, highest) = extent(ends).unwrap_or((low, high));
    let low = lowest.min(low).max(low - room);
    let high = highest.max(high).min(high + room);
    let pad = (high - low) * 0.04;
    Some((low - pad, high + pad))
}
