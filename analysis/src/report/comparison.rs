//! One comparison of a level with the baseline.

use serde::Serialize;
use spec::analysis::{AnalysisSpec, Pairing};
use spec::metric::Direction;

use super::index::Values;
use super::judged::untested;
use super::reach::Needed;
use super::rule;
use super::sensitivity::Sensitivity;
use super::worst_rank::WorstRank;
use crate::number;
use crate::results::Seed;
use crate::statistics::equivalence::equivalence_p;
use crate::statistics::estimate::{Estimate, Interval};
use crate::statistics::paired::paired_t;
use crate::statistics::welch::{welch_t, welch_t_of_equal_sizes};

/// What a comparison may claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Significantly on the good side of the baseline, after correction.
    Better,
    /// Significantly on the bad side.
    Worse,
    /// Significantly within the declared margin, after correction, and not significantly different; never where runs
    /// diverged, as what they would have been is not within any margin.
    Equivalent,
    /// Tested, and neither. It does not mean that there is no difference.
    Inconclusive,
    /// Not tested: fewer than [`rule::LEAST_SEEDS`] seeds, or no spread.
    NotTested,
}

impl Verdict {
    /// The verdict on a difference, from its adjusted p value and that of equivalence.
    pub(super) fn of(
        difference: f64,
        adjusted_p: f64,
        equivalence_p: Option<f64>,
        (direction, alpha): (Direction, f64),
    ) -> Self {
        let favourable = (difference > 0.0) == (direction == Direction::Higher);
        match (adjusted_p < alpha, equivalence_p.is_some_and(|p| p < alpha)) {
            (true, _) if favourable => Self::Better,
            (true, _) => Self::Worse,
            (false, true) => Self::Equivalent,
            (false, false) => Self::Inconclusive,
        }
    }

    /// The word in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::NotTested => "not tested",
        }
    }
}

/// Two one-sided tests against the declared margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Equivalence {
    /// The margin, in the unit of differences: the metric's, or that of natural logarithms.
    pub margin: f64,
    /// The p value for this comparison alone.
    pub p: f64,
    /// Adjusted by Holm within the family; over strata also borne out by the difference's own error.
    pub holm_p: Option<f64>,
}

/// The smallest true difference that would have been found with 80 % power.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Detectable {
    /// For this comparison alone, at alpha.
    pub alone: f64,
    /// At alpha divided by the size of the family: what the first step of Holm's procedure asks, so a bound that holds
    /// whatever the other comparisons show.
    pub in_family: f64,
}

/// How many runs there should have been.
#[derive(Debug, Clone, Copy)]
pub(super) struct Planned {
    /// Seeds of either arm; without pairing, runs of the smaller one.
    pub(super) both: usize,
    /// Runs of the level.
    pub(super) level: usize,
}

/// A level against the baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Seeds that both arms should have had; without pairing, runs that the smaller arm should have had.
    pub seeds_planned: usize,
    /// Seeds that the comparison uses: those of both arms when paired, else those of the smaller arm.
    pub seeds_used: usize,
    /// Of the level alone: how many of its runs the comparison uses, and of how many. With pairing, as of both.
    #[serde(skip)]
    pub of_level: [usize; 2],
    /// Seeds that only one arm has a value for; used only without pairing.
    pub unpaired: Vec<Seed>,
    /// Runs of the level and of the baseline that diverged: they are in no number but [`Self::worst_rank`], and a
    /// verdict about the others does not speak for them.
    pub diverged: [usize; 2],
    /// The difference, level minus baseline; `None` without any pair.
    pub estimate: Option<Estimate>,
    /// As arms of `seeds_used` runs each would have shown it: what more seeds would do is worked out from it.
    #[serde(skip)]
    pub balanced: Option<Estimate>,
    /// The p value adjusted by Holm within the family.
    pub holm_p: Option<f64>,
    /// The interval at alpha divided by the size of the family: all of the family cover at once, and one that excludes
    /// 0 has an adjusted p below alpha.
    pub simultaneous: Option<Interval>,
    /// Equivalence, where a margin was declared.
    pub equivalence: Option<Equivalence>,
    /// What could have been seen; absent with too few seeds for any claim.
    pub detectable: Option<Detectable>,
    /// How many seeds would settle it.
    pub needed: Option<Needed>,
    /// What may be claimed, of the runs that did not diverge.
    pub verdict: Verdict,
    /// Why something of this is absent, in words.
    pub reason: Option<String>,
    /// The runs of this pair that diverged, ranked behind all others; absent where none did.
    pub worst_rank: Option<WorstRank>,
    /// The difference without the outlying seeds of both arms; absent where there are none.
    pub without_outlying: Option<Estimate>,
    /// Other looks at the same difference, which decide nothing.
    pub sensitivity: Option<Sensitivity>,
}

