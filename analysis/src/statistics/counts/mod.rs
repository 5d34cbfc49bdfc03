//! Tests and intervals for counts: items answered rightly, runs that diverged.

pub mod binomial;
pub mod fisher;
pub mod mcnemar;
