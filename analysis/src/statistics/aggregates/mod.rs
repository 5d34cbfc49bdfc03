//! Many runs on many tasks in one number or one curve. Scores are normalised beforehand, so that tasks can be put
//! together.

pub mod improvement;
pub mod interquartile;
pub mod optimality;
pub mod profile;
