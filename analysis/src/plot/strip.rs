//! Every seed's value, level by level, with the mean and its interval.

use super::axis::Scale;
use super::rows::{Frame, WIDTH, extent, focus, mark_outside};
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
    for (index, arm) in stratum.arms.iter().enumerate() {
        draw_arm(&mut svg, arm, frame.row(index), &scale, metric);
    }
    let title = format!("{} of every seed{}", metric.label, place(stratum));
    let description = "A row a level: a dot a seed, a diamond for the mean, a line for the t interval of the mean. The table \
                       below holds the same numbers.";
    Some(svg.finish(id, &title, description))
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
                svg.polygon("arrow", &[(x, y - 4.0), (x + 5.0 * direction, y), (x, y + 4.0)]);
            }
        }
    }
    // Dots are spread over the row by rank of seed, so that equal values stay countable.
    let n = arm.values.len() as f64;
    for (index, value) in arm.values.iter().enumerate().filter(|(_, value)| !scale.clamp(value.value).1) {
        let offset = if n > 1.0 { (index as f64 / (n - 1.0) - 0.5) * 10.0 } else { 0.0 };
        let tip = format!("{}, seed {}: {}", arm.level, value.seed, number::fixed(value.value, metric.decimals + 1));
        svg.disc("seed", (scale.place(value.value), y + offset), 3.2, &tip);
    }
    let x = scale.place(description.mean);
    svg.polygon("mean", &[(x, y - 6.5), (x + 4.5, y), (x, y + 6.5), (x - 4.5, y)]);
}

/// The values of all arms but those far away; intervals as far as they go, but not more than a third of the span beyond.
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
