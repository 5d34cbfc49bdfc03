//! A difference that several arms or strata share, and what may be claimed of it.

use serde::Serialize;

use super::comparison::{Equivalence, Verdict, below_margin};
use super::reach::{Hurdle, Hurdles, Needed};
use super::rule;
use crate::statistics::equivalence::equivalence_p;
use crate::statistics::estimate::{Conclusion, Estimate, Interval};

/// From what a difference over several strata or pairs was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The mean difference of each seed, by the paired t test: with enough seeds, as it assumes least.
    Seeds,
    /// The model of all arms, which pools their error: with few seeds, or where no seed has run everything. What it
    /// claims, the difference's own error must bear out.
    Model,
}

/// A difference, its tests and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// From what it was tested; absent where it was not.
    pub basis: Option<Basis>,
    /// How many seeds it rests on: those that have run all of it in every stratum. Where no seed is in two strata, or
    /// runs are not paired, those of the stratum or arm that has the fewest.
    pub seeds: usize,
    /// Runs of its levels and of its baselines that diverged, in all strata: they are in no number here.
    pub diverged: [usize; 2],
    /// The difference.
    pub estimate: Option<Estimate>,
    /// Where that pools the error of all arms, the difference with no error but its own: of its seeds' mean differences
    /// where runs are paired, of its arms where they are not.
    pub own: Option<Estimate>,
    /// Whether its seeds are in several strata, so that with enough of them it is tested from them alone.
    #[serde(skip)]
    pub(super) seeds_recur: bool,
    /// The p value, adjusted within the family; at least the one of [`Self::own`].
    pub adjusted_p: Option<f64>,
    /// The interval of which all of the family cover at once; it holds that of [`Self::own`].
    pub simultaneous: Option<Interval>,
    /// Whether the pooled error alone would have shown a difference that its own does not bear out.
    pub held_back: bool,
    /// Equivalence, where a margin was declared. Its adjusted p is at least the one of [`Self::own`].
    pub equivalence: Option<Equivalence>,
    /// The true difference that would have been found with 80 % power at alpha over the size of the family, and by its
    /// own error at alpha: an upper bound of what the correction needs, be it Holm's or Dunnett's. Absent with too few
    /// seeds for any claim.
    pub detectable: Option<f64>,
    /// How many seeds would settle it.
    pub needed: Option<Needed>,
    /// What may be claimed.
    pub verdict: Verdict,
    /// Why something of this is absent.
    pub reason: Option<String>,
}

impl Judged {
    /// A difference before its family is known.
    pub(super) fn of(basis: Basis, seeds: usize, estimate: Estimate) -> Self {
        Self { basis: Some(basis), seeds, estimate: Some(estimate), ..Self::not(seeds, None) }
    }

    /// What could not be tested, and why.
    pub(super) fn not(seeds: usize, reason: Option<String>) -> Self {
        Self {
            basis: None,
            seeds,
            diverged: [0, 0],
            estimate: None,
            own: None,
            seeds_recur: false,
            adjusted_p: None,
            simultaneous: None,
            held_back: false,
            equivalence: None,
            detectable: None,
            needed: None,
            verdict: Verdict::NotTested,
            reason,
        }
    }

    /// The p value for this difference alone.
    pub fn p(&self) -> Option<f64> {
        Some(self.estimate?.test()?.p)
    }

    /// The p value of [`Self::own`].
    pub fn own_p(&self) -> Option<f64> {
        Some(self.own?.test()?.p)
    }

    /// Whether a difference was found and at once shown to be smaller than the declared margin: there, and too small to
    /// matter.
    pub fn is_below_margin(&self, alpha: f64) -> bool {
        below_margin(self.verdict, self.equivalence, self.diverged, alpha)
    }

    /// Takes back all that was judged, and leaves the estimate.
    pub(super) fn withhold(&mut self, reason: &str) {
        let reason = self.reason.take().or_else(|| Some(reason.to_owned()));
        *self = Self { basis: self.basis, estimate: self.estimate, own: self.own, ..Self::not(self.seeds, reason) };
    }

    /// Whether it may be tested at all.
    pub(super) fn enters(&self) -> bool {
        self.p().is_some() && self.seeds >= rule::LEAST_SEEDS
    }

    /// Takes what was corrected back to what the difference's own error bears out, at alpha before any correction: a
    /// claim needs both tests, so that its p is the larger of theirs and its interval holds both.
    ///
    /// Source: Berger (1982), Technometrics 24 (intersection-union tests).
    pub(super) fn confirm(&mut self, alpha: f64) {
        let (Some(estimate), Some(own)) = (self.estimate, self.own) else { return };
        let Some(test) = own.test() else { return };
        let is_opposite = own.difference * estimate.difference < 0.0;
        let p = if is_opposite { 1.0 } else { test.p };
        self.held_back = p >= alpha && self.adjusted_p.is_some_and(|adjusted| adjusted < alpha);
        self.adjusted_p = self.adjusted_p.map(|adjusted| adjusted.max(p));
        self.simultaneous = self.simultaneous.map(|interval| Interval {
            low: interval.low.min(test.interval.low),
            high: interval.high.max(test.interval.high),
        });
        if let Some(equivalence) = &mut self.equivalence
            && let Some(p) = equivalence_p(&own, equivalence.margin)
        {
            equivalence.holm_p = equivalence.holm_p.map(|adjusted| adjusted.max(p));
        }
    }

    /// What a claim must pass: its test at alpha over the size of the family, `strictest`, and the one of
    /// [`Self::own`] at `alpha`. From eight seeds on, where they recur, that one alone decides, at `strictest`; the
    /// other one stays, as a spread that few seeds show may be small by chance.
    pub(super) fn hurdles(&self, strictest: f64, alpha: f64) -> Option<Hurdles> {
        let test = *self.estimate?.test()?;
        let Some(own) = self.own.and_then(|own| own.test().copied()) else {
            return Some(Hurdles::one(test, strictest));
        };
        let with_own = |alpha: f64| vec![Hurdle { test, alpha: strictest }, Hurdle { test: own, alpha }];
        Some(Hurdles { few: with_own(alpha), many: with_own(if self.seeds_recur { strictest } else { alpha }) })
    }
}

/// Why a difference has no p value, in words.
pub(super) fn untested(estimate: &Estimate) -> &'static str {
    match estimate.conclusion {
        Conclusion::TooFew => "one value only: an estimate without an error",
        Conclusion::NoSpread => "all differences are equal: p is not defined",
        Conclusion::Identical => "the values are identical",
        Conclusion::Tested(_) => "",
    }
}
