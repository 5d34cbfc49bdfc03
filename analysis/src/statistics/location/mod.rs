//! Tests of a difference of means beside those of the report: pooled variance, trimmed means, and folds of one data
//! set.

pub mod corrected;
pub mod pooled;
pub mod yuen;
