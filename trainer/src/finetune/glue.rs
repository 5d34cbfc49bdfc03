//! The tasks of the BabyLM pipeline of 2023 (Warstadt et al. 2023, arXiv:2301.11796): seven of GLUE (Wang et al. 2018,
//! arXiv:1804.07461), MNLI twice, and BoolQ, MultiRC and WSC, all as single decisions about two segments.
//!
//! Its files are flat: `rte.train.jsonl` with `{"sentence1": "Dana Reeve has died at 44.", "sentence2": "Dana Reeve
//! died.", "label": 0, "idx": 0}` becomes
//!
//! ```text
//! <s> Dana Reeve has died at 44. </s></s> Dana Reeve died. </s>
//! ```
//!
//! Two tasks put words around their fields, as `finetune_classification.py` does:
//!
//! ```text
//! multirc   <s> Question: Who came? Answer: Children </s></s> It was … </s>
//! wsc       <s> Does "he" refer to "Mark" in this passage? </s></s> Mark told Pete … </s>
//! ```
//!
//! Texts above 128 tokens lose tokens one at a time, always of the longer segment.

use serde_json::{Map, Value};

use super::measure::Measure;
use super::question::{Cut, Form, Input, Question};
use super::tasks::{ItemFile, Task, TaskError, lines};

/// Which fields of a line are the segments.
#[derive(Debug, Clone, Copy)]
enum Fields {
    /// One segment.
    One(&'static str),
    /// Two segments.
    Two(&'static str, &'static str),
    /// `question` and `answer` in words, then `paragraph`.
    MultiRc,
    /// `span2_text` and `span1_text` in words, then `text`.
    Winograd,
}

const TWO: [&str; 2] = ["0", "1"];
const THREE: [&str; 3] = ["0", "1", "2"];

/// Reads the items of a file whose segments are in `fields`.
fn read(file: &ItemFile<'_>, fields: Fields, classes: &[&str]) -> Result<Vec<Question>, TaskError> {
    let convert = |line: Map<String, Value>| {
        let text = |name: &str| match line.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            _ => Err(format!("it has no text `{name}`")),
        };
        let input = match fields {
            Fields::One(first) => Input::single(text(first)?),
            Fields::Two(first, second) => Input::pair(text(first)?, text(second)?, Cut::Longest),
            Fields::MultiRc => {
                let first = format!("Question: {} Answer: {}", text("question")?, text("answer")?);
                Input::pair(first, text("paragraph")?, Cut::Longest)
            }
            Fields::Winograd => {
                let (pronoun, noun) = (text("span2_text")?, text("span1_text")?);
                let first = format!("Does \"{pronoun}\" refer to \"{noun}\" in this passage?");
                Input::pair(first, text("text")?, Cut::Longest)
            }
        };
        lines::not_blank(&[("the first segment", &input.first)])?;
        if let Some(second) = &input.second {
            lines::not_blank(&[("the second segment", second)])?;
        }
        let label = lines::class(line.get("label"), classes)?;
        Ok(Question::alone(&line.get("idx").map(id).unwrap_or_default(), input, label))
    };
    // Some of the files have no ids: an item is then called by its place.
    let ids = |question: &Question| Some(question.item.clone()).filter(|id| !id.is_empty()).into_iter().collect();
    let mut questions = lines::read(file, convert, ids)?;
    for (index, question) in questions.iter_mut().enumerate().filter(|(_, question)| question.item.is_empty()) {
        question.item = index.to_string();
        question.source.clone_from(&question.item);
        question.family.clone_from(&question.item);
    }
    Ok(questions)
}

/// An id in words: MultiRC's is that of paragraph, question and answer.
fn id(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(parts) => {
            let part = |name: &str| parts.get(name).map(Value::to_string).unwrap_or_default();
            ["paragraph", "question", "answer"].map(part).join("-")
        }
        other => other.to_string(),
    }
}

