//! Runs that are done are measured: an element is one task of one run.
//!
//! [`element`] says what is measured and how, [`record`] what became of it, [`mod@carry_out`] has the trainer do it.
//! `seedbed evaluate` carries elements out here, one after the other, or hands them to Slurm, where each is a task of
//! an array.
//!
//! Invariants: whoever measures an element holds its claim; the trainer alone writes what it finds, and the record is
//! written after it; whatever was cut off goes on.

mod carry_out;
mod element;
mod record;

pub use self::carry_out::{Ended, Slot, carry_out};
pub use self::element::{Element, Measure, Tuning};
pub use self::record::{ElementRecord, End, is_measured, record_of};