impl Comparison {
    /// Compares two arms; what depends on the family is filled in by [`Comparison::settle`].
    pub(super) fn new(level: &Values<'_>, baseline: &Values<'_>, planned: Planned, analysis: &AnalysisSpec) -> Self {
        let pairs: Vec<(f64, f64)> =
            level.iter().filter_map(|(seed, value)| Some((*value, *baseline.get(seed)?))).collect();
        let (estimate, balanced, used) = match analysis.pairing {
            Pairing::Seed => {
                let estimate = paired_t(&pairs, analysis.alpha);
                (estimate, estimate, pairs.len())
            }
            Pairing::None => {
                let [level, baseline]: [Vec<f64>; 2] = [level, baseline].map(|arm| arm.values().copied().collect());
                let smaller = level.len().min(baseline.len());
                let estimate = welch_t(&level, &baseline, analysis.alpha);
                (estimate, welch_t_of_equal_sizes(&level, &baseline, smaller, analysis.alpha), smaller)
            }
        };
        let mut unpaired: Vec<Seed> =
            level.keys().filter(|seed| !baseline.contains_key(*seed)).copied().cloned().collect();
        unpaired.extend(baseline.keys().filter(|seed| !level.contains_key(*seed)).copied().cloned());
        unpaired.sort();
        Self {
            seeds_planned: planned.both,
            seeds_used: used,
            of_level: match analysis.pairing {
                Pairing::Seed => [used, planned.both],
                Pairing::None => [level.len(), planned.level],
            },
            unpaired,
            diverged: [0, 0],
            estimate,
            balanced,
            holm_p: None,
            simultaneous: None,
            equivalence: None,
            detectable: None,
            needed: None,
            verdict: Verdict::NotTested,
            reason: not_tested(estimate.as_ref(), used),
            worst_rank: None,
            without_outlying: None,
            sensitivity: Sensitivity::of(level, baseline, analysis),
        }
    }

    /// The p value for this comparison alone.
    pub fn p(&self) -> Option<f64> {
        self.estimate?.test().map(|test| test.p)
    }

    /// How many runs its verdict leaves out since they diverged: `1 run diverged`; nothing where none did.
    pub fn flag(&self) -> Option<String> {
        flag(self.diverged)
    }

    /// Whether a difference was found and at once shown to be smaller than the declared margin: there, and too small to
    /// matter.
    pub fn is_below_margin(&self, alpha: f64) -> bool {
        below_margin(self.verdict, self.equivalence, self.diverged, alpha)
    }

    /// The p value with which it enters its family: none with too few seeds for a claim.
    pub(super) fn entering_p(&self) -> Option<f64> {
        self.p().filter(|_| self.seeds_used >= rule::LEAST_SEEDS)
    }

    /// Declares the margin.
    pub(super) fn against_margin(&mut self, margin: f64) {
        let estimate = self.estimate.filter(|_| self.seeds_used >= rule::LEAST_SEEDS);
        let p = estimate.and_then(|estimate| equivalence_p(&estimate, margin));
        self.equivalence = p.map(|p| Equivalence { margin, p, holm_p: None });
    }

    /// Draws the verdict, once the adjusted p values are known.
    pub(super) fn settle(&mut self, direction: Direction, alpha: f64) {
        let (Some(estimate), Some(holm_p)) = (self.estimate, self.holm_p) else { return };
        let whole = self.diverged == [0, 0];
        let equivalent = self.equivalence.filter(|_| whole).and_then(|equivalence| equivalence.holm_p);
        self.verdict = Verdict::of(estimate.difference, holm_p, equivalent, (direction, alpha));
    }
}

/// Whether a difference that was found was shown to be within the declared margin; never where runs diverged, as for
/// [`Verdict::Equivalent`].
pub(super) fn below_margin(
    verdict: Verdict,
    equivalence: Option<Equivalence>,
    diverged: [usize; 2],
    alpha: f64,
) -> bool {
    let found = matches!(verdict, Verdict::Better | Verdict::Worse) && diverged == [0, 0];
    found && equivalence.and_then(|equivalence| equivalence.holm_p).is_some_and(|p| p < alpha)
}

/// How many runs a verdict leaves out since they diverged: `1 run diverged`; nothing where none did.
pub(super) fn flag(diverged: [usize; 2]) -> Option<String> {
    let all = diverged[0] + diverged[1];
    (all > 0).then(|| format!("{} diverged", number::plural(all, "run", "runs")))
}

/// Why nothing is claimed, in words.
fn not_tested(estimate: Option<&Estimate>, seeds: usize) -> Option<String> {
    let Some(estimate) = estimate else { return Some(rule::too_few(0)) };
    match untested(estimate) {
        "" if seeds < rule::LEAST_SEEDS => Some(rule::too_few(seeds)),
        "" => None,
        reason => Some(reason.to_owned()),
    }
}
