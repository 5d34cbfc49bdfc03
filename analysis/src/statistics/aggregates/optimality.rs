//! The optimality gap.

/// By how much runs fall short of `target` on average, a run above it counting as 0. `None` without values.
///
/// Source: Agarwal et al. (2021), as [`super::interquartile`].
pub fn optimality_gap(values: &[f64], target: f64) -> Option<f64> {
    let total: f64 = values.iter().map(|value| (target - value).max(0.0)).sum();
    (!values.is_empty()).then(|| total / values.len() as f64)
}
