//! What more seeds would see: the detectable difference over the number of seeds.

use super::axis::LogScale;
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::metric::MetricReport;
use crate::report::outlook::{Outlook, Resolution};

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 262.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 426.0;
const TOP: f64 = 26.0;
const BOTTOM: f64 = 220.0;

/// Draws the outlook of a metric on logarithmic axes, with the seeds that there are and those that the target needs;
/// `id` must be unique on the page. `None` where there is no curve to draw.
pub fn power(metric: &MetricReport, outlook: &Outlook, id: &str) -> Option<String> {
    let (first, last) = (outlook.curve.first()?, outlook.curve.last()?);
    if first.seeds >= last.seeds {
        return None;
    }
    let across = LogScale::new((f64::from(first.seeds), f64::from(last.seeds)), (LEFT, RIGHT));
    let up = LogScale::new((last.detectable * 0.85, first.at_most.min(outlook.now.at_most * 6.0)), (BOTTOM, TOP));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    draw_axes(&mut svg, metric, &across, &up);
    svg.clipped(&format!("{id}-clip"), (LEFT, TOP), (RIGHT - LEFT, BOTTOM - TOP), |svg| {
        let place = |height: fn(&Resolution) -> f64| -> Vec<(f64, f64)> {
            let points = outlook.curve.iter();
            points.map(|point| (across.place(f64::from(point.seeds)), up.place(height(point)))).collect()
        };
        svg.path("curve likely", &place(|point| point.at_most));
        svg.path("curve level-mean", &place(|point| point.detectable));
    });
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" {}", metric.difference_unit) };
    let size = |value: f64| format!("{}{unit}", number::fixed(value, number::decimals_for(value)));
    let mut marks = vec![(outlook.seeds, outlook.now.detectable, " (now)")];
    let target = outlook.target.map(|(seeds, _)| seeds).filter(|seeds| *seeds != outlook.seeds);
    let at_target = target.and_then(|target| outlook.curve.iter().find(|point| point.seeds == target));
    marks.extend(at_target.map(|point| (point.seeds, point.detectable, "")));
    marks.retain(|(seeds, ..)| *seeds >= first.seeds);
    for (index, (seeds, detectable, word)) in marks.into_iter().enumerate() {
        let place = (across.place(f64::from(seeds)), up.place(detectable));
        draw_mark(&mut svg, index, place, &format!("{seeds} seeds{word}: {}", size(detectable)));
    }
    let title = format!("What more seeds would see in {}", metric.noun());
    let description = "The smallest difference that is found with 80 % power after correction, over seeds an arm, on logarithmic axes: at \
                       the spread that was seen, and dashed at its upper bound of 80 % confidence.";
    Some(svg.finish(id, &title, description))
}

/// A point on the curve; its words stand in the upper right corner, where a falling curve never is, beside the same
/// shape.
fn draw_mark(svg: &mut Svg, index: usize, (x, y): (f64, f64), text: &str) {
    svg.line("reference", (x, y), (x, BOTTOM));
    svg.line("reference", (LEFT, y), (x, y));
    let shape = SHAPES[index.min(1)];
    svg.marker("origin", shape, (x, y), 4.0, text);
    let line = TOP + 12.0 + 18.0 * index as f64;
    svg.text("level halo", (RIGHT - 14.0, line), Anchor::End, text);
    svg.marker("origin", shape, (RIGHT - 5.0, line - 4.0), 4.0, text);
}

/// A disc for what there is, a diamond for the target.
const SHAPES: [usize; 2] = [0, 3];

fn draw_axes(svg: &mut Svg, metric: &MetricReport, across: &LogScale, up: &LogScale) {
    for tick in up.ticks() {
        let y = up.place(tick);
        svg.line("grid", (LEFT, y), (RIGHT, y));
        let decimals = (-tick.log10().floor()).clamp(0.0, 9.0) as usize;
        svg.text("tick", (LEFT - 6.0, y + 4.0), Anchor::End, &number::fixed(tick, decimals));
    }
    for tick in across.ticks() {
        let x = across.place(tick);
        svg.line("grid", (x, TOP), (x, BOTTOM));
        svg.text("tick", (x, BOTTOM + 15.0), Anchor::Middle, &number::fixed(tick, 0));
    }
    svg.line("frame", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    let unit = if metric.difference_unit.is_empty() { String::new() } else { format!(" ({})", metric.difference_unit) };
    svg.text("axis", (0.0, TOP - 12.0), Anchor::Start, &format!("smallest difference found{unit}"));
    svg.text("axis", (f64::midpoint(LEFT, RIGHT), BOTTOM + 32.0), Anchor::Middle, "seeds per arm");
}