macro_rules! task {
    ($name:literal, $training:literal, $reported:literal, $group:literal, $classes:ident, $fields:expr) => {
        Task {
            name: $name,
            form: Form::Classes(&$classes),
            measure: if $classes.len() == 2 { Measure::Pipeline } else { Measure::Accuracy },
            training: &[
                concat!($training, ".train.jsonl"),
                concat!($training, ".train.json"),
                concat!($group, "_filtered/", $training, ".train.jsonl"),
                concat!($group, "_filtered/", $training, ".train.json"),
            ],
            reported: &[
                concat!($training, ".", $reported, ".jsonl"),
                concat!($training, ".", $reported, ".json"),
                concat!($group, "_filtered/", $training, ".", $reported, ".jsonl"),
                concat!($group, "_filtered/", $training, ".", $reported, ".json"),
            ],
            read: |file| read(file, $fields, &$classes),
        }
    };
}

/// The tasks, in the order of `finetune_all_tasks.sh`.
pub static BABYLM: [Task; 11] = [
    task!("cola", "cola", "validation", "glue", TWO, Fields::One("sentence")),
    task!("sst2", "sst2", "validation", "glue", TWO, Fields::One("sentence")),
    task!("mrpc", "mrpc", "validation", "glue", TWO, Fields::Two("sentence1", "sentence2")),
    task!("qqp", "qqp", "validation", "glue", TWO, Fields::Two("question1", "question2")),
    task!("mnli", "mnli", "validation_matched", "glue", THREE, Fields::Two("premise", "hypothesis")),
    task!("mnli-mm", "mnli", "validation_mismatched", "glue", THREE, Fields::Two("premise", "hypothesis")),
    task!("qnli", "qnli", "validation", "glue", TWO, Fields::Two("question", "sentence")),
    task!("rte", "rte", "validation", "superglue", TWO, Fields::Two("sentence1", "sentence2")),
    task!("boolq", "boolq", "validation", "superglue", TWO, Fields::Two("question", "passage")),
    task!("multirc", "multirc", "validation", "superglue", TWO, Fields::MultiRc),
    task!("wsc", "wsc", "validation", "superglue", TWO, Fields::Winograd),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, line: &str) -> Result<Vec<Question>, String> {
        let file = ItemFile { path: std::path::Path::new("items.jsonl"), content: line.as_bytes() };
        let task = BABYLM.iter().find(|task| task.name == name).unwrap();
        (task.read)(&file).map_err(|error| error.to_string())
    }

    #[test]
    fn segments_are_those_of_the_pipeline() {
        let line = r#"{"paragraph": "It was.", "question": "Who came?", "answer": "Ann", "idx": {"paragraph": 1, "question": 2, "answer": 3}, "label": 1}"#;
        let question = read("multirc", line).unwrap().remove(0);
        assert_eq!((question.item.as_str(), question.right.as_slice()), ("1-2-3", &[1][..]));
        assert_eq!(question.inputs[0].first, "Question: Who came? Answer: Ann");
        let line = r#"{"text": "Ann ran.", "span1_index": 0, "span2_index": 0, "span1_text": "Ann", "span2_text": "she", "idx": 0, "label": 0}"#;
        let question = read("wsc", line).unwrap().remove(0);
        assert_eq!(question.inputs[0].first, "Does \"she\" refer to \"Ann\" in this passage?");
        let questions =
            read("cola", "{\"sentence\": \"A.\", \"label\": 1}\n{\"sentence\": \"B.\", \"label\": 0}").unwrap();
        assert_eq!((questions[1].item.as_str(), questions[1].source.as_str()), ("1", "1"));
    }

    #[test]
    fn bad_lines_are_named() {
        let error = |line: &str| read("rte", line).unwrap_err();
        insta::assert_snapshot!(error(r#"{"sentence1": "A.", "label": 0}"#), @"items.jsonl, line 1: it has no text `sentence2`");
        insta::assert_snapshot!(error(r#"{"sentence1": "A.", "sentence2": "", "label": 0}"#), @"items.jsonl, line 1: the second segment is blank; a text is needed");
        insta::assert_snapshot!(error(r#"{"sentence1": "A.", "sentence2": "B.", "label": -1}"#), @"items.jsonl, line 1: the label -1 is none of this task; one of 0, 1 is needed");
    }
}
