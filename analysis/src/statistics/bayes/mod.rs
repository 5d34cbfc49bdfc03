//! Bayesian comparisons of two arms: how probable it is that one is better, worse, or practically the same.
//!
//! All need a margin within which a difference does not matter, declared beforehand. Their probabilities are of
//! hypotheses given the data and a prior; they are no p values, control no error over repeated studies, and stand in no
//! table with p values.

pub mod bayes_factor;
pub mod correlated_t;
pub mod shares;
pub mod signed_rank;
