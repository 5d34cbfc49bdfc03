//! What can be seen of the assumptions: shape, and equal spread.
//!
//! To be shown, never to choose a test by: with five values no test sees much, and a test chosen by a test no longer
//! keeps its error.

pub mod bartlett;
pub mod fligner_killeen;
pub mod levene;
pub mod outliers;
pub mod shapiro_wilk;
