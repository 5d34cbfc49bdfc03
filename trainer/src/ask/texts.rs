//! What is to be scored: a line of JSON for each text.

use std::io::{self, BufRead};

use serde_json::{Map, Value};
use spec::json_lines;
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
    #[error("cannot read {name}")]
    Read {
        /// The file, or `standard input`.
        name: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("{name}, line {line}: {reason}")]
    Line {
        /// The file, or `standard input`.
        name: String,
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
    pub source: R,
    /// What that is called: the file, or `standard input`.
    pub name: String,
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
            let Some(line) = self.line()? else {
                return Ok(None);
            };
            if line.trim().is_empty() {
                continue;
            }
            return self.parse(&line).map(Some).map_err(|error| match error {
                Refusal::Reason(reason) => self.wrong(reason),
                Refusal::Tokenizer(error) => TextError::Tokenizer(error),
            });
        }
    }

    /// The next line; a byte-order mark before the first is passed over.
    fn line(&mut self) -> Result<Option<String>, TextError> {
        let mut bytes = Vec::new();
        let count = self.source.read_until(b'\n', &mut bytes);
        let count = count.map_err(|source| TextError::Read { name: self.name.clone(), source })?;
        if count == 0 {
            return Ok(None);
        }
        self.read += 1;
        let marked = bytes.strip_prefix(BYTE_ORDER_MARK).filter(|_| self.read == 1);
        let text = std::str::from_utf8(marked.unwrap_or(&bytes)).map_err(|error| {
            self.wrong(format!("byte {} of it is not UTF-8; expected a text file in UTF-8", error.valid_up_to() + 1))
        })?;
        Ok(Some(text.to_owned()))
    }

    /// The error of the line that was read last.
    fn wrong(&self, reason: String) -> TextError {
        TextError::Line { name: self.name.clone(), line: self.read, reason }
    }

    fn parse(&self, line: &str) -> Result<Text, Refusal> {
        let refused = |reason: String| Refusal::Reason(format!("{reason}; expected {EXPECTED}"));
        let fields: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| refused(json_lines::in_line(&error)))?;
        let mut ids = match (fields.get("text"), fields.get("ids")) {
            (Some(Value::String(text)), None) => {
                self.tokenizer.encode_bare(vec![text]).map_err(Refusal::Tokenizer)?.remove(0)
            }
            (None, Some(Value::Array(ids))) => ids.iter().map(|id| self.id(id)).collect::<Result<_, _>>()?,
            (Some(_), Some(_)) => return Err(refused("it has both `text` and `ids`".to_owned())),
            (Some(text), None) => return Err(refused(format!("`text` is {}, not a string", shown(text)))),
            (None, Some(ids)) => return Err(refused(format!("`ids` is {}, not a list", shown(ids)))),
            (None, None) => return Err(refused("it has neither `text` nor `ids`".to_owned())),
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

/// What some programs write before the first line of a file in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

const EXPECTED: &str = "an object such as {\"text\": \"Once upon a time\"} or {\"ids\": [5, 17, 9]}";

/// A value as it was written, its end left out if it is long.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { text.chars().take(37).chain("...".chars()).collect() }
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

    fn read(architecture: Architecture, truncate: bool, lines: impl AsRef<[u8]>) -> Vec<Result<Text, String>> {
        let spec = sample::spec(architecture, &[]);
        let tokenizer = tokenizer();
        let name = "texts.jsonl".to_owned();
        let texts = Texts { source: lines.as_ref(), name, tokenizer: &tokenizer, spec: &spec, truncate, read: 0 };
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
        insta::assert_snapshot!(error("\nThe cat"), @r#"texts.jsonl, line 2: expected value at column 1; expected an object such as {"text": "Once upon a time"} or {"ids": [5, 17, 9]}"#);
        insta::assert_snapshot!(error("{\"words\": 3}"), @r#"texts.jsonl, line 1: it has neither `text` nor `ids`; expected an object such as {"text": "Once upon a time"} or {"ids": [5, 17, 9]}"#);
        insta::assert_snapshot!(error("{\"ids\": [300]}"), @"texts.jsonl, line 1: 300 is no id below 300");
        let long = format!("{{\"ids\": {:?}}}", [7; 16]);
        insta::assert_snapshot!(error(&long), @"texts.jsonl, line 1: 16 tokens are too many: a context of 16 has room for 15 beside the special ones; shorten it, or cut all such texts with --truncate");
        assert_eq!(read(Architecture::GptNeo, true, &long)[0].as_ref().unwrap().ids.len(), 15);
        assert_eq!(read(Architecture::Roberta, true, &long)[0].as_ref().unwrap().ids.len(), 14);
        for (line, expected) in [
            ("{\"text\": 5}", "`text` is 5, not a string; expected"),
            ("{\"ids\": \"5 6\"}", "`ids` is \"5 6\", not a list; expected"),
            ("{\"text\": \"a\", \"ids\": [5]}", "it has both `text` and `ids`; expected"),
            ("[5]", "invalid type: sequence, expected a map"),
        ] {
            assert!(error(line).starts_with(&format!("texts.jsonl, line 1: {expected}")), "{}", error(line));
        }
    }

    #[test]
    fn files_that_are_no_text_say_where() {
        let line = b"{\"text\": \"The cat\"}\n".as_slice();
        let marked = read(Architecture::GptNeo, false, [BYTE_ORDER_MARK, line, BYTE_ORDER_MARK, line].concat());
        assert_eq!(marked[0], Ok(read(Architecture::GptNeo, false, line).remove(0).unwrap()));
        assert!(marked[1].as_ref().unwrap_err().starts_with("texts.jsonl, line 2: expected value at column 1"));
        let latin = read(Architecture::GptNeo, false, [line, b"\n{\"text\": \"caf\xe9\"}\n".as_slice()].concat());
        let said = latin[1].as_ref().unwrap_err();
        assert_eq!(said, "texts.jsonl, line 3: byte 14 of it is not UTF-8; expected a text file in UTF-8");

        let home = tempfile::tempdir().unwrap();
        let (spec, tokenizer) = (sample::spec(Architecture::GptNeo, &[]), tokenizer());
        let source = io::BufReader::new(std::fs::File::open(home.path()).unwrap());
        let name = home.path().display().to_string();
        let mut texts = Texts { source, name, tokenizer: &tokenizer, spec: &spec, truncate: false, read: 0 };
        let said = texts.next().unwrap().unwrap_err();
        assert_eq!(said.to_string(), format!("cannot read {}", home.path().display()));
        assert!(std::error::Error::source(&said).unwrap().to_string().contains("Is a directory"));
    }
}
