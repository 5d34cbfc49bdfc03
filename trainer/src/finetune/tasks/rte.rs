//! RTE, recognising textual entailment (Dagan et al. 2006 and the three challenges after it). Accuracy.
//!
//! `{"premise": "Dana Reeve has died at 44.", "hypothesis": "Dana Reeve died.", "label": "entailment", "idx": 0}`
//! becomes
//!
//! ```text
//! <s> Dana Reeve has died at 44. </s></s> Dana Reeve died. </s>
//! ```
//!
//! The model that was tuned on RTE also answers the two diagnostics, [`super::axb`] and [`super::axg`], as Wang et al.
//! (2019, arXiv:1905.00537, §3.3) have it.

use super::entailment;
pub use super::entailment::Example;
use super::error::TaskError;
use super::lines::ItemFile;

/// The classes.
pub const CLASSES: [&str; 2] = ["entailment", "not_entailment"];

/// Reads the items of a file.
///
/// # Errors
/// When it cannot be read, or a line is not an item.
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    entailment::read(file, &CLASSES)
}
