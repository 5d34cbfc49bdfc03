//! Comparisons of means between several arms whose p values and intervals hold for all of them together.
//!
//! p is adjusted, intervals are simultaneous, and both agree: an interval excludes 0 exactly where p is below alpha. No
//! test of all arms at once need come first.

pub mod contrast;
pub mod dunnett;
pub mod games_howell;
pub mod tukey;
