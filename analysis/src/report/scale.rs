//! The declared scale of the primary metric.

use spec::analysis::{AnalysisSpec, Scale};

use crate::error::AnalysisError;
use crate::results::Results;

/// What values of `metric` are passed through before they are subtracted.
pub(crate) fn of(metric: &str, analysis: &AnalysisSpec) -> fn(f64) -> f64 {
    match analysis.scale {
        Scale::Log if metric == analysis.primary => f64::ln,
        _ => std::convert::identity,
    }
}

/// The unit of differences of `metric`, whose values are in `unit`: a difference of logarithms has none of it.
pub(super) fn unit(unit: &str, metric: &str, analysis: &AnalysisSpec) -> String {
    match analysis.scale {
        Scale::Log if metric == analysis.primary => "log units".to_owned(),
        _ => unit.to_owned(),
    }
}

/// Whether every value of the primary metric has a logarithm, where one is to be taken.
pub(super) fn check(results: &Results, analysis: &AnalysisSpec) -> Result<(), AnalysisError> {
    let mut values = results.observations.iter().filter(|observation| observation.metric == analysis.primary);
    match values.find(|observation| analysis.scale == Scale::Log && observation.value <= 0.0) {
        Some(observation) => Err(AnalysisError::NoLogarithm {
            metric: observation.metric.clone(),
            value: observation.value,
            seed: observation.seed.to_string(),
        }),
        None => Ok(()),
    }
}
