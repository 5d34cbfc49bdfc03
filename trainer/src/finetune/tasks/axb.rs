//! AX-b, the broad-coverage diagnostic (Wang et al. 2018, arXiv:1804.07461, §3.3): pairs of sentences, each with the
//! phenomenon that it is about, answered by the model for RTE. Matthews correlation.
//!
//! `{"sentence1": "The cat sat on the mat.", "sentence2": "The cat did not sit on the mat.", "label": "not_entailment",
//! "idx": "0", "logic": "Negation"}` becomes what an item of [`super::rte`] becomes.

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
