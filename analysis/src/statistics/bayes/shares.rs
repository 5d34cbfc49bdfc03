//! How probability is shared between worse, practically the same, and better.

use serde::Serialize;

/// Probabilities that sum to 1 of a difference, level minus baseline, in relation to a margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Shares {
    /// Below minus the margin.
    pub below: f64,
    /// Within the margin: the region of practical equivalence.
    pub within: f64,
    /// Above the margin.
    pub above: f64,
}
