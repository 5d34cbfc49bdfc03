//! A difference that several arms or strata share, and what may be claimed of it.

use serde::Serialize;
use spec::analysis::AnalysisSpec;
use spec::metric::Direction;

use super::comparison::{Equivalence, Verdict, below_margin};
use super::rule;
use crate::statistics::comparisons::dunnett::{self, Arm};
use crate::statistics::detectable::detectable_noncentrality;
use crate::statistics::equivalence::equivalence_p;
use crate::statistics::estimate::{Conclusion, Estimate, Interval};
use crate::statistics::holm::holm;
use crate::statistics::student;

/// From what a difference over several strata or pairs was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// The mean difference of each seed, by the paired t test: with enough seeds, as it assumes least.
    Seeds,
    /// The model of all arms, which pools their error: with few seeds, or where no seed has run everything.
    Model,
}

/// How many seeds would settle a question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Needed {
    /// The true difference that is to be found or, where it is the margin, to be told from 0.
    pub difference: f64,
    /// What that difference is.
    pub meaning: Meaning,
    /// Seeds an arm for 80 % power at alpha over the size of the family; `None` for more than a million.
    pub seeds: Option<u64>,
}

/// What difference [`Needed`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The declared margin, the smallest difference that matters: it would be found, and a difference of 0 shown to be
    /// within it.
    Margin,
    /// The difference that was seen, which is only an estimate of the true one.
    Seen,
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
    /// The p value, adjusted within the family.
    pub adjusted_p: Option<f64>,
    /// The interval of which all of the family cover at once.
    pub simultaneous: Option<Interval>,
    /// Equivalence, where a margin was declared.
    pub equivalence: Option<Equivalence>,
    /// The true difference that would have been found with 80 % power at alpha over the size of the family: an upper
    /// bound of what the correction needs, be it Holm's or Dunnett's. Absent with too few seeds for any claim.
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
            adjusted_p: None,
            simultaneous: None,
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

    /// Whether a difference was found and at once shown to be smaller than the declared margin: there, and too small to
    /// matter.
    pub fn is_below_margin(&self, alpha: f64) -> bool {
        below_margin(self.verdict, self.equivalence, self.diverged, alpha)
    }

    /// Takes back all that was judged, and leaves the estimate.
    pub(super) fn withhold(&mut self, reason: &str) {
        let reason = self.reason.take().or_else(|| Some(reason.to_owned()));
        *self = Self { basis: self.basis, estimate: self.estimate, ..Self::not(self.seeds, reason) };
    }

    /// Whether it may be tested at all.
    fn enters(&self) -> bool {
        self.p().is_some() && self.seeds >= rule::LEAST_SEEDS
    }
}

/// How a family of differences is corrected.
#[derive(Debug, Clone, Copy)]
pub(super) enum Correction<'a> {
    /// By Holm's procedure; intervals by Bonferroni's.
    Holm,
    /// By Dunnett's distribution of the largest difference from one baseline, with the loading of each, where all rest
    /// on one model and so on one error; as soon as one has an error of its own, by Holm's.
    Dunnett(&'a [f64]),
}

/// Corrects a family and draws its verdicts. `margin` says whether the declared one is in the unit of these
/// differences.
pub(super) fn judge(
    family: &mut [&mut Judged],
    correction: Correction<'_>,
    direction: Option<Direction>,
    (analysis, margin): (&AnalysisSpec, bool),
) {
    for judged in family.iter_mut().filter(|judged| judged.seeds < rule::LEAST_SEEDS && judged.reason.is_none()) {
        judged.reason = Some(rule::too_few(judged.seeds));
    }
    let members = family.iter().filter(|judged| judged.enters()).count();
    let alpha = analysis.alpha;
    let strictest = alpha / members.max(1) as f64;
    correct(family, correction, alpha, strictest);
    if let Some(margin) = analysis.margin.filter(|_| margin) {
        test_equivalence(family, margin);
    }
    for judged in family.iter_mut() {
        let Some(estimate) = judged.estimate else { continue };
        let Some(test) = estimate.test() else {
            judged.reason = judged.reason.take().or_else(|| Some(untested(&estimate).to_owned()));
            continue;
        };
        if judged.enters() {
            judged.detectable = detectable_noncentrality(test.df, strictest).map(|size| size * test.standard_error);
        }
        judged.needed = rule::needed(&estimate, judged.seeds, strictest, analysis.margin.filter(|_| margin));
        if let (Some(adjusted), Some(direction)) = (judged.adjusted_p, direction) {
            let whole = judged.diverged == [0, 0];
            let equivalent = judged.equivalence.filter(|_| whole).and_then(|equivalence| equivalence.holm_p);
            judged.verdict = Verdict::of(estimate.difference, adjusted, equivalent, (direction, alpha));
        }
    }
}

fn correct(family: &mut [&mut Judged], correction: Correction<'_>, alpha: f64, strictest: f64) {
    if let Correction::Dunnett(loadings) = correction
        && against_baseline(family, loadings, alpha).is_some()
    {
        return;
    }
    let p: Vec<Option<f64>> = family.iter().map(|judged| judged.p().filter(|_| judged.enters())).collect();
    for (judged, adjusted) in family.iter_mut().zip(holm(&p)) {
        judged.adjusted_p = adjusted;
        judged.simultaneous = adjusted.and_then(|_| at_level(&judged.estimate?, strictest));
    }
}

/// Dunnett's p values and intervals on the fewest degrees of freedom of the family; `None` where they do not apply.
fn against_baseline(family: &mut [&mut Judged], loadings: &[f64], alpha: f64) -> Option<()> {
    let mut members: Vec<&mut Judged> = Vec::new();
    let mut arms = Vec::new();
    let mut df = f64::INFINITY;
    for (index, (judged, loading)) in family.iter_mut().zip(loadings).enumerate() {
        if !judged.enters() {
            continue;
        }
        if judged.basis != Some(Basis::Model) {
            return None;
        }
        let estimate = judged.estimate?;
        let test = *estimate.test()?;
        df = df.min(test.df);
        arms.push(Arm {
            arms: [index, loadings.len()],
            difference: estimate.difference,
            standard_error: test.standard_error,
            loading: *loading,
        });
        members.push(judged);
    }
    let contrasts = dunnett::against(&arms, df, alpha).ok()?;
    for (judged, contrast) in members.into_iter().zip(contrasts) {
        judged.adjusted_p = Some(contrast.p);
        judged.simultaneous = Some(contrast.interval);
    }
    Some(())
}

fn test_equivalence(family: &mut [&mut Judged], margin: f64) {
    let tested = |judged: &&mut Judged| equivalence_p(&judged.estimate.filter(|_| judged.enters())?, margin);
    let p: Vec<Option<f64>> = family.iter().map(tested).collect();
    for ((judged, p), holm_p) in family.iter_mut().zip(&p).zip(holm(&p)) {
        judged.equivalence = p.map(|p| Equivalence { margin, p, holm_p });
    }
}

/// The interval of level 1 - `alpha` of a tested difference.
pub(super) fn at_level(estimate: &Estimate, alpha: f64) -> Option<Interval> {
    let test = estimate.test()?;
    let half = student::quantile(1.0 - alpha / 2.0, test.df)? * test.standard_error;
    let interval = Interval { low: estimate.difference - half, high: estimate.difference + half };
    (interval.low.is_finite() && interval.high.is_finite()).then_some(interval)
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
