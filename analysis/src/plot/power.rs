//! What more seeds would see: the detectable difference over the number of seeds.

use super::axis::{LogScale, spread_labels};
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::metric::MetricReport;
use crate::report::outlook::{Outlook, Resolution};

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 426.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 208.0;

/// Draws the outlook of a metric on logarithmic axes, with the seeds that there are and those that the target needs; `id` must be
/// unique on the page. `None` where there is no curve to draw.
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
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" {}", metric.unit) };
    let size = |value: f64| format!("{}{unit}", number::fixed(value, number::decimals_for(value)));
    let mut marks = vec![(outlook.seeds, outlook.now.detectable, " (now)")];
    marks
        .extend(outlook.target.filter(|(seeds, _)| *seeds != outlook.seeds).map(|(seeds, target)| (seeds, target, "")));
    marks.retain(|(seeds, ..)| *seeds >= first.seeds);
    let marks = marks.into_iter().map(|(seeds, detectable, word)| {
        let place = (across.place(f64::from(seeds)), up.place(detectable));
        (place, format!("{seeds} seeds{word}: {}", size(detectable)))
    });
    draw_marks(&mut svg, &marks.collect::<Vec<_>>());
    let title = format!("What more seeds would see in {}", metric.label.to_lowercase());
    let description = "The smallest difference that is found with 80 % power after correction, over seeds an arm, on logarithmic axes: at \
                       the spread that was seen, and dashed at its upper bound of 80 % confidence.";
    Some(svg.finish(id, &title, description))
}

/// Points on the curve with their words: below on the left, where the curve has been, or above on the right where there is no room.
fn draw_marks(svg: &mut Svg, marks: &[((f64, f64), String)]) {
    const ROOM: f64 = 160.0;
    for ((x, y), _) in marks {
        svg.line("reference", (*x, *y), (*x, BOTTOM));
        svg.line("reference", (LEFT, *y), (*x, *y));
    }
    let leftmost = marks.iter().map(|((x, _), _)| *x).fold(RIGHT, f64::min);
    let below = leftmost - LEFT > ROOM;
    let wanted: Vec<f64> = marks.iter().map(|((_, y), _)| if below { y + 17.0 } else { y - 10.0 }).collect();
    let heights = spread_labels(&wanted, 16.0, (TOP + 10.0, BOTTOM - 5.0));
    for (((x, y), text), height) in marks.iter().zip(heights) {
        svg.disc("origin", (*x, *y), 4.0, text);
        match (below, *x > f64::midpoint(LEFT, RIGHT)) {
            (true, _) => svg.text("level halo", (leftmost - 9.0, height), Anchor::End, text),
            (false, true) => svg.text("level halo", (x.max(RIGHT - 40.0), height), Anchor::End, text),
            (false, false) => svg.text("level halo", (x + 9.0, height), Anchor::Start, text),
        }
    }
}

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
    let unit = if metric.unit.is_empty() { String::new() } else { format!(" ({})", metric.unit) };
    let label = format!("seeds an arm; upwards: smallest difference found{unit}");
    svg.text("axis", (f64::midpoint(LEFT, RIGHT), BOTTOM + 32.0), Anchor::Middle, &label);
}
