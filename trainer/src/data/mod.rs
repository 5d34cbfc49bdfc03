//! From text files to the batches of a run.
//!
//! In reading order:
//!
//! 1. [`corpus`]: a text file becomes stories; [`split`] says which of them are held out; [`source`] reads all files of
//!    a run.
//! 2. [`tokenizer`]: text becomes ids and back; [`bpe`] learns one from the training stories.
//! 3. [`mod@prepare`]: the entry. The corpus is encoded once into the cache ([`cache`], [`lease`], [`manifest`],
//!    [`encode`]) and mapped from there: [`stories`].
//! 4. [`order`] and [`sampler`]: which stories each optimiser step sees.
//! 5. [`batch`], [`mask`] and [`leak`]: what the network is given of them, and a guard.
//! 6. [`pairs`]: minimal pairs for evaluation.
//!
//! Invariants:
//! - A story is `<s>`, its ids, `</s>`, and never longer than the context. No other special token occurs in one,
//!   whatever the text says.
//! - No text of a held-out story is among the training stories.
//! - The prepared ids are a function of the files' content and the settings: not of order of arrival, threads or
//!   machine.
//! - A run's batches are a function of (seed, cursor): resuming needs no generator state.
//! - Whatever moment a process is killed at, the cache is never wrong: manifests are written last.

pub mod batch;
pub mod bpe;
pub mod cache;
pub mod corpus;
pub mod encode;
pub mod error;
pub mod leak;
pub mod lease;
pub mod manifest;
pub mod mask;
pub mod order;
pub mod pairs;
pub mod prepare;
#[cfg(test)]
mod prepare_tests;
pub mod sampler;
pub mod source;
pub mod split;
pub mod stories;
#[cfg(test)]
pub(crate) mod testing;
pub mod tokenizer;

pub use batch::PackedBatch;
pub use error::DataError;
pub use leak::LeakCheck;
pub use manifest::Manifest;
pub use mask::Masking;
pub use pairs::{MinimalPair, Sentence};
pub use prepare::{Prepared, Request, prepare, tokenizer as tokenizer_of};
pub use sampler::{Cursor, Draw, StepSampler};
pub use stories::Stories;
pub use tokenizer::{SpecialIds, Tokenizer};
