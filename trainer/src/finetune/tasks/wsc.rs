//! WSC, the Winograd schema challenge as classification (Levesque et al. 2012; Wang et al. 2019, arXiv:1905.00537):
//! does a pronoun mean this noun? Accuracy.
//!
//! `{"text": "Mark told Pete many lies about himself.", "target": {"span1_index": 0, "span1_text": "Mark",
//! "span2_index": 6, "span2_text": "himself"}, "label": true, "idx": 0}` becomes
//!
//! ```text
//! <s> Mark told Pete many lies about himself. </s>
//! ```
//!
//! and the head reads, beside the whole text's state, the mean state of the tokens of noun and pronoun, as SuperGLUE's
//! baselines do. The indices count words between spaces, and one beyond the text is an error; where the text of a span
//! is not at its word (one item of the released validation set), its nearest occurrence is taken. Items about one text
//! stay together when a part is held out.

use serde::Deserialize;
use std::ops::Range;

use super::error::TaskError;
use super::lines::{self, Id, ItemFile};
use crate::finetune::question::{Input, Question, Span};

/// The classes.
pub const CLASSES: [&str; 2] = ["false", "true"];

/// A text with a noun and a pronoun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Its id.
    pub id: String,
    /// The text.
    pub text: String,
    /// Where noun and pronoun are, in characters.
    pub spans: [Range<usize>; 2],
    /// 1 if the pronoun means the noun.
    pub label: usize,
}

#[derive(Deserialize)]
struct Line {
    idx: Id,
    text: String,
    target: Target,
    label: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Target {
    span1_index: usize,
    span1_text: String,
    span2_index: usize,
    span2_text: String,
}

/// Reads the items of a file.
///
/// # Errors
/// See [`lines::read`].
pub fn read(file: &ItemFile<'_>) -> Result<Vec<Example>, TaskError> {
    let convert = |line: Line| {
        let Target { span1_index, span1_text, span2_index, span2_text } = &line.target;
        lines::not_blank(&[("text", &line.text), ("span1_text", span1_text), ("span2_text", span2_text)])?;
        let label = lines::class(line.label.as_ref(), &CLASSES)?;
        let count = line.text.split_whitespace().count();
        let place = |name: &str, index: usize, span: &str| {
            if index >= count {
                return Err(format!("{name} is {index}; the text has {count} words, which are counted from 0"));
            }
            find(&line.text, index, span).ok_or_else(|| format!("the text does not hold the span {span:?}"))
        };
        let spans = [place("span1_index", *span1_index, span1_text)?, place("span2_index", *span2_index, span2_text)?];
        Ok(Example { id: line.idx.to_string(), text: line.text, spans, label })
    };
    lines::read(file, convert, |example| vec![example.id.clone()])
}

/// The characters of `span` in `text`: at word `index`, or else where it begins nearest to that word.
fn find(text: &str, index: usize, span: &str) -> Option<Range<usize>> {
    let words = words(text);
    let wanted: Vec<Vec<char>> = span.split_whitespace().map(folded).collect();
    let count = words.len().checked_sub(wanted.len())? + 1;
    let mut starts: Vec<usize> = (0..count).collect();
    starts.sort_by_key(|start| start.abs_diff(index));
    starts.into_iter().find_map(|start| matching(&words[start..start + wanted.len()], &wanted))
}

/// The characters from the first to the last word of `wanted`, if these words are they, but for case and for signs
/// around them.
fn matching(words: &[(usize, Vec<char>)], wanted: &[Vec<char>]) -> Option<Range<usize>> {
    let mut range: Option<Range<usize>> = None;
    for ((start, word), wanted) in words.iter().zip(wanted) {
        let within = (0..=word.len().checked_sub(wanted.len())?).find(|at| word[*at..].starts_with(wanted))?;
        let around = word[..within].iter().chain(&word[within + wanted.len()..]);
        // "she's" holds "she", "the" does not hold "he".
        if word[..within].iter().any(|one| one.is_alphanumeric())
            || around.clone().next().is_some()
                && word.get(within + wanted.len()).is_some_and(|one| one.is_alphanumeric())
        {
            return None;
        }
        let end = start + within + wanted.len();
        range = Some(range.map_or(start + within, |range| range.start)..end);
    }
    range
}

/// The words of `text` between spaces in lower case, with the character at which each begins.
fn words(text: &str) -> Vec<(usize, Vec<char>)> {
    let mut words: Vec<(usize, Vec<char>)> = Vec::new();
    let mut in_word = false;
    for (place, one) in text.chars().enumerate() {
        if one.is_whitespace() {
            in_word = false;
            continue;
        }
        if !in_word {
            words.push((place, Vec::new()));
            in_word = true;
        }
        if let Some((_, word)) = words.last_mut() {
            word.push(lower(one));
        }
    }
    words
}

fn folded(text: &str) -> Vec<char> {
    text.chars().map(lower).collect()
}

/// One character in lower case; a letter that becomes several stays, so that places are kept.
fn lower(one: char) -> char {
    let mut lower = one.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => one,
    }
}

impl Example {
    /// What the network is asked.
    pub fn question(&self) -> Question {
        let spans = self.spans.iter().map(|span| Span { in_second: false, characters: span.clone() }).collect();
        let input = Input { spans, ..Input::single(&self.text) };
        Question { source: self.text.clone(), ..Question::alone(&self.id, input, self.label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_found_by_its_word_or_nearest_to_it() {
        let text = "The cat saw Pete, and \"the dog\" saw that she's late.";
        let at = |index, span| find(text, index, span).map(|range| lines::characters(text, &range).unwrap());
        assert_eq!(at(3, "Pete").as_deref(), Some("Pete"));
        assert_eq!(at(5, "the dog").as_deref(), Some("the dog"));
        assert_eq!(at(9, "she").as_deref(), Some("she"));
        assert_eq!(find(text, 0, "saw"), Some(8..11));
        assert_eq!(find(text, 9, "saw"), Some(32..35));
        assert_eq!(at(3, "Pet"), None);
        assert_eq!(at(0, "a much longer span than the text has words to hold it at all"), None);
    }
}
