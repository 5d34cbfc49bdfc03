//! What a run of a level costs.

use serde::Serialize;

use super::design::ComparedFactor;
use super::index::Index;
use crate::results::{RunAccount, RunState};
use crate::statistics::describe::mean;

/// Means over the runs of a level that ended well, in all strata; absent where no run says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Parameters of the network.
    pub parameters: Option<f64>,
    /// Hours of wall-clock time, all attempts together.
    pub hours: Option<f64>,
    /// Hours times the GPUs of a run; absent where it had none or does not say.
    pub gpu_hours: Option<f64>,
}

impl Cost {
    pub(super) fn of(index: &Index<'_>, compared: &ComparedFactor, level: &str) -> Self {
        let names = &index.results.factors[compared.factor].levels;
        let arms = compared.strata.iter().flat_map(|stratum| &stratum.arms);
        let points = arms.filter(|(other, _)| names[*other] == level).map(|(_, point)| point);
        let runs: Vec<&RunAccount> = points
            .flat_map(|point| index.runs(point).iter().copied())
            .filter(|run| run.state == RunState::Done)
            .collect();
        let over =
            |of: &dyn Fn(&RunAccount) -> Option<f64>| mean(&runs.iter().filter_map(|run| of(run)).collect::<Vec<_>>());
        let hours = |run: &RunAccount| run.seconds.map(|seconds| seconds / 3600.0);
        Self {
            parameters: over(&|run| run.parameters.map(|count| count as f64)),
            hours: over(&hours),
            gpu_hours: over(&|run| Some(hours(run)? * f64::from(run.gpus.filter(|gpus| *gpus > 0)?))),
        }
    }
}
