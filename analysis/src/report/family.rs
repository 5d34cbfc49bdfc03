//! The comparisons that share one correction, and what follows from their number.

use std::collections::BTreeMap;

use spec::analysis::{AnalysisSpec, Family};
use spec::metric::Direction;

use super::comparison::{Comparison, Detectable};
use super::correction::at_level;
use super::metric::Contrast;
use super::reach::{self, Hurdles};
use super::rule;
use crate::statistics::detectable::detectable_noncentrality;
use crate::statistics::holm::holm;

/// Adjusts, looks back at what could have been seen, and draws the verdicts of all comparisons of a metric.
///
/// The margin is in the unit of differences of the primary metric (log units on the log scale), so equivalence is a
/// question for that metric only.
pub(super) fn judge(contrasts: &mut [Contrast], direction: Direction, analysis: &AnalysisSpec, primary: bool) {
    let mut families: Vec<Vec<&mut Comparison>> = Vec::new();
    for stratum in contrasts.iter_mut().flat_map(|contrast| &mut contrast.strata) {
        if families.is_empty() || analysis.family == Family::Stratum {
            families.push(Vec::new());
        }
        let family = families.last_mut().expect("invariant: a family was just pushed");
        family.extend(stratum.arms.iter_mut().filter_map(|arm| arm.comparison.as_mut()));
    }
    for mut family in families {
        adjust(&mut family);
        if let Some(margin) = analysis.margin.filter(|_| primary) {
            test_equivalence(&mut family, margin);
        }
        look_back(&mut family, analysis.alpha, analysis.margin.filter(|_| primary));
        for comparison in family {
            comparison.settle(direction, analysis.alpha);
        }
    }
}

fn adjust(family: &mut [&mut Comparison]) {
    let adjusted = holm(&family.iter().map(|comparison| comparison.entering_p()).collect::<Vec<_>>());
    for (comparison, p) in family.iter_mut().zip(adjusted) {
        comparison.holm_p = p;
    }
}

fn test_equivalence(family: &mut [&mut Comparison], margin: f64) {
    for comparison in family.iter_mut() {
        comparison.against_margin(margin);
    }
    let p_values: Vec<Option<f64>> =
        family.iter().map(|comparison| comparison.equivalence.map(|equivalence| equivalence.p)).collect();
    for (comparison, p) in family.iter_mut().zip(holm(&p_values)) {
        if let Some(equivalence) = &mut comparison.equivalence {
            equivalence.holm_p = p;
        }
    }
}

/// What each comparison could have seen, alone and at the level that the first step of Holm's procedure asks, and how
/// many seeds would settle it there.
fn look_back(family: &mut [&mut Comparison], alpha: f64, margin: Option<f64>) {
    let members = family.iter().filter(|comparison| comparison.holm_p.is_some()).count();
    let strictest = alpha / members.max(1) as f64;
    // Comparisons with the same number of seeds share their degrees of freedom, so each answer is computed once.
    let mut known: BTreeMap<u64, Option<(f64, f64)>> = BTreeMap::new();
    for comparison in family {
        if let Some(sensitivity) = &mut comparison.sensitivity {
            sensitivity.settle(comparison.holm_p.is_some(), members, alpha);
        }
        let Some(estimate) = comparison.estimate else { continue };
        let Some(test) = estimate.test().copied() else { continue };
        let in_errors = known.entry(test.df.to_bits()).or_insert_with(|| {
            Some((detectable_noncentrality(test.df, alpha)?, detectable_noncentrality(test.df, strictest)?))
        });
        let tested = comparison.seeds_used >= rule::LEAST_SEEDS;
        comparison.detectable = in_errors.filter(|_| tested).map(|(alone, in_family)| Detectable {
            alone: alone * test.standard_error,
            in_family: in_family * test.standard_error,
        });
        let balanced = comparison.balanced.unwrap_or(estimate);
        comparison.needed = balanced.test().and_then(|test| {
            reach::needed(balanced.difference, comparison.seeds_used, &Hurdles::one(*test, strictest), margin)
        });
        if comparison.holm_p.is_some() {
            comparison.simultaneous = at_level(&estimate, strictest);
        }
    }
}
