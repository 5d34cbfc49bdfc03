//! Mean ranks over seeds on a line, and bars over the arms that are not told apart: the diagram of critical
//! differences, with the comparisons of pairs in place of one difference for all.

use super::axis::Scale;
use super::rows::{columns, shortened};
use super::strip::place;
use super::svg::{Anchor, Svg};
use crate::report::metric::{MetricReport, Stratum};

const WIDTH: f64 = 440.0;
const AXIS: f64 = 34.0;
const BAR: f64 = 8.0;
const LINE: f64 = 17.0;
/// With more arms nothing can be read any more.
const MOST_ARMS: usize = 60;

/// Draws the ranks of a stratum; `id` must be unique on the page. `None` for fewer than three arms, more than 60, or no
/// two seeds in common, and where no pair could be tested.
pub fn ranks(metric: &MetricReport, stratum: &Stratum, alpha: f64, id: &str) -> Option<String> {
    let (ranking, pairs) = (stratum.ranking.as_ref()?, stratum.pairs.as_ref()?);
    let arms = ranking.ranks.len();
    if !(3..=MOST_ARMS).contains(&arms) || pairs.tested() == 0 {
        return None;
    }
    let cliques = ranking.cliques(pairs, alpha);
    let left = arms.div_ceil(2);
    let first_line = AXIS + 16.0 + BAR * cliques.len() as f64 + 14.0;
    let mut svg = Svg::new(WIDTH, first_line + LINE * left as f64);
    let edge = 16.0 + 7.4 * longest(stratum) as f64;
    let scale = Scale::new((1.0, arms as f64), (edge, WIDTH - edge));
    draw_axis(&mut svg, &scale, arms);
    for (index, entry) in ranking.ranks.iter().enumerate() {
        let arm = &stratum.arms[entry.arm];
        // The better half is named on the left from the top, the other on the right from the bottom up: no stems cross.
        let (line, side) = if index < left { (index, -1.0) } else { (arms - 1 - index, 1.0) };
        let (x, y) = (scale.place(entry.rank), first_line + LINE * line as f64);
        let end = if side < 0.0 { edge - 6.0 } else { WIDTH - edge + 6.0 };
        svg.path("stem", &[(x, AXIS), (x, y), (end, y)]);
        let class = if arm.baseline { "level baseline" } else { "level" };
        let anchor = if side < 0.0 { Anchor::End } else { Anchor::Start };
        svg.text(class, (end + 4.0 * side, y + 4.0), anchor, &shortened(&arm.level));
        svg.disc("origin", (x, AXIS), 2.6, &format!("{}: mean rank {:.2}", arm.level, entry.rank));
    }
    for (index, (from, to)) in cliques.iter().enumerate() {
        let y = AXIS + 12.0 + BAR * index as f64;
        let [from, to] = [from, to].map(|place| scale.place(ranking.ranks[*place].rank));
        svg.line("clique", (from - 3.0, y), (to + 3.0, y));
    }
    let title = format!("Mean ranks in {}{}", metric.noun(), place(stratum));
    let description = format!(
        "Arms by their mean rank over {} seeds, 1 the best. A bar joins arms of which no two are told apart. The list of pairs holds \
         the tests.",
        ranking.seeds
    );
    Some(svg.finish(id, &title, &description))
}

fn draw_axis(svg: &mut Svg, scale: &Scale, arms: usize) {
    let (from, to) = (scale.place(1.0), scale.place(arms as f64));
    svg.line("frame strong", (from, AXIS), (to, AXIS));
    let step = arms.div_ceil(11).max(1);
    for rank in (1..=arms).filter(|rank| (rank - 1).is_multiple_of(step)) {
        let x = scale.place(rank as f64);
        svg.line("frame strong", (x, AXIS - 5.0), (x, AXIS));
        svg.text("tick", (x, AXIS - 9.0), Anchor::Middle, &rank.to_string());
    }
    svg.text("side", (f64::midpoint(from, to), 11.0), Anchor::Middle, "\u{2190} better: mean rank");
}

fn longest(stratum: &Stratum) -> usize {
    stratum.arms.iter().map(|arm| columns(&shortened(&arm.level))).max().unwrap_or(0)
}
