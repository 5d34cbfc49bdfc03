//! Analysis of variance: one factor, several, seeds as blocks, and repeated measures.
//!
//! [`one_way`] and [`welch`] are for runs that share nothing. [`factorial`] takes any factors, and a seed as one of
//! them. [`within`] is for seeds that have run every arm, without the assumption that all pairs of arms correlate
//! alike. [`aligned_ranks`] needs no shape.

pub mod aligned_ranks;
pub mod factor;
pub mod factorial;
pub mod one_way;
pub mod sphericity;
pub mod welch;
pub mod within;
