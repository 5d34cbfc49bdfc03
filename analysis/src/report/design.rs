//! What is compared with what: for every factor with a baseline, its levels within each combination of the other
//! factors.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::results::{Point, Results};

/// A factor and its level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// The factor.
    pub factor: String,
    /// The level.
    pub level: String,
}

/// A factor whose levels are set side by side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ComparedFactor {
    /// Its index.
    pub(crate) factor: usize,
    /// Index of the level that the others are compared with; `None` where levels are only described.
    pub(crate) baseline: Option<usize>,
    /// Factors whose level follows from this one's, so that a difference is one of both.
    pub(crate) moves_with: Vec<usize>,
    /// The strata, in order.
    pub(crate) strata: Vec<PlannedStratum>,
}

/// One combination of the other factors.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PlannedStratum {
    /// The levels of the factors that distinguish strata.
    pub(crate) settings: Vec<Setting>,
    /// The point of every level that was planned here: index of the level, and where it lies.
    pub(crate) arms: Vec<(usize, Point)>,
}

/// Lays out the comparison of `factor`.
///
/// A factor that moves with it (its level is the same wherever this one's is, as in a `zip`) cannot be held fixed: it
/// is left out of the strata and named. A factor with one level distinguishes nothing and is left out as well.
pub(crate) fn lay_out(results: &Results, factor: usize, baseline: Option<usize>) -> ComparedFactor {
    let others = (0..results.factors.len()).filter(|other| *other != factor);
    let varying: Vec<usize> = others.filter(|other| levels_in_use(results, *other) > 1).collect();
    let (moves_with, held): (Vec<usize>, Vec<usize>) =
        varying.into_iter().partition(|other| follows(results, factor, *other));
    let mut strata: BTreeMap<Vec<usize>, BTreeMap<usize, Point>> = BTreeMap::new();
    for run in &results.runs {
        let stratum = strata.entry(run.point.project(&held)).or_default();
        stratum.entry(run.point.level(factor)).or_insert_with(|| run.point.clone());
    }
    let strata = strata.into_iter().map(|(levels, arms)| PlannedStratum {
        settings: held.iter().zip(levels).map(|(factor, level)| setting(results, *factor, level)).collect(),
        arms: arms.into_iter().collect(),
    });
    ComparedFactor { factor, baseline, moves_with, strata: strata.collect() }
}

fn setting(results: &Results, factor: usize, level: usize) -> Setting {
    let factor = &results.factors[factor];
    Setting { factor: factor.name.clone(), level: factor.levels[level].clone() }
}

fn levels_in_use(results: &Results, factor: usize) -> usize {
    let used: std::collections::BTreeSet<usize> = results.runs.iter().map(|run| run.point.level(factor)).collect();
    used.len()
}

/// Whether the level of `other` is a function of the level of `factor` over all runs.
fn follows(results: &Results, factor: usize, other: usize) -> bool {
    let mut seen = BTreeMap::new();
    results.runs.iter().all(|run| {
        let level = run.point.level(other);
        *seen.entry(run.point.level(factor)).or_insert(level) == level
    })
}

/// The name of a stratum: `roberta`, `roberta, train.learning-rate = 0.001`; empty for the only one.
pub(crate) fn stratum_name(settings: &[Setting]) -> String {
    let names = settings.iter().map(|setting| {
        let bare = setting.level.parse::<f64>().is_err() && !matches!(setting.level.as_str(), "true" | "false");
        if bare { setting.level.clone() } else { format!("{} = {}", setting.factor, setting.level) }
    });
    names.collect::<Vec<_>>().join(", ")
}
