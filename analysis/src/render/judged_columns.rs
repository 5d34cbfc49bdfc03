//! The columns in which a judged difference is told, alike in the tables of averages and of questions.

use super::rows::{NOTHING, range, within};
use super::sheets::needed;
use crate::number;
use crate::report::judged::Judged;
use crate::statistics::estimate::Interval;

/// Which columns a table of judged differences has.
#[derive(Debug, Clone, Copy)]
pub(super) struct JudgedColumns {
    /// The declared margin, where equivalence was tested.
    margin: Option<f64>,
    /// Whether some difference pools its error, and has a p of its own.
    own: bool,
}

impl JudgedColumns {
    /// Those that some of `all` fills.
    pub(super) fn of<'a>(all: impl IntoIterator<Item = &'a Judged>) -> Self {
        let none = Self { margin: None, own: false };
        all.into_iter().fold(none, |columns, judged| Self {
            margin: columns.margin.or(judged.equivalence.map(|equivalence| equivalence.margin)),
            own: columns.own || judged.own_p().is_some(),
        })
    }

    /// What p and own p are of, where both are shown.
    pub(super) fn meaning(self) -> Option<&'static str> {
        self.own.then_some(
            "\u{201c}p\u{201d} rests on the error of all arms together, \u{201c}own p\u{201d} on what these levels vary by alone; a \
             claim needs both, so that the adjusted p is no smaller than the own one.",
        )
    }

    /// Their heads; the interval is called `interval`.
    pub(super) fn head(self, interval: &str) -> Vec<String> {
        let mut head = ["seeds", "difference", interval, "p"].map(str::to_owned).to_vec();
        head.extend(self.own.then(|| "own p".to_owned()));
        head.push("adjusted p".to_owned());
        head.extend(self.margin.map(|margin| within(margin, "adjusted p")));
        head.extend(["detectable", "seeds to settle"].map(str::to_owned));
        head
    }

    /// Seeds, difference, `interval`, p, that of its own error where others pool theirs, adjusted p, that of equivalence
    /// where a margin was declared, what could have been seen, and what would settle it.
    pub(super) fn cells(self, judged: &Judged, interval: Option<Interval>, decimals: usize) -> Vec<String> {
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.to_owned());
        let p_value = |p: Option<f64>| or_nothing(p.map(number::p_value));
        let mut cells = vec![
            judged.seeds.to_string(),
            or_nothing(judged.estimate.map(|estimate| number::signed(estimate.difference, decimals))),
            or_nothing(interval.map(|interval| range(interval, decimals))),
            p_value(judged.p()),
        ];
        cells.extend(self.own.then(|| p_value(judged.own_p())));
        cells.push(p_value(judged.adjusted_p));
        cells.extend(self.margin.map(|_| p_value(judged.equivalence.and_then(|equivalence| equivalence.holm_p))));
        cells.push(or_nothing(judged.detectable.map(|size| number::fixed(size, decimals))));
        cells.push(needed(judged.needed.as_ref()));
        cells
    }
}
