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

/// A claim that is not made since a difference's own error does not bear it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldBack {
    /// A difference.
    Difference,
    /// A difference, where the seeds that have run everything differ the other way.
    OppositeDifference,
    /// Equivalence.
    Equivalence,
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
    /// The interval of level 1 - alpha for this difference alone; where it pools the error of all arms, it holds that of
    /// [`Self::own`], and there is none without one.
    pub interval: Option<Interval>,
    /// Where that pools the error of all arms, the difference with no error but its own: of its seeds' mean differences
    /// where runs are paired, of its arms where they are not.
    pub own: Option<Estimate>,
    /// Whether its seeds are in several strata, so that with enough of them it is tested from them alone.
    #[serde(skip)]
    pub(super) seeds_recur: bool,
    /// The p value, adjusted within the family; at least the one of [`Self::own`], and 1 where that differs the other
    /// way.
    pub adjusted_p: Option<f64>,
    /// The interval of which all of the family cover at once; it holds that of [`Self::own`].
    pub simultaneous: Option<Interval>,
    /// What the pooled error alone would have claimed, where the difference's own does not bear it out.
    pub held_back: Option<HeldBack>,
    /// Equivalence, where a margin was declared. Its adjusted p, `holm_p`, is at least the one of [`Self::own`].
    pub equivalence: Option<Equivalence>,
    /// The true difference that would have been found with 80 % power at alpha over the size of the family and, where
    /// its error is pooled, by its own at alpha too: an upper bound of what the correction needs, be it Holm's or
    /// Dunnett's. Absent with too few seeds for any claim.
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
        let interval = estimate.test().map(|test| test.interval);
        Self { basis: Some(basis), seeds, estimate: Some(estimate), interval, ..Self::not(seeds, None) }
    }

    /// A difference that pools its error, with `own` beside it, before its family is known.
    pub(super) fn pooled(seeds: usize, estimate: Estimate, own: Option<Estimate>, seeds_recur: bool) -> Self {
        let judged = Self { own, seeds_recur, ..Self::of(Basis::Model, seeds, estimate) };
        let test = own.and_then(|own| own.test().copied());
        let interval = judged.interval.and_then(|pooled| Some(hull(pooled, test?.interval)));
        Self { interval, ..judged }
    }

    /// What could not be tested, and why.
    pub(super) fn not(seeds: usize, reason: Option<String>) -> Self {
        Self {
            basis: None,
            seeds,
            diverged: [0, 0],
            estimate: None,
            interval: None,
            own: None,
            seeds_recur: false,
            adjusted_p: None,
            simultaneous: None,
            held_back: None,
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
        let Self { basis, estimate, interval, own, .. } = *self;
        *self = Self { basis, estimate, interval, own, ..Self::not(self.seeds, reason) };
    }

    /// Whether it may be tested at all: by its own error too, where it has one.
    pub(super) fn enters(&self) -> bool {
        self.p().is_some() && self.untested().is_empty() && self.seeds >= rule::LEAST_SEEDS
    }

    /// Why it has no p value, or none of its own; empty where it has.
    pub(super) fn untested(&self) -> &'static str {
        if self.basis == Some(Basis::Model) && self.own.is_none() {
            return "its own error could not be computed";
        }
        let untestable = [self.estimate, self.own].into_iter().flatten().find(|estimate| estimate.test().is_none());
        untestable.map_or("", |estimate| untested(&estimate))
    }

    /// Takes what was corrected back to what the difference's own error bears out, at alpha before any correction: a
    /// claim needs both tests to show it, so that its p is the larger of theirs, or 1 where they differ in direction, and
    /// its interval holds both.
    ///
    /// Source: Berger (1982), Technometrics 24 (intersection-union tests).
    pub(super) fn confirm(&mut self, alpha: f64) {
        let (Some(estimate), Some(own)) = (self.estimate, self.own) else { return };
        let Some(test) = own.test() else { return };
        let is_opposite = own.difference * estimate.difference < 0.0;
        let p = if is_opposite { 1.0 } else { test.p };
        let is_held = |adjusted: Option<f64>, p: f64| p >= alpha && adjusted.is_some_and(|adjusted| adjusted < alpha);
        let difference = if is_opposite { HeldBack::OppositeDifference } else { HeldBack::Difference };
        self.held_back = is_held(self.adjusted_p, p).then_some(difference);
        self.adjusted_p = self.adjusted_p.map(|adjusted| adjusted.max(p));
        self.simultaneous = self.simultaneous.map(|interval| hull(interval, test.interval));
        if let Some(equivalence) = &mut self.equivalence
            && let Some(p) = equivalence_p(&own, equivalence.margin)
        {
            // Where runs diverged nothing is equivalent anyway.
            let held = (self.diverged == [0, 0] && is_held(equivalence.holm_p, p)).then_some(HeldBack::Equivalence);
            self.held_back = self.held_back.or(held);
            equivalence.holm_p = equivalence.holm_p.map(|adjusted| adjusted.max(p));
        }
    }

    /// What a claim must pass: its test at alpha over the size of the family, `strictest`, and the one of
    /// [`Self::own`] at `alpha`. From eight seeds on, where they recur, that one alone decides, at `strictest`; the
    /// other one stays, as a spread that few seeds show may be small by chance.
    pub(super) fn hurdles(&self, strictest: f64, alpha: f64) -> Option<Hurdles> {
        let test = *self.estimate?.test()?;
        if self.basis != Some(Basis::Model) {
            return Some(Hurdles::one(test, strictest));
        }
        let own = *self.own?.test()?;
        let with_own = |alpha: f64| vec![Hurdle { test, alpha: strictest }, Hurdle { test: own, alpha }];
        Some(Hurdles { together: with_own(alpha), with_many: self.seeds_recur.then(|| with_own(strictest)) })
    }
}

fn hull(one: Interval, other: Interval) -> Interval {
    Interval { low: one.low.min(other.low), high: one.high.max(other.high) }
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
