//! What is to be scored: a line of JSON for each text.

use std::io::BufRead;

use serde_json::{Map, Value};
use spec::model::{Architecture, ModelSpec};

use crate::data::{DataError, Tokenizer};

/// A text as a model sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Text {
    /// The fields of its line, which come back with the scores.
    pub fields: Map<String, Value>,
    /// Its ids, without those of `<s>` and `</s>`.
    pub ids: Vec<u16>,
}

/// Why a line cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum TextError {
    /// The lines could not be read.
    #[error("cannot read the texts")]
    Read(#[from] std::io::Error),
    /// A line is not what it should be.
    #[error("line {line} of the texts: {reason}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// The tokenizer failed.
    #[error(transparent)]
    Tokenizer(#[from] DataError),
}

/// Reads texts for a model.
#[derive(Debug)]
pub struct Texts<'a, R> {
    /// Where the lines come from.
    pub lines: std::io::Lines<R>,
    /// How text becomes ids.
    pub tokenizer: &'a Tokenizer,
    /// The model that will see them.
    pub spec: &'a ModelSpec,
    /// Whether a text that is too long is cut; otherwise it is an error.
    pub truncate: bool,
    /// Lines read.
    pub read: u64,
}

impl<R: BufRead> Texts<'_, R> {
    /// The next text; lines without content are passed over.
    fn read(&mut self) -> Result<Option<Text>, TextError> {
        loop {
            let Some(line) = self.lines.next().transpose()? else {
                return Ok(None);
            };
            self.read += 1;
            if line.trim().is_empty() {
                continue;
            }
            let line_number = self.read;
            return self.parse(&line).map(Some).map_err(|error| match error {
                Refusal::Reason(reason) => TextError::Line { line: line_number, reason },
                Refusal::Tokenizer(error) => TextError::Tokenizer(error),
            });
        }
    }

    fn parse(&self, line: &str) -> Result<Text, Refusal> {
        let expected = "expected an object such as {\"text\": \"Once upon a time\"} or {\"ids\": [5, 17, 9]}";
        let fields: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| Refusal::Reason(format!("{error}; {expected}")))?;
        let mut ids = match (fields.get("text"), fields.get("ids")) {
            (Some(Value::String(text)), None) => {
                self.tokenizer.encode_bare(vec![text]).map_err(Refusal::Tokenizer)?.remove(0)
            }
            (None, Some(Value::Array(ids))) => ids.iter().map(|id| self.id(id)).collect::<Result<_, _>>()?,
            _ => return Err(Refusal::Reason(format!("it has not one of `text` and `ids`; {expected}"))),
        };
        let room = self.room();
        if ids.len() > room {
            if !self.truncate {
                let (found, context) = (ids.len(), self.spec.context);
                return Err(Refusal::Reason(format!(
                    "{found} tokens are too many: a context of {context} has room for {room} beside the special ones; shorten \
                     it, or cut all such texts with --truncate"
                )));
            }
            ids.truncate(room);
        }
        Ok(Text { fields, ids })
    }

    fn id(&self, id: &Value) -> Result<u16, Refusal> {
        let known = id.as_u64().filter(|id| *id < u64::from(self.spec.vocabulary));
        let vocabulary = self.spec.vocabulary;
        known.map(|id| id as u16).ok_or_else(|| Refusal::Reason(format!("{id} is no id below {vocabulary}")))
    }

    /// The most ids that the model sees beside `<s>` and, in an encoder, `</s>`.
    fn room(&self) -> usize {
        let around = match self.spec.architecture {
            Architecture::GptNeo => 1,
            Architecture::Roberta => 2,
        };
        (self.spec.context as usize).saturating_sub(around)
    }
}

enum Refusal {
    Reason(String),
    Tokenizer(DataError),
}

impl<R: BufRead> Iterator for Texts<'_, R> {
    type Item = Result<Text, TextError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::tokenizer;
    use crate::model::sample;

    fn read(architecture: Architecture, truncate: bool, lines: &str) -> Vec<Result<Text, String>> {
        let spec = sample::spec(architecture, &[]);
        let tokenizer = tokenizer();
        let texts = Texts { lines: lines.as_bytes().lines(), tokenizer: &tokenizer, spec: &spec, truncate, read: 0 };
        texts.map(|text| text.map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn fields_are_kept_and_ids_are_those_of_the_text() {
        let texts = read(Architecture::GptNeo, false, "{\"text\": \"The cat\", \"name\": 7}\n\n{\"ids\": [5, 299]}\n");
        let text = texts[0].as_ref().unwrap();
        assert_eq!(text.ids, tokenizer().encode_bare(vec!["The cat"]).unwrap()[0]);
        assert_eq!(text.fields["name"], 7);
        assert_eq!(texts[1].as_ref().unwrap().ids, [5, 299]);
    }

    #[test]
    fn lines_that_cannot_be_scored_say_what_would_be_right() {
        let error = |line: &str| read(Architecture::GptNeo, false, line).remove(0).unwrap_err();
        insta::assert_snapshot!(error("\nThe cat"), @r#"line 2 of the texts: expected value at line 1 column 1; expected an object such as {"text": "Once upon a time"} or {"ids": [5, 17, 9]}"#);
        insta::assert_snapshot!(error("{\"words\": 3}"), @r#"line 1 of the texts: it has not one of `text` and `ids`; expected an object such as {"text": "Once upon a time"} or {"ids": [5, 17, 9]}"#);
        insta::assert_snapshot!(error("{\"ids\": [300]}"), @"line 1 of the texts: 300 is no id below 300");
        let long = format!("{{\"ids\": {:?}}}", [7; 16]);
        insta::assert_snapshot!(error(&long), @"line 1 of the texts: 16 tokens are too many: a context of 16 has room for 15 beside the special ones; shorten it, or cut all such texts with --truncate");
        assert_eq!(read(Architecture::GptNeo, true, &long)[0].as_ref().unwrap().ids.len(), 15);
        assert_eq!(read(Architecture::Roberta, true, &long)[0].as_ref().unwrap().ids.len(), 14);
    }
}
