//! The vocabulary that launcher, trainer and analysis share.
//!
//! Nothing here reads or writes a file, starts a process or knows a device: this room only says what the words mean,
//! what values they may take, and how they are spelled in the files of a sweep.
//!
//! Read in this order:
//!
//! 1. [`value`] and [`setting`]: every key of a sweep file that describes a run, with its range, default and meaning.
//! 2. [`model`], [`feed_forward`], [`data`], [`train`], [`evaluate`]: the validated study, one file a section.
//! 3. [`execution`] and [`resources`]: how a run is carried out, and [`benchmark`] with [`fine_tuning`] and
//!    [`fine_tuning_seeds`]: what else its model is asked. Nothing in them is part of its id.
//! 4. [`run`], [`network_size`] and [`identity`]: one run, how large its network is, and the id that says which science
//!    it is.
//! 5. [`analysis`] and [`plan`]: what will be compared, and the frozen list of runs.
//! 6. [`contract`], [`exit`], [`failure`]: what a supervisor and a trainer promise each other, and how either ends.
//! 7. [`status`], [`rows`], [`metric`], [`layout`]: what lies in a sweep's directory; [`store`]: where benchmark data
//!    lies; [`minimal_pairs`] in [`json_lines`]: what a file of a person's own pairs must be.
//!
//! Invariants: a value of a validated type is valid; equal science gives an equal [`RunId`]; serialised forms name
//! their [`SCHEMA`] and refuse unknown fields.

pub mod analysis;
pub mod benchmark;
pub mod budget;
pub mod contract;
pub mod data;
pub mod evaluate;
pub mod execution;
pub mod exit;
pub mod failure;
pub mod feed_forward;
pub mod fine_tuning;
pub mod fine_tuning_seeds;
pub mod identity;
pub mod json_lines;
pub mod layout;
pub mod metric;
pub mod minimal_pairs;
pub mod model;
pub mod network_size;
pub mod plan;
pub mod quantity;
pub mod resources;
pub mod rows;
pub mod run;
pub mod setting;
pub mod status;
pub mod store;
pub mod train;
pub mod value;

mod error;

pub use crate::error::SpecError;
pub use crate::exit::ExitCode;
pub use crate::failure::Failure;
pub use crate::identity::{Digest, RunId};
pub use crate::run::{Program, RunSpec, Study};
pub use crate::value::Value;

/// The version of every file format in a sweep's directory. A reader refuses a version that it does not know.
pub const SCHEMA: u32 = 1;
