//! BoolQ (Clark et al. 2019, arXiv:1905.10044): a yes-no question about a passage. Accuracy.
//!
//! `{"question": "is the sky blue", "passage": "The sky -- …", "label": true, "idx": 0}` becomes
//!
//! ```text
//! <s> is the sky blue </s></s> The sky -- … </s>
//! ```
//!
//! Where both are too long, the passage loses its end. Questions about one passage stay together when a part is held
//! out.

use serde::Deserialize;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Cut, Input, Question};

/// The classes.
pub const CLASSES: [&str; 2] = ["false", "true"];

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// The question, in lower case and without a mark.
    pub question: String,
    /// The passage, with its title in front.
    pub passage: String,
    /// 1 if the answer is yes.
    pub label: usize,
}

#[derive(Deserialize)]
struct Line {
    idx: Id,
    question: String,
    passage: String,
    label: Option<serde_json::Value>,
}

/// Reads the items of a file.
///
/// # Errors
/// See [`lines::read`].
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    let convert = |line: Line| {
        lines::not_blank(&[("question", &line.question), ("passage", &line.passage)])?;
        let label = lines::class(line.label.as_ref(), &CLASSES)?;
        Ok(Example { id: line.idx.to_string(), question: line.question, passage: line.passage, label })
    };
    lines::read(file, convert, |example| vec![example.id.clone()])
}

impl Example {
    /// What the network is asked.
    pub fn question(&self) -> Question {
        let input = Input::pair(&self.question, &self.passage, Cut::Second);
        Question { source: self.passage.clone(), ..Question::alone(&self.id, input, self.label) }
    }
}
