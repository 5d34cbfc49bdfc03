//! JSON Lines, with the place of whatever is wrong.

use serde_json::{Map, Value};

use super::error::StoreError;
use spec::json_lines;

/// A file of lines that is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    /// Its name, for messages.
    pub file: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

impl Lines<'_> {
    /// Gives `visit` every object with its line number; blank lines are passed over. Gives how many objects there are.
    ///
    /// # Errors
    /// When the file is not UTF-8, a line is no JSON object, `visit` says what is wrong with one, or there is none.
    pub fn each(
        &self,
        mut visit: impl FnMut(u64, Map<String, Value>) -> Result<(), String>,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        for (line, text) in json_lines::lines(self.content) {
            let bad = |reason: String| StoreError::BadLine { file: self.file.to_owned(), line, reason };
            let text = text.map_err(bad)?;
            let object = serde_json::from_str(text)
                .map_err(|error| bad(format!("expected a JSON object on one line: {}", json_lines::in_line(&error))))?;
            visit(line, object).map_err(bad)?;
            count += 1;
        }
        if count == 0 {
            return Err(StoreError::Empty { file: self.file.to_owned(), what: "line of JSON" });
        }
        Ok(count)
    }
}

/// The text of a field that must have some.
///
/// # Errors
/// What is wrong, in words.
pub fn text<'a>(object: &'a Map<String, Value>, field: &str) -> Result<&'a str, String> {
    match object.get(field) {
        Some(Value::String(text)) if text.trim().is_empty() => Err(format!("{field} is blank")),
        Some(Value::String(text)) => Ok(text),
        Some(other) => Err(format!("{field} is {other}, not a text")),
        None => Err(format!("there is no field {field}")),
    }
}
