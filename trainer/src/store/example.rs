//! Labelled examples of a person's own: which fields a line must have, and what a label may be. The lines of known
//! tasks are read by [`crate::finetune::tasks`].

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::error::StoreError;
use super::lines::{Lines, text};

/// What an example of a task looks like.
#[derive(Debug, Clone, PartialEq)]
pub struct Example {
    /// The fields that hold text, in the order in which a model reads them.
    pub texts: Vec<String>,
    /// The field that holds the label.
    pub label: String,
    /// What a label may be; by their order they are the classes.
    pub labels: Vec<Value>,
    /// The field that names the example, the same in no other line.
    pub id: Option<String>,
}

impl Example {
    /// Checks every line of a file; gives how many there are.
    ///
    /// # Errors
    /// The first line that is no example, or has the id of an earlier one.
    pub fn check(&self, lines: Lines<'_>) -> Result<u64, StoreError> {
        let mut ids: BTreeMap<String, u64> = BTreeMap::new();
        lines.each(|line, object| {
            self.check_one(&object)?;
            let Some(id) = self.id.as_ref().and_then(|field| object.get(field)) else { return Ok(()) };
            match ids.insert(id.to_string(), line) {
                Some(earlier) => Err(format!("the example {id} stands on line {earlier} already; ids must differ")),
                None => Ok(()),
            }
        })
    }

    fn check_one(&self, object: &Map<String, Value>) -> Result<(), String> {
        for field in &self.texts {
            // `target.span1_text` is a field of a field.
            match field.split_once('.') {
                Some((outer, inner)) => text(inner_object(object, outer)?, inner)?,
                None => text(object, field)?,
            };
        }
        self.check_label(object)
    }

    fn check_label(&self, object: &Map<String, Value>) -> Result<(), String> {
        let field = &self.label;
        let found = object.get(field).ok_or_else(|| format!("there is no field {field}"))?;
        if self.labels.contains(found) {
            return Ok(());
        }
        let known: Vec<String> = self.labels.iter().map(Value::to_string).collect();
        Err(format!("{field} is {found}; expected one of {}", known.join(", ")))
    }
}

fn inner_object<'a>(object: &'a Map<String, Value>, field: &str) -> Result<&'a Map<String, Value>, String> {
    object.get(field).and_then(Value::as_object).ok_or_else(|| format!("there is no object {field}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn error(example: &Example, content: &str) -> String {
        example.check(Lines { file: "a.jsonl", content: content.as_bytes() }).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_example_is_named_by_file_and_line() {
        let example = Example {
            texts: vec!["premise".to_owned(), "target.span".to_owned()],
            label: "label".to_owned(),
            labels: vec![json!("yes"), json!("no")],
            id: Some("idx".to_owned()),
        };
        let good = r#"{"premise": "A", "target": {"span": "B"}, "label": "no", "idx": 7}"#;
        assert_eq!(example.check(Lines { file: "a.jsonl", content: format!("\n{good}\n").as_bytes() }).unwrap(), 1);
        insta::assert_snapshot!(error(&example, &format!("{good}\n{good}")), @"a.jsonl, line 2: the example 7 stands on line 1 already; ids must differ");
        insta::assert_snapshot!(error(&example, &good.replace("\"no\"", "\"maybe\"")), @r#"a.jsonl, line 1: label is "maybe"; expected one of "yes", "no""#);
        insta::assert_snapshot!(error(&example, &good.replace("\"no\"", "1")), @r#"a.jsonl, line 1: label is 1; expected one of "yes", "no""#);
        insta::assert_snapshot!(error(&example, &good.replace("\"A\"", "\" \"")), @"a.jsonl, line 1: premise is blank");
        insta::assert_snapshot!(error(&example, &good.replace("\"B\"", "3")), @"a.jsonl, line 1: span is 3, not a text");
        insta::assert_snapshot!(error(&example, &good.replace("target", "goal")), @"a.jsonl, line 1: there is no object target");
        insta::assert_snapshot!(error(&example, &format!("{good}\n{{\"premise\"")), @"a.jsonl, line 2: expected a JSON object on one line: EOF while parsing an object at column 10");
        insta::assert_snapshot!(error(&example, "\n \n"), @"a.jsonl holds no line of JSON");
    }
}
