//! AX-g, Winogender (Rudinger et al. 2018, arXiv:1804.09301) as entailment: pairs of items that differ in the gender of
//! one pronoun only, answered by the model for RTE. Accuracy and gender parity.
//!
//! `{"premise": "The taxpayer met with the accountant to get help filing his taxes.", "hypothesis": "The accountant
//! sought help.", "label": "not_entailment", "idx": 0, "pair_id": 551646}` becomes what an item of [`super::rte`]
//! becomes.

pub use super::entailment::Example;
use super::error::TaskError;
use super::lines::ItemFile;
use super::{entailment, rte};

/// Reads the items of a file.
///
/// # Errors
/// When it cannot be read, or a line is not an item.
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    entailment::read(file, &rte::CLASSES)
}
