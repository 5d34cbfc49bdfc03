//! One procedure a file, each with its formula, its assumptions, its source and when not to use it.
//!
//! Everything here is a pure function of numbers. Inputs are finite (the caller has set aside what is not); an answer that is
//! not defined is `None` or a named case, never NaN.
//!
//! Read in this order:
//!
//! 1. [`describe`], [`estimate`]: what a handful of values looks like, and the form in which a difference of means is told.
//! 2. [`paired`], [`welch`], [`location`]: tests of means. [`equivalence`], [`detectable`]: what they can and cannot show.
//! 3. [`ranks`]: tests that hold for any shape of distribution. [`counts`]: items answered rightly.
//!    [`resampling`]: permutation tests and the bootstrap.
//! 4. [`effects`], [`aggregates`]: how large a difference is, and many tasks in one number. [`sequential`]: looking early.
//! 5. [`holm`], [`corrections`]: several comparisons at once.
//! 6. [`student`], [`noncentral`], [`distributions`]: the distributions under them.

pub mod aggregates;
pub mod anova;
pub mod bayes;
pub mod comparisons;
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
