//! Whether an analysis plan fits the results, before anything is computed.

use spec::analysis::AnalysisSpec;
use spec::metric::{self, Direction};

use super::design::{ComparedFactor, lay_out};
use super::{answers, scale};
use crate::error::AnalysisError;
use crate::nearest::suggestion;
use crate::results::{Origin, Results};

/// Which way is better for a metric; a part goes the way of its whole.
pub(super) fn direction(name: &str, analysis: &AnalysisSpec) -> Option<Direction> {
    let whole = name.split('/').next().unwrap_or(name);
    let declared = analysis.directions.get(name).or_else(|| analysis.directions.get(whole)).copied();
    declared.or_else(|| metric::find(name).and_then(|known| known.direction))
}

/// What is compared, or why that cannot be.
pub(super) fn check(results: &Results, analysis: &AnalysisSpec) -> Result<Vec<ComparedFactor>, AnalysisError> {
    check_numbers(analysis)?;
    check_metrics(results, analysis)?;
    scale::check(results, analysis)?;
    answers::check(results, &analysis.questions)?;
    let mut compared = Vec::new();
    for (name, level) in &analysis.baseline {
        let names = || results.factors.iter().map(|factor| factor.name.as_str());
        let factor = names().position(|known| known == name).ok_or_else(|| {
            let suggestion = suggestion(name, names().collect::<Vec<_>>());
            AnalysisError::Unknown { kind: "factor".to_owned(), name: name.clone(), suggestion }
        })?;
        let baseline = results.find_level(factor, level).ok_or_else(|| AnalysisError::Unknown {
            kind: format!("level of `{name}`"),
            name: level.to_string(),
            suggestion: suggestion(
                &level.to_string(),
                results.factors[factor].levels.iter().map(String::as_str).collect::<Vec<_>>(),
            ),
        })?;
        compared.push(lay_out(results, factor, Some(baseline)));
    }
    // The order of the sweep file, not that of the alphabet.
    compared.sort_by_key(|factor| factor.factor);
    if compared.is_empty() && !results.factors.is_empty() {
        let most_levels = |factor: &usize| results.factors[*factor].levels.len();
        let described = (0..results.factors.len()).rev().max_by_key(most_levels).unwrap_or(0);
        compared.push(lay_out(results, described, None));
    }
    Ok(compared)
}

fn check_numbers(analysis: &AnalysisSpec) -> Result<(), AnalysisError> {
    if !(1e-9..=0.5).contains(&analysis.alpha) {
        return Err(AnalysisError::Plan { key: "alpha", value: analysis.alpha, expected: "a number from 1e-9 to 0.5" });
    }
    if let Some(margin) = analysis.margin
        && !(margin > 0.0 && margin.is_finite())
    {
        return Err(AnalysisError::Plan { key: "margin", value: margin, expected: "a positive number" });
    }
    Ok(())
}

fn check_metrics(results: &Results, analysis: &AnalysisSpec) -> Result<(), AnalysisError> {
    let no_direction = |metric: &str| AnalysisError::NoDirection { metric: metric.to_owned() };
    if direction(&analysis.primary, analysis).is_none() {
        return Err(no_direction(&analysis.primary));
    }
    // A sweep that is not finished may have no value of its primary metric yet; a table will never have one.
    if let Origin::Table { .. } = results.origin {
        if !results.metrics.contains(&analysis.primary) {
            return Err(AnalysisError::Unknown {
                kind: "metric".to_owned(),
                name: analysis.primary.clone(),
                suggestion: suggestion(&analysis.primary, results.metrics.iter().map(String::as_str)),
            });
        }
        // In a table every metric was asked for, so an unjudged one is a question left open rather than a by-product.
        if let Some(metric) = results
            .metrics
            .iter()
            .find(|metric| direction(metric, analysis).is_none() && metric::find(metric).is_none())
        {
            return Err(no_direction(metric));
        }
    }
    Ok(())
}
