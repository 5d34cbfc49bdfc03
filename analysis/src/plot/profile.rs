//! Performance profiles: the share of an arm's runs that are better than a score, for every score.

use spec::metric::Direction;

use super::axis::Scale;
use super::rows::{columns, extent, focus, shortened};
use super::strip::place;
use super::svg::{Anchor, Svg};
use crate::report::metric::{Arm, MetricReport, Stratum};
use crate::statistics::aggregates::profile::{Point, performance_profile};

const WIDTH: f64 = 440.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 47.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 208.0;
/// With fewer runs the steps of an arm are nothing but its dots.
const FEWEST_RUNS: usize = 5;
/// Arms that are named besides the baseline; the others are pale.
const NAMED: usize = 5;

/// Draws the profiles of a stratum, the baseline and the best arms named; `id` must be unique on the page. `None` where
/// no direction is better, or no arm has five runs.
pub fn profile(metric: &MetricReport, stratum: &Stratum, alpha: f64, id: &str) -> Option<String> {
    let direction = metric.direction?;
    let arms: Vec<&Arm> = stratum.arms.iter().filter(|arm| arm.values.len() >= FEWEST_RUNS).collect();
    if arms.len() < 2 {
        return None;
    }
    let named = named(&arms, direction);
    let widest = named.iter().map(|arm| columns(&shortened(&arm.level))).max().unwrap_or(0);
    let right = WIDTH - 24.0 - 7.6 * widest as f64;
    let across = Scale::new(domain(&arms)?, (LEFT, right));
    let up = Scale::new((0.0, 1.0), (BOTTOM, TOP));
    let mut svg = Svg::new(WIDTH, HEIGHT);
    for (share, label) in [(0.0, "0"), (0.25, ""), (0.5, "50 %"), (0.75, ""), (1.0, "100 %")] {
        let y = up.place(share);
        svg.line("grid", (LEFT, y), (right, y));
        svg.text("tick", (LEFT - 6.0, y + 4.0), Anchor::End, label);
    }
    let word = if direction == Direction::Higher { "above" } else { "below" };
    let unit = if metric.unit.is_empty() { String::new() } else { format!(", {}", metric.unit) };
    let label = format!("{}{unit}: share of runs {word}", metric.noun());
    across.draw_below(&mut svg, (BOTTOM, BOTTOM), 4, &label);
    let curve = |arm: &Arm| steps(arm, direction, alpha);
    for arm in arms.iter().filter(|arm| !named.iter().any(|other| other.level == arm.level)) {
        svg.path("curve pale", &corners(&curve(arm), |point| point.share, &across, &up));
    }
    // Two bands can be told apart, six cannot.
    for (class, arm) in
        named.iter().filter(|arm| arm.baseline).map(|arm| ("band ink", arm)).chain(
            named.iter().enumerate().find(|(_, arm)| !arm.baseline).map(|(index, arm)| (BANDS[index.min(1)], arm)),
        )
    {
        let points = curve(arm);
        let mut edge = corners(&points, |point| point.band.high, &across, &up);
        edge.extend(corners(&points, |point| point.band.low, &across, &up).into_iter().rev());
        svg.polygon(class, &edge);
    }
    draw_named(&mut svg, &named, (&across, &up, right), &curve);
    let title = format!("Performance profiles in {}{}", metric.noun(), place(stratum));
    let description = "For every score the share of an arm's runs that are better. A curve above another everywhere is better by any \
                       measure. The bands, of the baseline and of the best arm, hold for all scores at once.";
    Some(svg.finish(id, &title, description))
}

const BANDS: [&str; 2] = ["band s0", "band s1"];

fn draw_named(
    svg: &mut Svg,
    named: &[&Arm],
    (across, up, right): (&Scale, &Scale, f64),
    curve: &dyn Fn(&Arm) -> Vec<(f64, Point)>,
) {
    for (index, arm) in named.iter().enumerate() {
        let points = curve(arm);
        let class = if arm.baseline { "curve reference".to_owned() } else { format!("curve line s{index}") };
        svg.path(&class, &corners(&points, |point| point.share, across, up));
        let shape = if arm.baseline { "series ink".to_owned() } else { format!("series s{index}") };
        for (value, point) in points.iter().filter(|(value, _)| !across.clamp(*value).1) {
            let tip = format!("{}: {:.0} % of runs beyond {value}", arm.level, point.share * 100.0);
            svg.marker(&shape, index, (across.place(*value), up.place(point.share)), 2.6, &tip);
        }
        let y = TOP + 14.0 + 20.0 * index as f64;
        svg.marker(&shape, index, (right + 10.0, y - 4.0), 4.0, &arm.level);
        let class = if arm.baseline { "level baseline" } else { "level" };
        svg.text(class, (right + 18.0, y), Anchor::Start, &shortened(&arm.level));
    }
}

/// The best arms by mean, and the baseline among them.
fn named<'a>(arms: &[&'a Arm], direction: Direction) -> Vec<&'a Arm> {
    let sign = if direction == Direction::Higher { -1.0 } else { 1.0 };
    let mean = |arm: &Arm| arm.description.map_or(f64::INFINITY, |description| sign * description.mean);
    let mut order: Vec<&Arm> = arms.to_vec();
    order.sort_by(|a, b| mean(a).total_cmp(&mean(b)));
    let mut best = 0;
    order.retain(|arm| {
        best += usize::from(!arm.baseline);
        arm.baseline || best <= NAMED
    });
    order
}

/// The profile at the arm's own values, the worst first.
fn steps(arm: &Arm, direction: Direction, alpha: f64) -> Vec<(f64, Point)> {
    let sign = if direction == Direction::Higher { 1.0 } else { -1.0 };
    let values: Vec<f64> = arm.values.iter().map(|value| sign * value.value).collect();
    let mut thresholds = values.clone();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let points = performance_profile(&values, &thresholds, alpha);
    points.into_iter().map(|point| (sign * point.threshold, point)).collect()
}

/// A staircase: the share falls at every value.
fn corners(points: &[(f64, Point)], height: impl Fn(&Point) -> f64, across: &Scale, up: &Scale) -> Vec<(f64, f64)> {
    let Some((_, first)) = points.first() else { return Vec::new() };
    let (low, high) = across.domain();
    let rising = points.len() < 2 || points[0].0 <= points[points.len() - 1].0;
    let (start, end) = if rising { (low, high) } else { (high, low) };
    // Before the worst value all runs are better.
    let whole = (height(first) + 1.0 - first.share).min(1.0);
    let mut corners = vec![(across.place(start), up.place(whole))];
    let mut last = whole;
    for (value, point) in points {
        let x = across.clamp(*value).0;
        corners.push((x, up.place(last)));
        last = height(point);
        corners.push((x, up.place(last)));
    }
    corners.push((across.place(end), up.place(last)));
    corners
}

fn domain(arms: &[&Arm]) -> Option<(f64, f64)> {
    let means = arms.iter().filter_map(|arm| Some(arm.description?.mean));
    let (low, high) = focus(means, None)?;
    let shown = arms.iter().filter_map(|arm| arm.description).filter(|found| (low..=high).contains(&found.mean));
    let (low, high) = extent(shown.flat_map(|found| [found.lowest, found.highest]))?;
    let pad = (high - low) * 0.05;
    Some((low - pad, high + pad))
}
