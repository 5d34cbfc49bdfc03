//! CB, the CommitmentBank (de Marneffe et al. 2019): does the speaker of a passage hold a clause to be true? Mean of
//! accuracy and macro-F1.
//!
//! `{"premise": "It was hard. One might say it was peeled down.", "hypothesis": "the language was peeled down",
//! "label": "entailment", "idx": 0}` becomes
//!
//! ```text
//! <s> It was hard. One might say it was peeled down. </s></s> the language was peeled down </s>
//! ```

use super::entailment;
pub use super::entailment::Example;
use super::error::TaskError;
use super::lines::ItemFile;

/// The classes.
pub const CLASSES: [&str; 3] = ["entailment", "contradiction", "neutral"];

/// Reads the items of a file.
///
/// # Errors
/// When it cannot be read, or a line is not an item.
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    entailment::read(file, &CLASSES)
}
