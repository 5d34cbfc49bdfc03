//! Mixed models: fixed effects of the arms, and a random one of the seed that all its runs share.
//!
//! y = X β + u(seed) + e, with u of variance τ² and e of variance σ². Seeds that have not run every arm still count
//! with all that they have run, between seeds and within them, and nothing has to be dropped. For balanced data the
//! tests of differences between arms are those of the blocked analysis, to the digit.

pub mod effects;
pub mod fit;
pub mod kenward_roger;

mod design;
mod likelihood;
