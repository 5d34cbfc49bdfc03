//! Distributions where `statrs` is not accurate enough: far tails and many degrees of freedom.

pub mod beta;
pub mod f;
pub mod normal;
