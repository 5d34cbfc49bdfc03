//! The centres of a Kolmogorov-Arnold layer with radial basis functions.

use serde::{Deserialize, Serialize};

use super::kan::{check_ends, check_least};
use crate::error::SpecError;

/// Evenly spaced centres shared by all edges of a layer, which no training step moves. The width of each bell is their
/// distance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RadialGrid {
    /// Number of centres; at least 2.
    pub centres: u32,
    /// The first.
    pub low: f64,
    /// The last, above `low`.
    pub high: f64,
}

impl RadialGrid {
    /// The distance of two neighbours.
    pub fn distance(&self) -> f64 {
        (self.high - self.low) / f64::from(self.centres - 1)
    }

    /// # Errors
    /// When there is no distance between centres.
    pub(super) fn check(&self) -> Result<(), SpecError> {
        check_least("model.kan.centres", self.centres, 2, "the width of a bell is the distance of two centres")?;
        check_ends(self.low, self.high)
    }
}
