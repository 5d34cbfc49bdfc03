//! All arms against each other: the size of every difference below the diagonal, its adjusted p value above.

use spec::metric::Direction;

use super::rows::{columns, shortened};
use super::strip::place;
use super::svg::{Anchor, Svg};
use crate::number;
use crate::report::metric::{MetricReport, Stratum};
use crate::report::pairs::Pair;

const WIDTH: f64 = 440.0;
const TOP: f64 = 22.0;
/// With more arms cells are too small to be pointed at: then the best are drawn, and all are in the table.
const MOST_ARMS: usize = 60;
const BEST: usize = 40;
/// With more arms there is no room for numbers.
const MOST_NUMBERED: usize = 10;
/// An effect of so many standard deviations has the full colour.
const FULL: f64 = 3.0;

/// Draws the pairs of a stratum, its arms by their means, the best first, and of more than 60 the best 40; `id` must be
/// unique on the page. `None` for fewer than three arms, where no direction is better, and where no pair could be
/// tested.
pub fn pairs(metric: &MetricReport, stratum: &Stratum, alpha: f64, id: &str) -> Option<String> {
    let (pairs, direction) = (stratum.pairs.as_ref()?, metric.direction?);
    let mut order = order(stratum, direction);
    if order.len() < 3 || pairs.tested() == 0 {
        return None;
    }
    if order.len() > MOST_ARMS {
        order.truncate(BEST);
    }
    let names: Vec<String> = order.iter().map(|arm| shortened(&stratum.arms[*arm].level)).collect();
    let longest = names.iter().map(|name| columns(name)).max().unwrap_or(0);
    let left = 42.0 + 7.4 * longest as f64;
    let side = ((WIDTH - left - 4.0) / order.len() as f64).min(44.0);
    let height = side.min(26.0).max(side.min(12.0));
    let mut svg = Svg::new(WIDTH, TOP + height * order.len() as f64 + 6.0);
    for (row, (arm, name)) in order.iter().zip(&names).enumerate() {
        let y = TOP + height * row as f64;
        let baseline = if stratum.arms[*arm].baseline { "level baseline" } else { "level" };
        if height >= 10.0 || row % 2 == 0 {
            // Two texts: names that are read from the right would take the number to their other side.
            svg.text(baseline, (left - 30.0, y + height / 2.0 + 4.0), Anchor::End, name);
            svg.text("tick", (left - 8.0, y + height / 2.0 + 4.0), Anchor::End, &(row + 1).to_string());
        }
        if side >= 15.0 || (row + 1).is_multiple_of(5) || row == 0 {
            svg.text("tick", (left + side * (row as f64 + 0.5), TOP - 6.0), Anchor::Middle, &(row + 1).to_string());
        }
        for (column, other) in order.iter().enumerate().filter(|(column, _)| *column != row) {
            let Some(pair) = pairs.get(*other, *arm) else { continue };
            let corner = (left + side * column as f64 + 0.5, y + 0.5);
            let cell = Cell { pair, below: row > column, numbered: order.len() <= MOST_NUMBERED };
            let who = format!("{} against {}", stratum.arms[*arm].level, stratum.arms[*other].level);
            cell.draw(&mut svg, (corner, (side - 1.0, height - 1.0)), &who, (direction, alpha, metric.decimals));
        }
    }
    let title = format!("All pairs in {}{}", metric.noun(), place(stratum));
    let description = "Rows and columns are the arms, the best mean first. Below the diagonal: the difference, row against column, in its \
                       standard deviations. Above it: the p value after Holm over all pairs; darker is smaller. The file pairs.csv holds them all.";
    Some(svg.finish(id, &title, description))
}

struct Cell {
    pair: Pair,
    below: bool,
    numbered: bool,
}

impl Cell {
    fn draw(
        &self,
        svg: &mut Svg,
        (corner, size): ((f64, f64), (f64, f64)),
        who: &str,
        (direction, alpha, decimals): (Direction, f64, usize),
    ) {
        let Pair { difference, effect, holm_p, .. } = self.pair;
        let difference = difference.map_or_else(|| "not compared".to_owned(), |d| number::signed(d, decimals));
        let p = holm_p.map_or_else(String::new, |p| format!(", adjusted p {}", number::p_value(p)));
        let tip = format!("{who}: {difference}{p}");
        let significant = holm_p.is_some_and(|p| p < alpha);
        let (class, degree, text) = if self.below {
            let better = effect.is_some_and(|effect| (effect > 0.0) == (direction == Direction::Higher));
            let class = if better { "heat better" } else { "heat worse" };
            let degree = effect.map_or(0.0, |effect| (effect.abs() / FULL).min(1.0) * 0.75);
            (class, degree, effect.map(|effect| number::signed(effect, usize::from(effect.abs() < 9.95))))
        } else {
            // p of 0.1, 0.01 and 0.001 are steps of a third.
            let degree = holm_p.map_or(0.0, |p| (-p.log10() / 3.0).min(1.0) * 0.55);
            ("heat p", degree, holm_p.map(short))
        };
        svg.cell(class, corner, size, degree, &tip);
        let middle = (corner.0 + size.0 / 2.0, corner.1 + size.1 / 2.0 + 3.6);
        if self.numbered && size.0 >= 26.0 {
            let class = if significant && !self.below { "cell significant" } else { "cell" };
            svg.text(class, middle, Anchor::Middle, text.as_deref().unwrap_or("\u{2013}"));
        } else if significant && !self.below {
            svg.disc("significant", (middle.0, corner.1 + size.1 / 2.0), (size.1 / 5.0).min(2.2), &tip);
        }
    }
}

/// A p value in four characters at most.
fn short(p: f64) -> String {
    match p {
        p if p < 0.001 => "<.001".to_owned(),
        p if p > 0.995 => "1".to_owned(),
        p if p < 0.0995 => format!("{p:.3}").trim_start_matches('0').to_owned(),
        p => format!("{p:.2}").trim_start_matches('0').to_owned(),
    }
}

fn order(stratum: &Stratum, direction: Direction) -> Vec<usize> {
    let sign = if direction == Direction::Higher { -1.0 } else { 1.0 };
    let arms = stratum.arms.iter().enumerate();
    let mut order: Vec<(usize, f64)> =
        arms.filter_map(|(index, arm)| Some((index, sign * arm.description?.mean))).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    order.into_iter().map(|(index, _)| index).collect()
}
