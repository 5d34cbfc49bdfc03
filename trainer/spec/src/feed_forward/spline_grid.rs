//! The grid of a Kolmogorov-Arnold layer with B-spline edges.

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::setting::Settings;

/// A uniform B-spline grid shared by all edges of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SplineGrid {
    /// Number of intervals between `low` and `high`; at least 1.
    pub intervals: u32,
    /// Polynomial order; at least 1.
    pub order: u32,
    /// Lower end.
    pub low: f64,
    /// Upper end, above `low`.
    pub high: f64,
}

impl SplineGrid {
    /// Number of basis functions per edge: intervals + order.
    pub fn bases(&self) -> u32 {
        self.intervals + self.order
    }

    /// The grid that `settings` ask for.
    pub(super) fn from_settings(settings: &Settings) -> Result<Self, SpecError> {
        let grid = Self {
            intervals: settings.size("model.kan.intervals"),
            order: settings.size("model.kan.order"),
            low: settings.number("model.kan.low"),
            high: settings.number("model.kan.high"),
        };
        if grid.low < grid.high {
            return Ok(grid);
        }
        Err(SpecError::Unfit {
            key: "model.kan.high",
            value: grid.high.to_string(),
            reason: format!("the grid must end above model.kan.low = {}", grid.low),
        })
    }
}
