//! The frame that strip and forest plots share: a row a level, so that two of them side by side line up.

use spec::metric::Direction;

use super::svg::{Anchor, Svg};
use crate::report::metric::{Arm, Stratum};

/// Width of a drawing.
pub const WIDTH: f64 = 440.0;
/// Height of a row.
pub const ROW: f64 = 25.0;
const TOP: f64 = 22.0;
const BOTTOM: f64 = 42.0;
/// A name with more characters is cut.
const LONGEST: usize = 20;

/// Where rows and axis lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Left end of the plotting area.
    pub left: f64,
    /// Right end.
    pub right: f64,
    /// Its top.
    pub top: f64,
    /// Its bottom.
    pub bottom: f64,
}

impl Frame {
    /// The frame for the arms of a stratum.
    pub fn new(stratum: &Stratum) -> Self {
        Self::of(stratum.arms.iter().map(|arm| arm.level.as_str()))
    }

    /// The frame for rows with these names.
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut rows, mut longest) = (0, 0);
        for name in names {
            rows += 1;
            longest = longest.max(columns(&shortened(name)));
        }
        let bottom = TOP + ROW * f64::from(rows);
        Self { left: 20.0 + 7.4 * longest as f64, right: WIDTH - 14.0, top: TOP, bottom }
    }

    /// Height of the drawing.
    pub fn height(&self) -> f64 {
        self.bottom + BOTTOM
    }

    /// The middle of a row.
    pub fn row(&self, index: usize) -> f64 {
        self.top + ROW * (index as f64 + 0.5)
    }

    /// Draws the names of the levels and a pale stripe behind the baseline.
    pub fn draw(&self, svg: &mut Svg, stratum: &Stratum) {
        self.name_rows(svg, stratum.arms.iter().map(|arm| (arm.level.as_str(), arm.baseline)));
    }

    /// The same for rows with these names, and whether each is the baseline.
    pub fn name_rows<'a>(&self, svg: &mut Svg, names: impl IntoIterator<Item = (&'a str, bool)>) {
        for (index, (name, baseline)) in names.into_iter().enumerate() {
            if baseline {
                let corner = (0.0, self.top + ROW * index as f64);
                svg.rectangle("stripe", corner, (WIDTH, ROW));
            }
            let class = if baseline { "level baseline" } else { "level" };
            svg.text(class, (self.left - 10.0, self.row(index) + 4.0), Anchor::End, &shortened(name));
        }
        svg.line("frame", (self.left, self.bottom), (self.right, self.bottom));
    }
}

/// A name as far as there is room for it.
pub fn shortened(name: &str) -> String {
    if columns(name) <= LONGEST {
        return name.to_owned();
    }
    let mut room = LONGEST - 1;
    let fits = |character: &char| {
        let left = room.checked_sub(wide(*character));
        room = left.unwrap_or(room);
        left.is_some()
    };
    let kept: String = name.chars().take_while(fits).collect();
    format!("{kept}\u{2026}")
}

/// How much room a name takes, in widths of a letter: those of Chinese, Japanese and Korean, and pictures, take two.
pub fn columns(name: &str) -> usize {
    name.chars().map(wide).sum()
}

fn wide(character: char) -> usize {
    let found = matches!(u32::from(character), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0x1f300..=0x1faff | 0x20000..=0x3fffd);
    1 + usize::from(found)
}

/// With more arms a drawing with a row for each is no longer read but scrolled past.
pub const MOST_ROWS: usize = 60;
/// How many arms it shows then.
const BEST: usize = 40;

/// A stratum of which a drawing shows the best arms only, and the baseline; `None` where all of them fit.
///
/// The best are those with the best means, or with the first names where no direction is better.
pub fn best_rows(stratum: &Stratum, direction: Option<Direction>) -> Option<Stratum> {
    if stratum.arms.len() <= MOST_ROWS {
        return None;
    }
    let sign = match direction {
        Some(Direction::Higher) => -1.0,
        Some(Direction::Lower) => 1.0,
        None => 0.0,
    };
    let mut arms: Vec<(f64, &Arm)> = stratum
        .arms
        .iter()
        .map(|arm| (arm.description.map_or(f64::INFINITY, |found| sign * found.mean), arm))
        .collect();
    arms.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (best, rest) = arms.split_at(BEST);
    let baseline = rest.iter().find(|(_, arm)| arm.baseline);
    let arms = baseline.into_iter().chain(best).map(|(_, arm)| (*arm).clone()).collect();
    Some(Stratum { name: stratum.name.clone(), settings: stratum.settings.clone(), arms, ..Stratum::default() })
}

