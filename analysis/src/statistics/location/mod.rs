//! Tests of a difference of means beside those of the report: pooled variance, and trimmed means.

pub mod pooled;
pub mod yuen;
