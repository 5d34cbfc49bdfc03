//! WiC, words in context (Pilehvar and Camacho-Collados 2019, arXiv:1808.09121): has a word the same sense in two
//! sentences? Accuracy.
//!
//! `{"word": "place", "sentence1": "Come over to my place later?", "sentence2": "No place for them.", "start1": 16,
//! "end1": 21, "start2": 3, "end2": 8, "label": false, "idx": 0}` becomes
//!
//! ```text
//! <s> Come over to my place later? </s></s> No place for them. </s>
//! ```
//!
//! and the head reads, beside the whole text's state, the mean state of the word's tokens in either sentence, as
//! SuperGLUE's baselines do (Wang et al. 2019, arXiv:1905.00537, §4.1). The places are counted in characters, ends
//! excluded.

use serde::Deserialize;
use std::ops::Range;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Cut, Input, Question, Span};

/// The classes.
pub const CLASSES: [&str; 2] = ["false", "true"];

/// A word in two sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// The sentences.
    pub sentences: [String; 2],
    /// Where the word is in each, in characters.
    pub words: [Range<usize>; 2],
    /// 1 if its sense is the same.
    pub label: usize,
}

#[derive(Deserialize)]
struct Line {
    idx: Id,
    sentence1: String,
    sentence2: String,
    start1: usize,
    end1: usize,
    start2: usize,
    end2: usize,
    label: Option<serde_json::Value>,
}

/// Reads the items of a file.
///
/// # Errors
/// See [`lines::read`].
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    let convert = |line: Line| {
        lines::not_blank(&[("sentence1", &line.sentence1), ("sentence2", &line.sentence2)])?;
        let label = lines::class(line.label.as_ref(), &CLASSES)?;
        let sentences = [line.sentence1, line.sentence2];
        let words = [line.start1..line.end1, line.start2..line.end2];
        for ((sentence, word), name) in sentences.iter().zip(&words).zip(["sentence1", "sentence2"]) {
            if lines::characters(sentence, word).is_none_or(|found| found.trim().is_empty()) {
                let length = sentence.chars().count();
                return Err(format!("the word at {word:?} is not within the {length} characters of {name}"));
            }
        }
        Ok(Example { id: line.idx.to_string(), sentences, words, label })
    };
    lines::read(file, convert, |example| vec![example.id.clone()])
}

impl Example {
    /// What the network is asked.
    pub fn question(&self) -> Question {
        let [first, second] = &self.sentences;
        let span = |index: usize| Span { in_second: index == 1, characters: self.words[index].clone() };
        let input = Input { spans: vec![span(0), span(1)], ..Input::pair(first, second, Cut::Longest) };
        Question::alone(&self.id, input, self.label)
    }
}
