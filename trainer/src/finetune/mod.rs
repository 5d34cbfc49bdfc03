//! Fine-tuning: what a trained model learns of a task that it was not trained for.
//!
//! In reading order:
//!
//! 1. [`mod@run`]: the entry. [`Request`] says what is asked for, [`fn@run`] tunes and scores every task with every
//!    seed, and [`command`] is that on the command line.
//! 2. [`question`]: the form in which a network is asked; [`tasks`] and [`glue`]: how each task comes to it.
//! 3. [`metrics`] and [`measure`]: what counts as good; [`baseline`]: what one would score without a model.
//! 4. [`protocol`]: how a model is tuned and scored; [`selection`]: what the best moment is chosen by; [`data`]: where
//!    a task's data lies; [`prepared`]: the same read, divided and, by [`encoding`], in ids.
//! 5. [`network`]: the trained network with a new head; [`packing`]: what it sees; [`tuning`]: the training loop, and
//!    `halfway`, from which it goes on after a kill; [`answers`]: what it says; `unit`: all of it for one task and one
//!    seed.
//! 6. [`record`], [`folder`]: what is written; [`element`]: the same as a benchmark of a run, [`shares`] by its ranks;
//!    [`error`]: what goes wrong.
//!
//! Invariants: a result depends on model, data, protocol, task and seed, and on nothing that was done before; a record
//! is written last, so that a kill at any moment costs a minute of one (task, seed) at most; under `superglue` nothing
//! is chosen by the set that is reported; a task without data is missing, never zero.

pub mod answers;
pub mod baseline;
pub mod command;
pub mod data;
pub mod element;
pub mod encoding;
pub mod error;
pub mod folder;
pub mod glue;
mod halfway;
pub mod measure;
pub mod metrics;
pub mod network;
pub mod packing;
pub mod prepared;
pub mod protocol;
pub mod question;
pub mod record;
pub mod run;
pub mod selection;
pub mod shares;
pub mod tasks;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod tuning;
mod unit;

pub use error::FinetuneError;
pub use protocol::Protocol;
pub use run::{Outcome, Request, run};
