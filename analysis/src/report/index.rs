//! Results by metric and point, for quick looking up.

use std::collections::BTreeMap;

use crate::results::{Curve, Observation, Point, Results, RunAccount, RunState, Seed};

/// The values of one metric at one point, by seed.
pub(super) type Values<'a> = BTreeMap<&'a Seed, f64>;

/// The results, indexed.
pub(super) struct Index<'a> {
    pub(super) results: &'a Results,
    values: BTreeMap<(&'a str, &'a Point), Values<'a>>,
    unusable: BTreeMap<(&'a str, &'a Point), Values<'a>>,
    runs: BTreeMap<&'a Point, Vec<&'a RunAccount>>,
    curves: BTreeMap<(&'a str, &'a Point), Vec<&'a Curve>>,
}

impl<'a> Index<'a> {
    pub(super) fn new(results: &'a Results) -> Self {
        let mut runs: BTreeMap<&Point, Vec<&RunAccount>> = BTreeMap::new();
        for run in &results.runs {
            runs.entry(&run.point).or_default().push(run);
        }
        let mut curves: BTreeMap<(&str, &Point), Vec<&Curve>> = BTreeMap::new();
        for curve in &results.curves {
            curves.entry((&curve.metric, &curve.point)).or_default().push(curve);
        }
        let (values, unusable) = (by_point(&results.observations), by_point(&results.unusable));
        Self { results, values, unusable, runs, curves }
    }

    /// The values of a metric at a point, by seed.
    pub(super) fn values<'s>(&'s self, metric: &'s str, point: &'s Point) -> Values<'s> {
        self.values.get(&(metric, point)).cloned().unwrap_or_default()
    }

    /// The runs at a point, by seed.
    pub(super) fn runs(&self, point: &Point) -> &[&'a RunAccount] {
        self.runs.get(point).map_or(&[], Vec::as_slice)
    }

    /// The curves of a metric at a point, by seed.
    pub(super) fn curves<'s>(&'s self, metric: &'s str, point: &'s Point) -> &'s [&'s Curve] {
        self.curves.get(&(metric, point)).map_or(&[], Vec::as_slice)
    }

    /// The metrics that have curves.
    pub(super) fn curve_metrics(&self) -> Vec<&'a str> {
        let mut names: Vec<&str> = self.curves.keys().map(|(metric, _)| *metric).collect();
        names.dedup();
        names
    }

    /// Why a run has no value of a metric that can be used.
    pub(super) fn reason(&self, metric: &str, run: &RunAccount) -> &'static str {
        if run.state != RunState::Done {
            return run.state.name();
        }
        let unusable = self.unusable.get(&(metric, &run.point));
        if unusable.is_some_and(|values| values.contains_key(&run.seed)) { "not usable" } else { "no value" }
    }
}

fn by_point(observations: &[Observation]) -> BTreeMap<(&str, &Point), Values<'_>> {
    let mut values: BTreeMap<(&str, &Point), Values<'_>> = BTreeMap::new();
    for observation in observations {
        let point = values.entry((&observation.metric, &observation.point)).or_default();
        point.insert(&observation.seed, observation.value);
    }
    values
}
