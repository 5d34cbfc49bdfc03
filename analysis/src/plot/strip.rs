//! Every seed's value, level by level, with the mean and its interval.

use super::axis::Scale;
use super::rows::{Frame, WIDTH, extent, focus, mark_cut, mark_outside};
use super::svg::Svg;
use crate::number;
use crate::report::metric::{Arm, MetricReport, Stratum};

/// Draws the values of a stratum; `id` must be unique on the page. `None` if there are no values.
pub fn strip(metric: &MetricReport, stratum: &Stratum, id: &str) -> Option<String> {
    let frame = Frame::new(stratum);
    let scale = Scale::new(domain(stratum)?, (frame.left, frame.right));
    let mut svg = Svg::new(WIDTH, frame.height());
    frame.draw(&mut svg, stratum);
    let unit = if metric.unit.is_empty() { &metric.label } else { &metric.unit };
    scale.draw_below(&mut svg, (frame.top, frame.bottom), 4, unit);
    let baseline = stratum.arms.iter().find(|arm| arm.baseline).and_then(|arm| arm.description);
    if let Some(baseline) = baseline {
        let x = scale.place(baseline.mean);
        svg.line("reference", (x, frame.top), (x, frame.bottom));
    }
    join_seeds(&mut svg, stratum, &frame, &scale);
    for (index, arm) in stratum.arms.iter().enumerate() {
        draw_arm(&mut svg, arm, frame.row(index), &scale, metric);
    }
    let title = format!("{} of every seed{}", metric.label, place(stratum));
    let description = "A row a level: a dot a seed, a diamond for the mean, a line for the t interval of the mean; pale lines join \
                       the values of a seed in neighbouring rows. The table below holds the same numbers.";
    Some(svg.finish(id, &title, description))
}

/// With more arms the lines say nothing any more.
const MOST_JOINED: usize = 16;

/// Joins the values of a seed from row to row: lines that run side by side are what pairing gains.
fn join_seeds(svg: &mut Svg, stratum: &Stratum, frame: &Frame, scale: &Scale) {
    if stratum.arms.len() > MOST_JOINED {
        return;
    }
    for (index, neighbours) in stratum.arms.windows(2).enumerate() {
        let [upper, lower] = neighbours else { continue };
        for (rank, value) in upper.values.iter().enumerate() {
            let Some(other) = lower.values.iter().position(|other| other.seed == value.seed) else { continue };
            let from = (scale.clamp(value.value), frame.row(index) + offset(rank, upper.values.len()));
            let end = lower.values[other].value;
            let to = (scale.clamp(end), frame.row(index + 1) + offset(other, lower.values.len()));
            if !from.0.1 && !to.0.1 {
                svg.line("joined", (from.0.0, from.1), (to.0.0, to.1));
            }
        }
    }
}

/// Dots are spread over the row by rank of seed, so that equal values stay countable.
fn offset(rank: usize, seeds: usize) -> f64 {
    if seeds > 1 { (rank as f64 / (seeds as f64 - 1.0) - 0.5) * 10.0 } else { 0.0 }
}

fn draw_arm(svg: &mut Svg, arm: &Arm, y: f64, scale: &Scale, metric: &MetricReport) {
    let Some(description) = arm.description else { return };
    let (edge, outside) = scale.clamp(description.mean);
    if outside {
        let side = if description.mean > scale.domain().1 { 1.0 } else { -1.0 };
        let text = number::fixed(description.mean, metric.decimals);
        mark_outside(svg, "arrow", (edge, y), side, &text);
        return;
    }
    if let Some(interval) = description.interval {
        let ends = [interval.low, interval.high].map(|end| scale.clamp(end));
        svg.line("interval", (ends[0].0, y), (ends[1].0, y));
        for ((x, cut), direction) in ends.into_iter().zip([-1.0, 1.0]) {
            if cut {
                mark_cut(svg, "arrow", (x, y), direction, 4.0);
            }
        }
    }
    for (index, value) in arm.values.iter().enumerate().filter(|(_, value)| !scale.clamp(value.value).1) {
        let offset = offset(index, arm.values.len());
        let tip = format!("{}, seed {}: {}", arm.level, value.seed, number::fixed(value.value, metric.decimals + 1));
        svg.disc("seed", (scale.place(value.value), y + offset), 3.2, &tip);
    }
    let x = scale.place(description.mean);
    svg.polygon("mean", &[(x, y - 6.5), (x + 4.5, y), (x, y + 6.5), (x - 4.5, y)]);
}

/// The values of all arms but those far away; intervals as far as they go, but not more than a third of the span
/// beyond.
fn domain(stratum: &Stratum) -> Option<(f64, f64)> {
    let anchor = stratum.arms.iter().find(|arm| arm.baseline).and_then(|arm| arm.description).map(|found| found.mean);
    let means = stratum.arms.iter().filter_map(|arm| arm.description).map(|description| description.mean);
    let (from, to) = focus(means, anchor)?;
    let shown = || {
        let arms = stratum.arms.iter().filter_map(|arm| arm.description);
        arms.filter(move |description| (from..=to).contains(&description.mean))
    };
    let (low, high) = extent(shown().flat_map(|description| [description.lowest, description.highest]))?;
    let intervals = shown().filter_map(|description| description.interval);
    let (lowest, highest) = extent(intervals.flat_map(|interval| [interval.low, interval.high])).unwrap_or((low, high));
    let room = (high - low) * 0.35;
    let pad = (high - low) * 0.04;
    Some((lowest.min(low).max(low - room) - pad, highest.max(high).min(high + room) + pad))
}

pub(super) fn place(stratum: &Stratum) -> String {
    if stratum.name.is_empty() { String::new() } else { format!(", {}", stratum.name) }
}
