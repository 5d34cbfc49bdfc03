//! Corrections for several comparisons, and tests of several p values together.
//!
//! All take the p values in any order and answer in the same; `None` is a comparison that was not tested, is no member
//! of the family and stays `None`, as in R's `p.adjust`. Holm's is in [`super::holm`].

pub mod combined;
pub mod false_discovery;
pub mod hommel;
pub mod li;
pub mod rom;
pub mod shaffer;
pub mod single_step;
pub mod step_down;
pub mod step_up;

pub(super) mod family;
