//! Results by metric and point, for quick looking up.

use std::collections::BTreeMap;

use crate::results::{Curve, Observation, Point, Results, RunAccount, RunState, Seed};

/// The values of one metric at one point, by seed.
pub(super) type Values<'a> = BTreeMap<&'a Seed, f64>;

/// The values of every metric at every point.
type ByPoint<'a> = BTreeMap<&'a str, BTreeMap<&'a Point, Values<'a>>>;

/// The results, indexed.
pub(super) struct Index<'a> {
    pub(super) results: &'a Results,
    values: ByPoint<'a>,
    unusable: ByPoint<'a>,
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
    pub(super) fn values(&self, metric: &str, point: &Point) -> Values<'a> {
        self.values.get(metric).and_then(|points| points.get(point)).cloned().unwrap_or_default()
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
        match run.state {
            _ if self.has_diverged(metric, run) => RunState::Diverged.name(),
            RunState::Done => "no value",
            state => state.name(),
        }
    }

    /// Whether a run diverged as far as a metric goes: it has no value of it that can be used, and it diverged or gave
    /// one that is not finite or beyond ±1e75. The same for a sweep and a table, and whatever the run's other metrics
    /// are.
    pub(super) fn has_diverged(&self, metric: &str, run: &RunAccount) -> bool {
        !has(&self.values, metric, run) && (run.state == RunState::Diverged || has(&self.unusable, metric, run))
    }

    /// Whether a run ended well and gave no value of a metric at all.
    pub(super) fn lacks(&self, metric: &str, run: &RunAccount) -> bool {
        run.state == RunState::Done && !has(&self.values, metric, run) && !has(&self.unusable, metric, run)
    }
}

fn has(values: &ByPoint<'_>, metric: &str, run: &RunAccount) -> bool {
    let seeds = values.get(metric).and_then(|points| points.get(&run.point));
    seeds.is_some_and(|seeds| seeds.contains_key(&run.seed))
}

fn by_point(observations: &[Observation]) -> ByPoint<'_> {
    let mut values = ByPoint::new();
    for observation in observations {
        let points = values.entry(observation.metric.as_str()).or_default();
        points.entry(&observation.point).or_default().insert(&observation.seed, observation.value);
    }
    values
}
