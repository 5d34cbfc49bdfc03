//! A family of differences over several strata: its correction, and the verdicts that follow.

use spec::analysis::AnalysisSpec;
use spec::metric::Direction;

use super::comparison::{Equivalence, Verdict};
use super::judged::{Basis, Judged};
use super::{reach, rule};
use crate::statistics::comparisons::dunnett::{self, Arm};
use crate::statistics::equivalence::equivalence_p;
use crate::statistics::estimate::{Estimate, Interval};
use crate::statistics::holm::holm;
use crate::statistics::student;

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
    let margin = analysis.margin.filter(|_| margin);
    correct(family, correction, alpha, strictest);
    if let Some(margin) = margin {
        test_equivalence(family, margin);
    }
    for judged in family.iter_mut() {
        judged.confirm(alpha);
        let Some(estimate) = judged.estimate else { continue };
        let Some(hurdles) = judged.hurdles(strictest, alpha) else {
            judged.reason = judged.reason.take().or_else(|| Some(judged.untested().to_owned()));
            continue;
        };
        if judged.enters() {
            judged.detectable = reach::detectable(&hurdles.together);
        }
        judged.needed = reach::needed(estimate.difference, judged.seeds, &hurdles, margin);
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
