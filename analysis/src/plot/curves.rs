//! Learning curves as small multiples: each level before all the others.

use super::axis::{Scale, nice_ticks};
use super::rows::extent;
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::curves::{CurveFigure, CurvePanel, CurvePoint};
use crate::statistics::estimate::Interval;

const WIDTH: f64 = 230.0;
const HEIGHT: f64 = 158.0;
const LEFT: f64 = 34.0;
const RIGHT: f64 = 194.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 128.0;
/// The share of training whose high values do not stretch the axis.
const WARM_UP: f64 = 0.25;
/// With more levels the pale ones of every panel would be a grey field, and the page as long as their number squared.
const MOST_PALE: usize = 30;
/// Seeds from which the interval for all steps at once is drawn.
const FEWEST_TOGETHER: usize = 5;

/// Draws a panel of a figure: its level with the intervals of its mean, the baseline dotted, the other levels pale.
pub fn panel(figure: &CurveFigure, index: usize, id: &str) -> Option<String> {
    let panel = figure.panels.get(index)?;
    let (steps, values) = domains(figure)?;
    let across = Scale::new(steps, (LEFT, RIGHT));
    let up = Scale::new(values, (BOTTOM, TOP));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    draw_axes(&mut svg, &across, &up);
    svg.clipped(&format!("{id}-clip"), (LEFT, TOP), (RIGHT - LEFT, BOTTOM - TOP), |svg| {
        let others = figure.panels.iter().filter(|other| other.level != panel.level);
        for other in others.filter(|other| other.baseline || figure.panels.len() <= MOST_PALE) {
            svg.path(if other.baseline { "curve reference" } else { "curve pale" }, &means(other, &across, &up));
        }
        draw_level(svg, panel, &across, &up);
    });
    if let Some(last) = panel.points.last() {
        let (y, _) = up.clamp(last.mean);
        let (_, decimals) = nice_ticks(values.0, values.1, 100);
        svg.text("end", (RIGHT + 4.0, y + 4.0), Anchor::Start, &number::fixed(last.mean, decimals));
    }
    let title = format!("{} of {} over training", figure.label, panel.level);
    Some(svg.finish(
        id,
        &title,
        "Mean over seeds, with the interval of every step by itself as a band, and dashed that of all steps at once.",
    ))
}

fn draw_level(svg: &mut Svg, panel: &CurvePanel, across: &Scale, up: &Scale) {
    let ends = |interval: fn(&CurvePoint) -> Option<Interval>, end: fn(&Interval) -> f64| -> Vec<(f64, f64)> {
        let points = panel.points.iter().filter_map(|point| Some((across.place(point.step), end(&interval(point)?))));
        points.map(|(x, value)| (x, up.place(value))).collect()
    };
    let mut band = ends(|point| point.pointwise, |interval| interval.high);
    band.extend(ends(|point| point.pointwise, |interval| interval.low).into_iter().rev());
    svg.polygon("pointwise", &band);
    // With fewer seeds it fills the frame and says nothing but that.
    if panel.points.iter().all(|point| point.n >= FEWEST_TOGETHER) {
        for end in [|interval: &Interval| interval.high, |interval: &Interval| interval.low] {
            svg.path("curve together", &ends(|point| point.simultaneous, end));
        }
    }
    for run in &panel.diverged {
        let points: Vec<(f64, f64)> = run.points.iter().map(|(x, y)| (across.place(*x), up.place(*y))).collect();
        svg.path("curve diverged", &points);
        // The mark stands where the curve is last seen: most diverged curves leave the frame.
        let seen = run.points.iter().rev().find(|(_, value)| !up.clamp(*value).1);
        if let (Some((x, y)), Some((end, _))) = (seen, run.points.last()) {
            let tip = format!("seed {} diverged near step {end:.0}", run.seed);
            svg.disc("diverged-end", (across.place(*x), up.place(*y)), 3.5, &tip);
        }
    }
    svg.path("curve level-mean", &means(panel, across, up));
}

fn means(panel: &CurvePanel, across: &Scale, up: &Scale) -> Vec<(f64, f64)> {
    panel.points.iter().map(|point| (across.place(point.step), up.place(point.mean))).collect()
}

fn draw_axes(svg: &mut Svg, across: &Scale, up: &Scale) {
    let (ticks, decimals) = up.ticks(4);
    for tick in ticks {
        let y = up.place(tick);
        svg.line("grid", (LEFT, y), (RIGHT, y));
        svg.text("tick", (LEFT - 5.0, y + 3.5), Anchor::End, &number::fixed(tick, decimals));
    }
    svg.line("frame", (LEFT, BOTTOM), (RIGHT, BOTTOM));
    for tick in across.ticks(3).0 {
        svg.text("tick", (across.place(tick), BOTTOM + 14.0), Anchor::Middle, &steps_in_short(tick));
    }
    svg.text("axis", (f64::midpoint(LEFT, RIGHT), BOTTOM + 28.0), Anchor::Middle, "step");
}

fn steps_in_short(step: f64) -> String {
    match step {
        step if step >= 1e6 => format!("{}M", step / 1e6),
        step if step >= 1e4 => format!("{}k", step / 1e3),
        step => format!("{step}"),
    }
}

/// All steps; values of the runs that count from the end of the warm-up on.
fn domains(figure: &CurveFigure) -> Option<((f64, f64), (f64, f64))> {
    let points = || figure.panels.iter().flat_map(|panel| &panel.points);
    let (first, last) = extent(points().map(|point| point.step))?;
    let settled = first + (last - first) * WARM_UP;
    let late = points().filter(|point| point.step >= settled);
    let (low, high) = extent(late.flat_map(|point| [point.lowest, point.highest]))?;
    let pad = (high - low) * 0.05;
    Some(((first, last), (low - pad, high + pad)))
}
