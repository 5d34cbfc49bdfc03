//! What a network is asked: the form that every task's examples take on their way to it.

use std::ops::Range;

/// What a network is asked about one item of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The item's id, unique in its file.
    pub item: String,
    /// A text that the item shares with others: they stay on one side when a part of the training set is held out.
    pub source: String,
    /// Items that count only all together: the answers to one question, the two sentences of a pair. The item's own id
    /// where a task has none such.
    pub family: String,
    /// One text to be classified, or the candidates to be ranked, in their order.
    pub inputs: Vec<Input>,
    /// The right class or, of ranked candidates, all right ones, ascending; never empty.
    pub right: Vec<usize>,
}

/// A text as a network sees it, before it becomes ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The first segment.
    pub first: String,
    /// The second segment, if there are two.
    pub second: Option<String>,
    /// Which segment loses its end where both together are too long.
    pub cut: Cut,
    /// The words whose states the head reads beside the whole text's.
    pub spans: Vec<Span>,
    /// What this candidate is called in predictions; empty where inputs are not ranked.
    pub name: String,
}

/// A run of characters of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Whether the second segment is meant.
    pub in_second: bool,
    /// The characters, counted as Unicode code points from 0.
    pub characters: Range<usize>,
}

/// Which segment loses its end where both together are too long for the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The first one: the second is needed whole. Where it alone is too long, it loses its end as well.
    First,
    /// The second one, likewise.
    Second,
    /// A token at a time, always of the longer one; of the second where both are as long.
    Longest,
}

/// What a task asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// One of these classes, by their names in the data.
    Classes(&'static [&'static str]),
    /// The best of an item's candidates.
    Ranking,
}

impl Form {
    /// How many numbers the head says about a text.
    pub fn outputs(&self) -> i64 {
        match self {
            Self::Classes(names) => names.len() as i64,
            Self::Ranking => 1,
        }
    }

    /// What `choice` is called in predictions.
    pub fn name<'a>(&self, question: &'a Question, choice: usize) -> &'a str {
        match self {
            Self::Classes(names) => names[choice],
            Self::Ranking => &question.inputs[choice].name,
        }
    }

    /// How many choices an item has.
    pub fn choices(&self, question: &Question) -> usize {
        match self {
            Self::Classes(names) => names.len(),
            Self::Ranking => question.inputs.len(),
        }
    }
}

impl Input {
    /// A pair of segments.
    pub fn pair(first: impl Into<String>, second: impl Into<String>, cut: Cut) -> Self {
        Self { first: first.into(), second: Some(second.into()), cut, spans: Vec::new(), name: String::new() }
    }

    /// A single segment.
    pub fn single(text: impl Into<String>) -> Self {
        Self { first: text.into(), second: None, cut: Cut::First, spans: Vec::new(), name: String::new() }
    }
}

impl Question {
    /// An item by itself, with one text and one right class.
    pub fn alone(item: &str, input: Input, right: usize) -> Self {
        Self {
            item: item.to_owned(),
            source: item.to_owned(),
            family: item.to_owned(),
            inputs: vec![input],
            right: vec![right],
        }
    }
}
