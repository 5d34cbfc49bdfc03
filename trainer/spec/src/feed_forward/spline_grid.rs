//! The grid of a Kolmogorov-Arnold layer with B-spline edges.

use serde::{Deserialize, Serialize};

use super::kan::{check_ends, check_least};
use crate::error::SpecError;

/// A uniform B-spline grid shared by all edges of a layer, which no training step moves.
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

    /// # Errors
    /// When the grid is empty or its order is none.
    pub(super) fn check(&self) -> Result<(), SpecError> {
        check_least("model.kan.intervals", self.intervals, 1, "a grid has at least one interval")?;
        check_least("model.kan.order", self.order, 1, "a spline is of order 1, straight lines, or more")?;
        check_ends(self.low, self.high)
    }
}
