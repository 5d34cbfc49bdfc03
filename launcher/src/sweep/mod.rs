//! The sweep file: from TOML to validated runs.
//!
//! Read in this order:
//!
//! 1. [`load`], [`tables`]: the way from a file to a [`Sweep`], step by step.
//! 2. [`source`], [`problem`]: places in the text, and what is wrong there.
//! 3. [`document`], [`command_line`]: TOML as flat tables of dotted keys, and `--set` over it.
//! 4. [`vocabulary`], [`keys`], [`program`], [`template`]: what a key may name, for the built-in trainer or another
//!    program.
//! 5. [`header`], [`preset`], [`factors`], [`synonyms`], [`condition`], [`blocks`], [`retry`], [`analysis`],
//!    [`questions`]: the tables of the file.
//! 6. [`design`], [`content`], [`resolve`], [`runs`]: from factors to points, and from points to runs; [`unused`]: what
//!    no run uses.
//! 7. [`place`], [`mod@outline`]: where the sweep's directory lies; a file to begin with.
//!
//! Invariants: every problem of a file is reported at once, each with its place; a run's id depends on nothing but its
//! science; runs stand seed by seed; the same file gives the same runs in the same order.

mod analysis;
mod blocks;
mod command_line;
mod condition;
mod content;
mod design;
mod document;
mod factors;
mod header;
mod keys;
mod load;
mod outline;
mod place;
mod preset;
mod problem;
mod program;
mod questions;
mod resolve;
mod retry;
mod runs;
mod source;
mod synonyms;
mod tables;
mod template;
mod unused;
mod vocabulary;

pub use self::load::{Sweep, sweep_name};
pub use self::outline::outline;
pub use self::place::{ROOT_VARIABLE, sweep_directory};
pub use self::preset::PresetUse;
pub(crate) use self::problem::Problems;
pub use self::problem::{Diagnosis, Problem, SweepError};
pub use self::retry::RetryPolicy;
pub use self::source::Position;
pub(crate) use self::source::{Origin, Source};
