//! MultiRC, reading comprehension over several sentences (Khashabi et al. 2018): of the answers to a question about a
//! passage any number are right. F1 over all answers (F1a), and the share of questions with all answers judged rightly.
//!
//! A line is a passage: `{"idx": 0, "passage": {"text": "It was …", "questions": [{"idx": 0, "question": "Who came?",
//! "answers": [{"idx": 0, "text": "Children", "label": 0}, …]}, …]}}`. Every answer becomes an item:
//!
//! ```text
//! <s> It was … </s></s> Who came? Children </s>
//! ```
//!
//! Where both are too long, the passage loses its end. A few answers of the released training set are blank; they are
//! items. An item's id is that of passage, question and answer, as `0-0-0`; a passage stays together when a part is
//! held out.

use serde::Deserialize;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Cut, Input, Question};

/// The classes.
pub const CLASSES: [&str; 2] = ["0", "1"];

/// A passage with its questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// The passage.
    pub text: String,
    /// What is asked about it.
    pub questions: Vec<Asked>,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// Its words.
    pub question: String,
    /// Id, words and label of every answer; the label is 1 if the answer is right.
    pub answers: Vec<(String, String, usize)>,
}

#[derive(Deserialize)]
struct Line {
    idx: Id,
    passage: Passage,
}

#[derive(Deserialize)]
struct Passage {
    text: String,
    questions: Vec<AskedLine>,
}

#[derive(Deserialize)]
struct AskedLine {
    idx: Id,
    question: String,
    answers: Vec<AnswerLine>,
}

#[derive(Deserialize)]
struct AnswerLine {
    idx: Id,
    text: String,
    label: Option<serde_json::Value>,
}

/// Reads the passages of a file.
///
/// # Errors
/// See [`lines::read`].
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    let convert = |line: Line| {
        lines::not_blank(&[("passage.text", &line.passage.text)])?;
        let questions: Vec<Asked> = line.passage.questions.into_iter().map(asked).collect::<Result<_, _>>()?;
        if questions.is_empty() {
            return Err("passage.questions is empty; at least one question is needed".to_owned());
        }
        Ok(Example { id: line.idx.to_string(), text: line.passage.text, questions })
    };
    lines::read(file, convert, |example| {
        let answers = |question: &Asked| question.answers.iter().map(|(id, ..)| example.item(question, id)).collect();
        let answers: Vec<String> =
            example.questions.iter().flat_map(|question| -> Vec<String> { answers(question) }).collect();
        std::iter::once(example.id.clone()).chain(answers).collect()
    })
}

fn asked(line: AskedLine) -> Result<Asked, String> {
    lines::not_blank(&[("question", &line.question)])?;
    let answer = |answer: AnswerLine| {
        let label = lines::class(answer.label.as_ref(), &CLASSES)?;
        Ok((answer.idx.to_string(), answer.text, label))
    };
    let answers: Vec<_> = line.answers.into_iter().map(answer).collect::<Result<_, String>>()?;
    if answers.is_empty() {
        return Err(format!("the question {:?} has no answers", line.question));
    }
    Ok(Asked { id: line.idx.to_string(), question: line.question, answers })
}

impl Example {
    /// What the network is asked: an item for every answer.
    pub fn questions(&self) -> Vec<Question> {
        let mut questions = Vec::new();
        for asked in &self.questions {
            for (id, text, label) in &asked.answers {
                let second = format!("{} {text}", asked.question);
                let input = Input::pair(&self.text, second.trim_end(), Cut::First);
                questions.push(Question {
                    source: self.id.clone(),
                    family: format!("{}-{}", self.id, asked.id),
                    ..Question::alone(&self.item(asked, id), input, *label)
                });
            }
        }
        questions
    }

    fn item(&self, question: &Asked, answer: &str) -> String {
        format!("{}-{}-{answer}", self.id, question.id)
    }
}
