//! Is a difference smaller than what matters: the intervals of the two one-sided tests against the declared margin.

use super::axis::Scale;
use super::forest::verdict_class;
use super::rows::{Frame, WIDTH, extent, focus, mark_cut, mark_outside};
use super::strip::place;
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::inside::one_sided_interval;
use crate::report::metric::{Arm, Contrast, MetricReport, Stratum};

/// Draws a stratum's intervals of level 1 - 2·alpha against the margin; `id` must be unique on the page. `None` without
/// a margin.
pub fn equivalence(
    metric: &MetricReport,
    (contrast, stratum): (&Contrast, &Stratum),
    alpha: f64,
    id: &str,
) -> Option<String> {
    let margin = stratum.arms.iter().find_map(|arm| Some(arm.comparison.as_ref()?.equivalence?.margin))?;
    let frame = Frame::new(stratum);
    let scale = Scale::new(domain(stratum, margin, alpha)?, (frame.left, frame.right));
    let mut svg = Svg::new(WIDTH, frame.height());
    frame.draw(&mut svg, stratum);
    let [from, to] = [-margin, margin].map(|end| scale.place(end));
    svg.rectangle("margin", (from, frame.top), (to - from, frame.bottom - frame.top));
    let baseline = contrast.baseline.as_deref().unwrap_or("the baseline");
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" ({})", metric.difference_unit) };
    scale.draw_below(&mut svg, (frame.top, frame.bottom), 4, &format!("difference from {baseline}{unit}"));
    for (end, x) in [(-margin, from), (margin, to)] {
        svg.line("bound", (x, frame.top - 4.0), (x, frame.bottom));
        svg.text("side", (x, frame.top - 8.0), Anchor::Middle, &number::signed(end, metric.decimals));
    }
    let zero = scale.place(0.0);
    svg.line("zero", (zero, frame.top), (zero, frame.bottom));
    for (index, arm) in stratum.arms.iter().enumerate() {
        draw_arm(&mut svg, arm, frame.row(index), (&scale, alpha), metric.decimals);
    }
    let title = format!("Equivalence in {} within the margin{}", metric.noun(), place(stratum));
    let description = "A row a level: the mean difference from the baseline and the interval of the two one-sided tests, for each \
                       comparison alone; the shaded band is the declared margin. An interval within it shows equivalence, if its p \
                       holds after correction as well.";
    Some(svg.finish(id, &title, description))
}

fn draw_arm(svg: &mut Svg, arm: &Arm, y: f64, (scale, alpha): (&Scale, f64), decimals: usize) {
    let Some((comparison, estimate)) = arm.comparison.as_ref().and_then(|found| Some((found, found.estimate?))) else {
        return;
    };
    let class = verdict_class(comparison.verdict);
    let (x, outside) = scale.clamp(estimate.difference);
    if outside {
        let text = number::signed(estimate.difference, decimals);
        mark_outside(svg, &format!("head {class}"), (x, y), estimate.difference.signum(), &text);
        return;
    }
    if let Some(interval) = one_sided_interval(comparison, alpha) {
        let ends = [interval.low, interval.high].map(|end| scale.clamp(end));
        svg.line(&format!("span {class}"), (ends[0].0, y), (ends[1].0, y));
        for ((end, cut), side) in ends.into_iter().zip([-1.0, 1.0]) {
            if cut {
                mark_cut(svg, &format!("head {class}"), (end, y), side, 4.5);
            } else {
                svg.line(&format!("span {class}"), (end, y - 4.0), (end, y + 4.0));
            }
        }
    }
    let p = comparison.equivalence.map(|found| found.holm_p.unwrap_or(found.p)).map(number::p_value);
    let p = p.map_or_else(String::new, |p| format!(", equivalence p {p}"));
    let tip = format!("{}: {}{p}", arm.level, number::signed(estimate.difference, decimals));
    svg.disc(&format!("difference {class}"), (x, y), 4.5, &tip);
}

/// The margin with some room, and the intervals as far as they go, but not more than twice the margin beyond.
fn domain(stratum: &Stratum, margin: f64, alpha: f64) -> Option<(f64, f64)> {
    let comparisons = || stratum.arms.iter().filter_map(|arm| arm.comparison.as_ref());
    let differences = comparisons().filter_map(|comparison| Some(comparison.estimate?.difference));
    let (low, high) = focus(differences, Some(0.0))?;
    let intervals = comparisons().filter_map(|comparison| one_sided_interval(comparison, alpha));
    let (lowest, highest) = extent(intervals.flat_map(|interval| [interval.low, interval.high]))?;
    let room = 2.0 * margin;
    let low = lowest.max(low.min(-margin) - room).min(-1.25 * margin);
    let high = highest.min(high.max(margin) + room).max(1.25 * margin);
    let pad = (high - low) * 0.03;
    Some((low - pad, high + pad))
}
