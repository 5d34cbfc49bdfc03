//! How large a difference is, beside the scale of the metric.
//!
//! Chances (A of Vargha and Delaney, Cliff's delta, the matched rank-biserial correlation) come with their tests in
//! [`super::ranks`].

pub mod cohen;
pub mod standardised;
