//! JSON Lines files of items: a line each, blank lines passed over, every fault named by file and line.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::TaskError;
use spec::json_lines;

/// An id as the files have it: a number or a text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// `7`.
    Number(i64),
    /// `"7"`.
    Text(String),
}

impl std::fmt::Display for Id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(formatter),
            Self::Text(text) => text.fmt(formatter),
        }
    }
}

/// A file of items.
#[derive(Debug, Clone, Copy)]
pub struct ItemFile<'a> {
    /// Its path, or its name where it is part of something else.
    pub path: &'a Path,
    /// Its content.
    pub content: &'a [u8],
}

impl ItemFile<'_> {
    /// Its lines that are not blank.
    pub fn count(&self) -> u64 {
        json_lines::lines(self.content).count() as u64
    }
}

/// The examples of `file`, in order. `convert` makes one of a line and `ids` says what no other line may be called.
///
/// # Errors
/// When the file is not UTF-8 or holds nothing; when a line is not what `convert` needs, or an id comes twice.
pub(in crate::finetune) fn read<Line: DeserializeOwned, Example>(
    file: &ItemFile<'_>,
    convert: impl Fn(Line) -> Result<Example, String>,
    ids: impl Fn(&Example) -> Vec<String>,
) -> Result<Vec<Example>, TaskError> {
    let path = file.path;
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut examples = Vec::new();
    for (line, text) in json_lines::lines(file.content) {
        let bad = |reason: String| TaskError::Line { path: path.to_owned(), line, reason };
        let text = text.map_err(bad)?;
        let parsed = serde_json::from_str(text)
            .map_err(|error| bad(format!("not an item of this task: {}", json_lines::in_line(&error))))?;
        let example = convert(parsed).map_err(bad)?;
        for id in ids(&example) {
            if let Some(earlier) = seen.insert(id.clone(), line) {
                return Err(bad(format!("the id {id} was that of line {earlier} already; every item needs its own")));
            }
        }
        examples.push(example);
    }
    if examples.is_empty() { Err(TaskError::Empty { path: path.to_owned() }) } else { Ok(examples) }
}

/// Says which of these fields is blank, if one is.
pub(in crate::finetune) fn not_blank(fields: &[(&str, &str)]) -> Result<(), String> {
    match fields.iter().find(|(_, text)| text.trim().is_empty()) {
        Some((name, _)) => Err(format!("{name} is blank; a text is needed")),
        None => Ok(()),
    }
}

/// The place of a label among the names of the classes. Truth values are the classes `false` and `true`.
pub(in crate::finetune) fn class(label: Option<&serde_json::Value>, names: &[&str]) -> Result<usize, String> {
    let wanted = names.join(", ");
    let Some(label) = label else {
        return Err(format!("it has no label; one of {wanted} is needed (test sets without labels cannot be used)"));
    };
    let said = match label {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let found = names.iter().position(|name| *name == said);
    found.ok_or_else(|| format!("the label {label} is none of this task; one of {wanted} is needed"))
}

/// The characters `range` of a text, if it has them all.
pub(in crate::finetune) fn characters(text: &str, range: &std::ops::Range<usize>) -> Option<String> {
    let found: String = text.chars().skip(range.start).take(range.len()).collect();
    (!range.is_empty() && found.chars().count() == range.len()).then_some(found)
}
