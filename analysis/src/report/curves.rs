//! Learning curves: the mean over seeds and the range of the seeds, level by level.

use std::collections::BTreeMap;

use serde::Serialize;
use spec::analysis::AnalysisSpec;
use spec::metric;

use super::design::{ComparedFactor, PlannedStratum, stratum_name};
use super::index::Index;
use crate::results::{Curve, Seed};
use crate::statistics::describe::describe;
use crate::statistics::estimate::Interval;

/// Curves with more steps than this are averaged in bins of equal width: more cannot be told apart on paper.
const MOST_POINTS: usize = 60;

/// A step, or a bin of steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// The step; the mean step of a bin.
    pub step: f64,
    /// How many seeds.
    pub n: usize,
    /// Mean over seeds.
    pub mean: f64,
    /// Lowest seed.
    pub lowest: f64,
    /// Highest seed.
    pub highest: f64,
    /// t interval of the mean, for this step by itself; `None` for one seed.
    pub pointwise: Option<Interval>,
    /// t interval of the mean that holds together with those of all other steps of the level (Bonferroni).
    pub simultaneous: Option<Interval>,
}

/// The curve of a run that diverged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DivergedCurve {
    /// The run's seed.
    pub seed: Seed,
    /// Step and value.
    pub points: Vec<(f64, f64)>,
}

/// The curves of one level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurvePanel {
    /// The level.
    pub level: String,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// The runs that count.
    pub points: Vec<CurvePoint>,
    /// The others.
    pub diverged: Vec<DivergedCurve>,
}

/// One metric within one stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CurveFigure {
    /// The metric's name in the data.
    pub metric: String,
    /// The metric's name for people.
    pub label: String,
    /// Its unit.
    pub unit: String,
    /// The factor whose levels are the panels.
    pub factor: String,
    /// The stratum's name.
    pub stratum: String,
    /// A panel a level.
    pub panels: Vec<CurvePanel>,
    /// Whether steps were averaged in bins.
    pub binned: bool,
}

/// The figures: the primary metric's first, then validation before training.
pub(super) fn figures(index: &Index<'_>, analysis: &AnalysisSpec, compared: &[ComparedFactor]) -> Vec<CurveFigure> {
    let Some(factor) = compared.first() else { return Vec::new() };
    let mut names = index.curve_metrics();
    names.sort_by_key(|name| (*name != analysis.primary, metric::place(name), *name));
    let mut figures = Vec::new();
    for name in names {
        let strata = factor.strata.iter().map(|stratum| figure(index, name, (factor, stratum), analysis.alpha));
        figures.extend(strata.filter(|figure| figure.panels.iter().any(|panel| panel.points.len() > 1)));
    }
    figures
}

fn figure(
    index: &Index<'_>,
    metric: &str,
    (factor, stratum): (&ComparedFactor, &PlannedStratum),
    alpha: f64,
) -> CurveFigure {
    let known = metric::find(metric);
    let names = &index.results.factors[factor.factor];
    let curves = |point| index.curves(metric, point).iter().copied();
    let bins = Bins::over(stratum.arms.iter().flat_map(|(_, point)| curves(point)));
    let panels = stratum.arms.iter().map(|(level, point)| CurvePanel {
        level: names.levels[*level].clone(),
        baseline: Some(*level) == factor.baseline,
        points: summarise(curves(point).filter(|curve| !curve.diverged), &bins, alpha),
        diverged: curves(point)
            .filter(|curve| curve.diverged)
            .map(|curve| DivergedCurve { seed: curve.seed.clone(), points: bins.thin(curve) })
            .collect(),
    });
    CurveFigure {
        metric: metric.to_owned(),
        label: known.map_or_else(|| metric.to_owned(), |known| known.label.to_owned()),
        unit: known.map_or_else(String::new, |known| known.unit.to_owned()),
        factor: names.name.clone(),
        stratum: stratum_name(&stratum.settings),
        panels: panels.collect(),
        binned: bins.width > 1,
    }
}

/// Where the bins lie: every step its own bin while there are few.
struct Bins {
    width: u64,
}

impl Bins {
    fn over<'a>(curves: impl Iterator<Item = &'a Curve>) -> Self {
        let steps: std::collections::BTreeSet<u64> =
            curves.flat_map(|curve| curve.points.iter().map(|(step, _)| *step)).collect();
        if steps.len() <= MOST_POINTS {
            return Self { width: 1 };
        }
        let last = steps.last().copied().unwrap_or(0);
        Self { width: last / MOST_POINTS as u64 + 1 }
    }

    /// Mean step and mean value of every bin that the curve reaches.
    fn thin(&self, curve: &Curve) -> Vec<(f64, f64)> {
        let mut bins: BTreeMap<u64, (f64, f64, f64)> = BTreeMap::new();
        for (step, value) in &curve.points {
            let bin = bins.entry(step / self.width).or_default();
            *bin = (bin.0 + *step as f64, bin.1 + value, bin.2 + 1.0);
        }
        bins.into_values().map(|(steps, values, n)| (steps / n, values / n)).collect()
    }
}

fn summarise<'a>(curves: impl Iterator<Item = &'a Curve>, bins: &Bins, alpha: f64) -> Vec<CurvePoint> {
    let mut columns: BTreeMap<u64, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for curve in curves {
        for (step, value) in bins.thin(curve) {
            let column = columns.entry(step as u64 / bins.width).or_default();
            column.0.push(step);
            column.1.push(value);
        }
    }
    let steps = columns.len().max(1) as f64;
    let points = columns.into_values().filter_map(|(at, values)| {
        let found = describe(&values, alpha)?;
        Some(CurvePoint {
            step: describe(&at, alpha)?.mean,
            n: found.n,
            mean: found.mean,
            lowest: found.lowest,
            highest: found.highest,
            pointwise: found.interval,
            simultaneous: describe(&values, alpha / steps)?.interval,
        })
    });
    points.collect()
}
