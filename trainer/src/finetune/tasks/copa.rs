//! COPA, the choice of plausible alternatives (Roemmele et al. 2011): which of two sentences is the cause or the effect
//! of a third? Accuracy.
//!
//! `{"premise": "My body cast a shadow over the grass.", "choice1": "The sun was rising.", "choice2": "The grass was
//! cut.", "question": "cause", "label": 0, "idx": 0}` becomes two texts, of which the head says one number each; the
//! higher wins:
//!
//! ```text
//! <s> My body cast a shadow over the grass. What was the cause of this? </s></s> The sun was rising. </s>
//! <s> My body cast a shadow over the grass. What was the cause of this? </s></s> The grass was cut. </s>
//! ```
//!
//! An effect is asked for by "What happened as a result?": premise, question and choice in this order are the form of
//! SuperGLUE's baselines (Wang et al. 2019, arXiv:1905.00537, §4.1).

use serde::Deserialize;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Cut, Input, Question};

/// What is asked for, with the words in which it is asked.
const QUESTIONS: [(&str, &str); 2] =
    [("cause", "What was the cause of this?"), ("effect", "What happened as a result?")];

/// A premise and two alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// What is given.
    pub premise: String,
    /// What is asked, in words.
    pub question: &'static str,
    /// The alternatives.
    pub choices: [String; 2],
    /// Which of them is right.
    pub label: usize,
}

#[derive(Deserialize)]
struct Line {
    idx: Id,
    premise: String,
    choice1: String,
    choice2: String,
    question: String,
    label: Option<serde_json::Value>,
}

/// Reads the items of a file.
///
/// # Errors
/// See [`lines::read`].
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    let convert = |line: Line| {
        lines::not_blank(&[("premise", &line.premise), ("choice1", &line.choice1), ("choice2", &line.choice2)])?;
        let label = lines::class(line.label.as_ref(), &["0", "1"])?;
        let question = QUESTIONS.iter().find(|(name, _)| *name == line.question).map(|(_, words)| *words);
        let question =
            question.ok_or_else(|| format!("the question {:?} is neither cause nor effect", line.question))?;
        let choices = [line.choice1, line.choice2];
        Ok(Example { id: line.idx.to_string(), premise: line.premise, question, choices, label })
    };
    lines::read(file, convert, |example| vec![example.id.clone()])
}

impl Example {
    /// What the network is asked.
    pub fn question(&self) -> Question {
        let first = format!("{} {}", self.premise, self.question);
        let candidate = |(index, choice): (usize, &String)| Input {
            name: index.to_string(),
            ..Input::pair(first.clone(), choice, Cut::First)
        };
        let inputs = self.choices.iter().enumerate().map(candidate).collect();
        Question {
            item: self.id.clone(),
            source: self.id.clone(),
            family: self.id.clone(),
            inputs,
            right: vec![self.label],
        }
    }
}
