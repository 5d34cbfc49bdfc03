//! One procedure a file, each with its formula, its assumptions, its source and when not to use it.
//!
//! Everything here is a pure function of numbers. An answer that is not defined is `None`, a named case or, for several arms at once, a
//! [`refusal::Refusal`] that says which group or block is to blame; never NaN, and never a p value of 0. Runs that diverged have been
//! set aside by the caller, who can count and name them; tests by ranks may be given them as ±∞.
//!
//! What a report asks for is less than what is here: the other procedures are for whoever computes with this crate, and
//! are called by `examples/procedures.rs` and the tests alone. `docs/procedures.md` says of each what it was compared
//! with.
//!
//! Read in this order:
//!
//! 1. [`describe`], [`estimate`]: what a handful of values looks like, and the form in which a difference of means is
//!    told.
//! 2. [`paired`], [`welch`], [`contrast`], [`location`]: tests of means. [`equivalence`], [`detectable`], [`power`]: what they can
//!    and cannot show.
//! 3. [`ranks`], [`friedman`], [`nemenyi`]: tests that hold for any shape of distribution. [`counts`]: items answered
//!    rightly. [`resampling`]: permutation tests and the bootstrap.
//! 4. [`anova`], [`mixed`]: several factors in one model, and the seed in it. [`diagnostics`]: what can be seen of its
//!    assumptions. [`curves`]: whole learning curves.
//! 5. [`comparisons`]: many arms, with one error for all. [`holm`], [`corrections`]: several comparisons of any kind at
//!    once.
//! 6. [`effects`], [`aggregates`], [`dominance`]: how large a difference is, and many tasks in one number.
//!    [`sequential`]: looking early. [`bayes`]: how probable a difference is.
//! 7. [`student`], [`noncentral`], [`studentized_range`], [`distributions`], [`linear`]: what all of them rest on.

pub mod aggregates;
pub mod anova;
pub mod bayes;
pub mod comparisons;
pub mod contrast;
pub mod corrections;
pub mod counts;
pub mod curves;
pub mod describe;
pub mod detectable;
pub mod diagnostics;
pub mod distributions;
pub mod dominance;
pub mod effects;
pub mod equivalence;
pub mod estimate;
pub mod friedman;
pub mod holm;
pub mod linear;
pub mod location;
pub mod mixed;
pub mod nemenyi;
pub mod noncentral;
pub mod paired;
pub mod power;
pub mod ranks;
pub mod refusal;
pub mod resampling;
pub mod sequential;
pub mod student;
pub mod studentized_range;
pub mod welch;
