//! What a seed does to every arm: how far each run lies from the mean of its arm.

use spec::metric::Direction;

use super::rows::{Frame, WIDTH};
use super::strip::place;
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::metric::{Arm, MetricReport, Stratum};
use crate::results::Seed;

/// With more seeds the columns are too narrow.
const MOST_SEEDS: usize = 60;

/// Draws a stratum: a row an arm, a column a seed; `id` must be unique on the page. `None` for fewer than two arms or
/// seeds, and for more than 60 seeds.
pub fn seeds(metric: &MetricReport, stratum: &Stratum, id: &str) -> Option<String> {
    let seeds = all_seeds(stratum);
    if stratum.arms.len() < 2 || !(2..=MOST_SEEDS).contains(&seeds.len()) {
        return None;
    }
    let frame = Frame::new(stratum);
    let full = full_colour(stratum)?;
    let width = (frame.right - frame.left) / seeds.len() as f64;
    let mut svg = Svg::new(WIDTH, frame.height());
    frame.draw(&mut svg, stratum);
    for (row, arm) in stratum.arms.iter().enumerate() {
        for (column, seed) in seeds.iter().enumerate() {
            let corner = (frame.left + width * column as f64 + 0.5, frame.row(row) - 11.5);
            draw_run(&mut svg, metric, (arm, seed), (corner, (width - 1.0, 23.0)), full);
        }
    }
    let widest = seeds.iter().map(|seed| seed.to_string().chars().count()).max().unwrap_or(1) as f64;
    let every = ((7.0 * widest + 4.0) / width).ceil().max(1.0) as usize;
    for (column, seed) in seeds.iter().enumerate().filter(|(column, _)| column.is_multiple_of(every)) {
        let x = frame.left + width * (column as f64 + 0.5);
        svg.text("tick", (x, frame.bottom + 15.0), Anchor::Middle, &seed.to_string());
    }
    svg.text("axis", (f64::midpoint(frame.left, frame.right), frame.bottom + 32.0), Anchor::Middle, "seed");
    let title = format!("Seeds in {}{}", metric.noun(), place(stratum));
    let description = "A row a level, a column a seed: blue where the run is better than the mean of its level, orange where it is worse, \
                       the stronger the farther; a cross where there is no value. A column of one colour is a seed that does the same to \
                       every level.";
    Some(svg.finish(id, &title, description))
}

fn draw_run(
    svg: &mut Svg,
    metric: &MetricReport,
    (arm, seed): (&Arm, &Seed),
    (corner, size): ((f64, f64), (f64, f64)),
    full: f64,
) {
    let value = arm.values.iter().find(|value| value.seed == *seed).map(|value| value.value);
    if let (Some(value), Some(description)) = (value, arm.description) {
        let deviation = value - description.mean;
        let favourable = (deviation > 0.0) == (metric.direction != Some(Direction::Lower));
        let class = if favourable { "heat better" } else { "heat worse" };
        let tip = format!(
            "{}, seed {seed}: {}, {} from the mean",
            arm.level,
            number::fixed(value, metric.decimals + 1),
            number::signed(deviation, metric.decimals + 1)
        );
        svg.cell(class, corner, size, (deviation.abs() / full).min(1.0) * 0.85, &tip);
        // Colour alone does not say the side.
        if size.0 >= 12.0 && deviation.abs() > full / 3.0 {
            let sign = if deviation > 0.0 { "+" } else { "\u{2212}" };
            svg.text("cell", (corner.0 + size.0 / 2.0, corner.1 + size.1 / 2.0 + 4.0), Anchor::Middle, sign);
        }
        return;
    }
    let Some(gap) = arm.gaps.iter().find(|gap| gap.seed == *seed) else { return };
    let tip = format!("{}, seed {seed}: {}", arm.level, gap.reason);
    svg.cell("heat gap", corner, size, 1.0, &tip);
    let (x, y) = (corner.0 + size.0 / 2.0, corner.1 + size.1 / 2.0);
    let arm = (size.0 / 2.0 - 1.0).min(4.0);
    svg.line("gap-cross", (x - arm, y - arm), (x + arm, y + arm));
    svg.line("gap-cross", (x - arm, y + arm), (x + arm, y - arm));
}

fn all_seeds(stratum: &Stratum) -> Vec<Seed> {
    let values = stratum.arms.iter().flat_map(|arm| arm.values.iter().map(|value| value.seed.clone()));
    let gaps = stratum.arms.iter().flat_map(|arm| arm.gaps.iter().map(|gap| gap.seed.clone()));
    let mut seeds: Vec<Seed> = values.chain(gaps).collect();
    seeds.sort();
    seeds.dedup();
    seeds
}

/// The deviation that has the full colour: that of the nine in ten nearest ones, so that one outlying run does not
/// bleach the rest.
fn full_colour(stratum: &Stratum) -> Option<f64> {
    let mut deviations: Vec<f64> = stratum
        .arms
        .iter()
        .filter_map(|arm| Some((arm, arm.description?.mean)))
        .flat_map(|(arm, mean)| arm.values.iter().map(move |value| (value.value - mean).abs()))
        .collect();
    deviations.sort_by(f64::total_cmp);
    let place = (deviations.len() as f64 * 0.9) as usize;
    deviations.get(place.min(deviations.len().saturating_sub(1))).copied().filter(|full| *full > 0.0)
}
