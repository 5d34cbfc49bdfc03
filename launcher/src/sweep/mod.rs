//! The sweep file: from TOML to validated runs.
//!
//! Read in this order: [`source`] and [`problem`] (places in the text, and what is wrong there), [`load`] (the way from a
//! file to a [`Sweep`]), [`place`] (where the sweep's directory lies).
//!
//! Invariants: every problem of a file is reported at once, each with its place; a run's id depends on nothing but its
//! science; runs stand seed by seed; the same file gives the same runs in the same order.

mod load;
mod place;
mod problem;
mod retry;
mod source;

pub use self::load::Sweep;
pub use self::place::{ROOT_VARIABLE, sweep_directory};
pub use self::problem::{Diagnosis, Problem, SweepError};
pub use self::retry::RetryPolicy;
pub use self::source::Position;
