//! Runs that diverged in the primary metric, counted by arm: an outcome in its own right.

use serde::Serialize;
use spec::analysis::AnalysisSpec;

use super::design::ComparedFactor;
use super::index::Index;
use crate::number;
use crate::results::RunState;
use crate::statistics::counts::binomial::clopper_pearson;
use crate::statistics::counts::fisher::fisher;
use crate::statistics::estimate::Interval;
use crate::statistics::holm::holm;

/// The runs of a level, in all strata.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DivergedLevel {
    /// The level.
    pub level: String,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// Runs that diverged in the primary metric.
    pub diverged: u64,
    /// Runs that ended, well or by diverging.
    pub ended: u64,
    /// The interval of Clopper and Pearson for the chance to diverge.
    pub interval: Option<Interval>,
    /// Fisher's exact p against the baseline's chance; absent for the baseline itself.
    pub p: Option<f64>,
    /// Adjusted by Holm over the levels.
    pub holm_p: Option<f64>,
}

/// The levels of one factor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Divergence {
    /// The factor.
    pub factor: String,
    /// The level that the others are compared with.
    pub baseline: Option<String>,
    /// Its levels.
    pub levels: Vec<DivergedLevel>,
}

/// The counts of every compared factor; none where no run diverged.
pub(super) fn divergence(index: &Index<'_>, compared: &[ComparedFactor], analysis: &AnalysisSpec) -> Vec<Divergence> {
    if !index.results.runs.iter().any(|run| index.has_diverged(&analysis.primary, run)) {
        return Vec::new();
    }
    compared.iter().map(|factor| of_factor(index, factor, analysis)).collect()
}

/// A sentence for each level of which shown more, or fewer, runs diverged than of the baseline.
pub(super) fn shown(divergence: &[Divergence], alpha: f64) -> Vec<String> {
    let of_factor = |factor: &Divergence| {
        let baseline = factor.levels.iter().find(|level| level.baseline);
        let shown = |level: &DivergedLevel| {
            let (baseline, p) = (baseline?, level.holm_p.filter(|p| *p < alpha)?);
            // Shares of different numbers of runs, compared without dividing.
            let is_more = level.diverged * baseline.ended > baseline.diverged * level.ended;
            Some(format!(
                "Runs of {} = {} diverge {} often than those of {}: {} of {} against {} of {} (adjusted p {}).",
                factor.factor,
                level.level,
                if is_more { "more" } else { "less" },
                baseline.level,
                level.diverged,
                level.ended,
                baseline.diverged,
                baseline.ended,
                number::p_value(p),
            ))
        };
        factor.levels.iter().filter_map(shown).collect::<Vec<_>>()
    };
    divergence.iter().flat_map(of_factor).collect()
}

fn of_factor(index: &Index<'_>, compared: &ComparedFactor, analysis: &AnalysisSpec) -> Divergence {
    let factor = &index.results.factors[compared.factor];
    let count = |level: usize| {
        let arms = compared.strata.iter().flat_map(|stratum| &stratum.arms).filter(|(other, _)| *other == level);
        let runs = arms.flat_map(|(_, point)| index.runs(point));
        runs.fold([0, 0], |[diverged, ended]: [u64; 2], run| match run.state {
            _ if index.has_diverged(&analysis.primary, run) => [diverged + 1, ended + 1],
            RunState::Done | RunState::Diverged => [diverged, ended + 1],
            _ => [diverged, ended],
        })
    };
    let baseline = compared.baseline.map(count);
    let mut levels: Vec<DivergedLevel> = (0..factor.levels.len())
        .map(|level| {
            let [diverged, ended] = count(level);
            let is_baseline = Some(level) == compared.baseline;
            let against = baseline.filter(|_| !is_baseline);
            DivergedLevel {
                level: factor.levels[level].clone(),
                baseline: is_baseline,
                diverged,
                ended,
                interval: clopper_pearson(diverged, ended, analysis.alpha),
                p: against.and_then(|[events, trials]| fisher([diverged, events], [ended, trials]).ok()),
                holm_p: None,
            }
        })
        .collect();
    let adjusted = holm(&levels.iter().map(|level| level.p).collect::<Vec<_>>());
    for (level, p) in levels.iter_mut().zip(adjusted) {
        level.holm_p = p;
    }
    Divergence {
        factor: factor.name.clone(),
        baseline: compared.baseline.map(|level| factor.levels[level].clone()),
        levels,
    }
}
