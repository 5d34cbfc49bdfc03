//! What a design can find: its power, the smallest effect that it sees, and how many seeds it takes.
//!
//! An effect is a difference in standard deviations: of the differences for pairs (d_z), of the runs of an arm for
//! independent groups (d). [`design`] asks for a difference, [`equivalence`] for its absence; `together` is of several tests of one
//! difference; [`pilot`] says how large
//! the spread may be. [`super::detectable`] tells the same in standard errors, for the report.

pub mod design;
pub mod equivalence;
pub mod pilot;
mod threshold;
pub(crate) mod together;
