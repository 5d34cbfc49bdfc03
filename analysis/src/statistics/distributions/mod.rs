//! Distributions where `statrs` is not accurate enough, or has none: far tails, many degrees of freedom, and statistics
//! of several arms over one estimate of their spread.

pub mod beta;
pub mod chi_squared;
pub mod f;
pub mod normal;

pub(super) mod studentised;

mod chebyshev;
