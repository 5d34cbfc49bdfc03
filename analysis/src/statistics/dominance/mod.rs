//! Stochastic dominance: is one arm better at every quantile, or almost?

pub mod almost_stochastic;
pub mod violation_ratio;
