//! The best of a table.

use std::borrow::Cow;

use spec::metric::Direction;

use crate::report::Report;
use crate::report::metric::{MetricReport, Stratum};
use crate::report::pairs::Pairs;

/// Which means are the best, the second, and compared with the best but not told apart from it.
pub(super) struct Standing {
    best: Option<usize>,
    second: Option<usize>,
    with_best: Vec<usize>,
}

impl Standing {
    pub(super) fn of(metric: &MetricReport, stratum: &Stratum, report: &Report) -> Self {
        let nothing = Self { best: None, second: None, with_best: Vec::new() };
        // Of two arms the verdict says it all.
        let Some(direction) = metric.direction.filter(|_| stratum.arms.len() > 2) else { return nothing };
        let sign = if direction == Direction::Lower { 1.0 } else { -1.0 };
        let means = stratum.arms.iter().enumerate();
        let mut order: Vec<(usize, f64)> =
            means.filter_map(|(index, arm)| Some((index, sign * arm.description?.mean))).collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let place = |place: usize| order.get(place).map(|(index, _)| *index);
        let Some(best) = place(0) else { return nothing };
        let alpha = report.analysis.alpha;
        let pairs = match &stratum.pairs {
            Some(pairs) => Cow::Borrowed(pairs),
            // Of other metrics than the primary one the report holds no pairs.
            None => Cow::Owned(Pairs::of(&metric.name, stratum, &report.analysis)),
        };
        let others = order[1..].iter().map(|(index, _)| *index);
        // What was never compared was not failed to be told apart either.
        let is_tested = |index: &usize| pairs.get(best, *index).is_some_and(|pair| pair.holm_p.is_some());
        let with_best = others.filter(|index| is_tested(index) && !pairs.separable(best, *index, alpha)).collect();
        Self { best: Some(best), second: place(1), with_best }
    }

    /// A mean in the dress of its standing.
    pub(super) fn dress(&self, index: usize, mean: &str) -> String {
        let dagger = if self.with_best.contains(&index) { "\\rlap{\\textsuperscript{\\dag}}" } else { "" };
        match Some(index) {
            place if place == self.best => format!("\\textbf{{{mean}}}"),
            place if place == self.second => format!("\\underline{{{mean}}}{dagger}"),
            _ => format!("{mean}{dagger}"),
        }
    }
}
