//! One procedure a file, each with its formula, its assumptions, its source and when not to use it.
//!
//! Everything here is a pure function of numbers. Inputs are finite (the caller has set aside what is not); an answer that is
//! not defined is `None` or a named case, never NaN.

pub mod describe;
pub mod detectable;
pub mod equivalence;
pub mod estimate;
pub mod friedman;
pub mod holm;
pub mod nemenyi;
pub mod noncentral;
pub mod paired;
pub mod student;
pub mod studentized_range;
pub mod welch;
