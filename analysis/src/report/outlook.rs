//! What more seeds would see: the detectable difference of a metric by number of seeds.

use serde::Serialize;
use spec::analysis::{AnalysisSpec, Family, Pairing};

use super::metric::MetricReport;
use super::rule;
use crate::statistics::describe::median;
use crate::statistics::detectable::POWER;
use crate::statistics::power::design::Design;
use crate::statistics::power::pilot::upper_bound;

/// The confidence of the upper bound of the spread.
const CONFIDENCE: f64 = 0.8;
/// The most seeds that are looked at.
const MOST: u32 = 1000;

/// The smallest difference that a number of seeds finds with 80 % power, after correction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Resolution {
    /// Seeds an arm.
    pub seeds: u32,
    /// Where the spread is the one that was seen.
    pub detectable: f64,
    /// Where it is as large as its upper bound.
    pub at_most: f64,
}

/// The resolution of a metric by number of seeds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    /// Median over the comparisons of the standard deviation: of paired differences, or of the runs of an arm.
    pub spread: f64,
    /// What the true one stays below with a confidence of 80 %.
    pub spread_at_most: f64,
    /// The level of one comparison: alpha over the size of the family.
    pub level: f64,
    /// The seeds of the typical comparison: their median, of unequal arms the harmonic mean.
    pub seeds: u32,
    /// What they see.
    pub now: Resolution,
    /// What other numbers of seeds see, ascending.
    pub curve: Vec<Resolution>,
    /// The seeds that see the target, and the target: the declared margin, else half of what is seen now. At most 1000.
    pub target: Option<(u32, f64)>,
}

impl Outlook {
    /// The outlook of a metric; `None` where nothing was tested. Comparisons on fewer seeds than a claim needs say
    /// nothing here.
    pub fn of(metric: &MetricReport, analysis: &AnalysisSpec) -> Option<Self> {
        let design = if analysis.pairing == Pairing::Seed { Design::Paired } else { Design::Independent };
        let tests = metric.comparisons().filter_map(|(_, stratum, arm, comparison)| {
            let test = comparison.estimate.as_ref()?.test()?;
            let baseline = stratum.arms.iter().find(|arm| arm.baseline)?.values.len() as f64;
            let own = arm.values.len() as f64;
            let seeds = match design {
                Design::Paired => comparison.seeds_used as f64,
                Design::Independent => 2.0 * own * baseline / (own + baseline),
            };
            let errors = if design == Design::Paired { seeds } else { seeds / 2.0 };
            let is_enough = comparison.seeds_used >= rule::LEAST_SEEDS;
            is_enough.then(|| [test.standard_error * errors.sqrt(), test.df, seeds])
        });
        let tests: Vec<[f64; 3]> = tests.collect();
        let typical = |of: usize| median(&tests.iter().map(|test| test[of]).collect::<Vec<_>>());
        let (spread, df) = (typical(0)?, typical(1)?);
        let seeds = typical(2)?.round().max(2.0) as u32;
        let level = analysis.alpha / family_size(metric, analysis).max(1) as f64;
        let spread_at_most = upper_bound(spread, df, CONFIDENCE).ok()?;
        let effect = |seeds: u32| design.detectable(f64::from(seeds), POWER, level).ok();
        let resolution = |seeds: u32| {
            let effect = effect(seeds)?;
            Some(Resolution { seeds, detectable: effect * spread, at_most: effect * spread_at_most })
        };
        let now = resolution(seeds)?;
        let wanted = analysis.margin.filter(|_| metric.primary).unwrap_or(now.detectable / 2.0);
        let needed = design.seeds(wanted / spread, POWER, level).ok().map(|seeds| (seeds * (1.0 - 1e-9)).ceil());
        let target = needed.filter(|seeds| *seeds <= f64::from(MOST)).map(|seeds| (seeds as u32, wanted));
        let last = target.map_or(0, |(seeds, _)| seeds).max(3 * seeds).clamp(20, MOST);
        // Evenly by ratio: a curve of some thirty points.
        let mut steps: Vec<u32> =
            (0..=32).map(|step| (3.0 * (f64::from(last) / 3.0).powf(f64::from(step) / 32.0)).round() as u32).collect();
        steps.extend([seeds, last]);
        steps.extend(target.map(|(seeds, _)| seeds));
        steps.retain(|step| (3..=MOST).contains(step));
        steps.sort_unstable();
        steps.dedup();
        let curve = steps.into_iter().filter_map(resolution).collect();
        Some(Self { spread, spread_at_most, level, seeds, now, curve, target })
    }
}

/// Comparisons that share one correction; of several strata by themselves, those of the largest.
fn family_size(metric: &MetricReport, analysis: &AnalysisSpec) -> usize {
    let strata = metric.contrasts.iter().flat_map(|contrast| &contrast.strata);
    let sizes = strata.map(|stratum| {
        let compared = stratum.arms.iter().filter_map(|arm| arm.comparison.as_ref());
        compared.filter(|comparison| comparison.holm_p.is_some()).count()
    });
    match analysis.family {
        Family::Metric => sizes.sum(),
        Family::Stratum => sizes.max().unwrap_or(0),
    }
}
