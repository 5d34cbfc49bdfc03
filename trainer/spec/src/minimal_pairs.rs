//! Files of minimal pairs, in BLiMP's form (Warstadt et al. 2020, arXiv:1912.00582): what the trainer takes, and what
//! the launcher looks at before any run is trained for it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::json_lines;

/// A line of a file of pairs. Benchmarks carry more fields; these are what a score needs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Line {
    /// The grammatical sentence.
    pub sentence_good: String,
    /// The other one.
    pub sentence_bad: String,
    /// What the pair tests.
    #[serde(rename = "UID")]
    pub paradigm: String,
    /// The field that the paradigm belongs to.
    #[serde(rename = "linguistics_term")]
    pub field: Option<String>,
    #[serde(alias = "pairID", alias = "pair_id")]
    id: Option<serde_json::Value>,
}

/// What becomes of a pair of which both sentences are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Same {
    /// It is an error.
    Refused,
    /// It is kept, and will be a tie: BLiMP as published has seven.
    Kept,
}

/// Why content is no file of pairs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairsError {
    /// It is not text.
    #[error("line {line} is not UTF-8, at byte {offset} of the file")]
    NotUtf8 {
        /// From 1.
        line: u64,
        /// From 0.
        offset: u64,
    },
    /// A line is not a pair, or one that was there already.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong.
        reason: String,
    },
    /// There is no pair in it.
    #[error("it holds no minimal pair")]
    Empty,
}

/// The lines of `content`, in order; blank ones are passed over.
///
/// # Errors
/// When it holds no pair; when a line is not a pair of two sentences, different ones unless `same` keeps them, or has
/// the id of an earlier one.
pub fn lines(content: &[u8], same: Same) -> Result<Vec<Line>, PairsError> {
    let text = std::str::from_utf8(content).map_err(|error| {
        let offset = error.valid_up_to();
        let line = content[..offset].split(|&byte| byte == b'\n').count() as u64;
        PairsError::NotUtf8 { line, offset: offset as u64 }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = Vec::new();
    let mut ids: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (number, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let bad = |reason| PairsError::Line { line: number, reason };
        let line = parse(text, same).map_err(bad)?;
        if let Some(id) = &line.id
            && let Some(earlier) = ids.insert((line.paradigm.clone(), id.to_string()), number)
        {
            let paradigm = &line.paradigm;
            return Err(bad(format!("the pair {id} of {paradigm} stands on line {earlier} already; ids must differ")));
        }
        lines.push(line);
    }
    if lines.is_empty() { Err(PairsError::Empty) } else { Ok(lines) }
}

fn parse(text: &str, same: Same) -> Result<Line, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let said = json_lines::in_line(&error);
        format!("not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): {said}")
    })?;
    for (field, text) in
        [("sentence_good", &line.sentence_good), ("sentence_bad", &line.sentence_bad), ("UID", &line.paradigm)]
    {
        if text.trim().is_empty() {
            return Err(format!("{field} is blank"));
        }
    }
    if same == Same::Refused && line.sentence_good == line.sentence_bad {
        return Err(format!("sentence_good and sentence_bad are both {:?}", line.sentence_good));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pair_is_named_by_its_line() {
        let good = "{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cats.\", \"UID\": \"u\", \"pairID\": 7}";
        let said = |text: &str| lines(text.as_bytes(), Same::Refused).unwrap_err().to_string();
        let two = format!("\u{feff}{good}\r\n\n{}", good.replace('7', "8"));
        assert_eq!(lines(two.as_bytes(), Same::Refused).unwrap().len(), 2);
        assert!(lines(good.replace(", \"pairID\": 7", ", \"more\": [1]").as_bytes(), Same::Refused).is_ok());
        assert_eq!(said("\n \n"), "it holds no minimal pair");
        let no_pair = "not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): ";
        assert_eq!(said(&format!("{good}\nnonsense")), format!("line 2: {no_pair}expected ident at column 2"));
        assert_eq!(
            said("\n{\"sentence_good\": \"A\"}"),
            format!("line 2: {no_pair}missing field `sentence_bad` at column 22")
        );
        assert_eq!(said(&good.replace("A cats.", " ")), "line 1: sentence_bad is blank");
        let same = good.replace("cats", "cat");
        assert_eq!(said(&same), "line 1: sentence_good and sentence_bad are both \"A cat.\"");
        assert_eq!(lines(same.as_bytes(), Same::Kept).unwrap().len(), 1);
        assert_eq!(
            said(&format!("{good}\n{good}")),
            "line 2: the pair 7 of u stands on line 1 already; ids must differ"
        );
        assert_eq!(lines(b"\n\xff", Same::Refused), Err(PairsError::NotUtf8 { line: 2, offset: 1 }));
    }
}