/// Marks an interval that goes on beyond an edge of the drawing.
pub fn mark_cut(svg: &mut Svg, class: &str, (edge, y): (f64, f64), side: f64, size: f64) {
    svg.polygon(class, &[(edge, y - size), (edge + 1.3 * size * side, y), (edge, y + size)]);
}

/// Marks what lies beyond the edge of the drawing: an arrow, and the number.
pub fn mark_outside(svg: &mut Svg, class: &str, (edge, y): (f64, f64), side: f64, text: &str) {
    let tip = edge + 2.0 * side;
    svg.polygon(class, &[(tip - 7.0 * side, y - 4.5), (tip, y), (tip - 7.0 * side, y + 4.5)]);
    let anchor = if side > 0.0 { Anchor::End } else { Anchor::Start };
    svg.text("outside", (edge - 10.0 * side, y + 4.0), anchor, text);
}

/// The lowest and highest of some numbers; `None` when there are none.
pub fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// The extent of the values that a drawing should show at full size; it always holds `anchor`.
///
/// A value is left outside if the rest spans less than two fifths of the room that it would take: one arm far away must
/// not flatten all others. At most a third of the values are left outside; the drawing marks them at its edge.
pub fn focus(values: impl IntoIterator<Item = f64>, anchor: Option<f64>) -> Option<(f64, f64)> {
    const WORTH: f64 = 0.4;
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let of = |values: &[f64]| extent(values.iter().copied().chain(anchor));
    let span = |values: &[f64]| of(values).map_or(0.0, |(low, high)| high - low);
    for dropped in 1..=sorted.len() / 3 {
        let windows = sorted.windows(sorted.len() - dropped);
        let narrowest = windows.min_by(|a, b| span(a).total_cmp(&span(b)));
        if let Some(kept) = narrowest.filter(|kept| span(kept) < WORTH * span(&sorted)) {
            return of(kept);
        }
    }
    of(&sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_letters_take_two_places() {
        assert_eq!(columns("a激活"), 5);
        assert_eq!(shortened("激活函数激活函数激活函数"), "激活函数激活函数激\u{2026}");
        assert_eq!(shortened("learnable-gelu"), "learnable-gelu");
    }

    #[test]
    fn of_many_arms_the_best_are_drawn_and_the_baseline() {
        let arm = |index: usize| Arm {
            level: format!("arm {index}"),
            baseline: index == 7,
            description: crate::statistics::describe::describe(&[index as f64], 0.05),
            ..Arm::default()
        };
        let of = |arms: usize| Stratum { arms: (0..arms).map(arm).collect(), ..Stratum::default() };
        assert!(best_rows(&of(MOST_ROWS), Some(Direction::Higher)).is_none());
        let names = |direction| -> Vec<String> {
            best_rows(&of(200), direction).unwrap().arms.into_iter().map(|arm| arm.level).collect()
        };
        let highest = names(Some(Direction::Higher));
        assert_eq!((highest.len(), highest[0].as_str(), highest[1].as_str()), (41, "arm 7", "arm 199"));
        assert_eq!(names(Some(Direction::Lower)).len(), 40);
    }

    #[test]
    fn a_far_value_is_left_outside_and_the_anchor_is_not() {
        assert_eq!(focus([1.0, 1.1, 1.2, 9.0], None), Some((1.0, 1.2)));
        assert_eq!(focus([1.0, 1.1, 1.2, 9.0], Some(9.0)), Some((1.0, 9.0)));
        assert_eq!(focus([1.0, 9.0], None), Some((1.0, 9.0)));
        assert_eq!(focus([], None), None);
    }
}
