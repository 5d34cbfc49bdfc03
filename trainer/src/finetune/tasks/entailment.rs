//! What the entailment tasks share: two sentences, and whether the second follows from the first.

use serde::Deserialize;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Cut, Input, Question};

/// Two sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// What is given.
    pub premise: String,
    /// What may follow from it.
    pub hypothesis: String,
    /// The class.
    pub label: usize,
    /// The minimal pair to which the item belongs, if the file says so.
    pub pair: Option<String>,
}

/// The diagnostic AX-b calls the sentences otherwise.
#[derive(Deserialize)]
struct Line {
    idx: Id,
    #[serde(alias = "sentence1")]
    premise: String,
    #[serde(alias = "sentence2")]
    hypothesis: String,
    label: Option<serde_json::Value>,
    pair_id: Option<Id>,
}

/// Reads the items of a file whose labels are these.
///
/// # Errors
/// See [`lines::read`].
pub(super) fn read(file: &ItemFile<'_>, classes: &[&str]) -> Result<Vec<Example>, TaskError> {
    let convert = |line: Line| {
        lines::not_blank(&[("premise", &line.premise), ("hypothesis", &line.hypothesis)])?;
        let label = lines::class(line.label.as_ref(), classes)?;
        let (id, pair) = (line.idx.to_string(), line.pair_id.map(|pair| pair.to_string()));
        Ok(Example { id, premise: line.premise, hypothesis: line.hypothesis, label, pair })
    };
    lines::read(file, convert, |example| vec![example.id.clone()])
}

impl Example {
    /// What the network is asked: `<s> premise </s></s> hypothesis </s>`; where both are too long, the premise loses
    /// its end.
    pub fn question(&self) -> Question {
        let input = Input::pair(&self.premise, &self.hypothesis, Cut::First);
        let alone = Question::alone(&self.id, input, self.label);
        Question { family: self.pair.clone().unwrap_or_else(|| self.id.clone()), ..alone }
    }
}
