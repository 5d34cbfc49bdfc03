//! Whether a person's file of minimal pairs is one, before any run is trained for it. What is refused here is what the trainer
//! refuses: a line that is no pair, a pair of the same sentence twice, an id twice.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A line of the file: what the trainer needs of it.
#[derive(Deserialize)]
struct Line {
    sentence_good: String,
    sentence_bad: String,
    #[serde(rename = "UID")]
    paradigm: String,
    // Only looked at: the trainer takes no other type.
    #[serde(rename = "linguistics_term")]
    _field: Option<String>,
    #[serde(alias = "pairID", alias = "pair_id")]
    id: Option<serde_json::Value>,
}

/// Looks at the content of a file; blank lines are passed over.
///
/// # Errors
/// The first line that the trainer would refuse, or that there is no pair, in words that follow the file's name.
pub(super) fn check(content: &[u8]) -> Result<(), String> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let mut ids: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut found = false;
    for (number, bytes) in (1..).zip(content.split(|byte| *byte == b'\n')) {
        let bad = |reason: String| format!(", line {number}: {reason}");
        let text = std::str::from_utf8(bytes)
            .map_err(|error| bad(format!("byte {} of the line is not UTF-8", error.valid_up_to())))?;
        if text.trim().is_empty() {
            continue;
        }
        let line = parse(text).map_err(bad)?;
        found = true;
        let Some(id) = &line.id else { continue };
        if let Some(earlier) = ids.insert((line.paradigm.clone(), id.to_string()), number) {
            let paradigm = &line.paradigm;
            return Err(bad(format!("the pair {id} of {paradigm} stands on line {earlier} already; ids must differ")));
        }
    }
    if found { Ok(()) } else { Err(" holds no minimal pair".to_owned()) }
}

fn parse(text: &str) -> Result<Line, String> {
    let line: Line = serde_json::from_str(text).map_err(|error| {
        let said = error.to_string();
        let said = said.split(" at line ").next().unwrap_or(&said);
        format!("not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): {said}")
    })?;
    for (field, text) in
        [("sentence_good", &line.sentence_good), ("sentence_bad", &line.sentence_bad), ("UID", &line.paradigm)]
    {
        if text.trim().is_empty() {
            return Err(format!("{field} is blank"));
        }
    }
    if line.sentence_good == line.sentence_bad {
        return Err(format!("sentence_good and sentence_bad are both {:?}", line.sentence_good));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_trainer_would_refuse_is_named_by_its_line() {
        let good = "{\"sentence_good\": \"A cat.\", \"sentence_bad\": \"A cats.\", \"UID\": \"u\", \"pairID\": 7}";
        let said = |text: &str| check(text.as_bytes()).unwrap_err();
        assert_eq!(check(format!("\u{feff}{good}\r\n\n{}", good.replace('7', "8")).as_bytes()), Ok(()));
        assert_eq!(check(good.replace(", \"pairID\": 7", ", \"more\": [1]").as_bytes()), Ok(()));
        assert_eq!(said("\n \n"), " holds no minimal pair");
        let no_pair = "not a pair (a JSON object with the texts sentence_good, sentence_bad and UID): ";
        assert_eq!(said(&format!("{good}\nnonsense")), format!(", line 2: {no_pair}expected ident"));
        assert_eq!(said("\n{\"sentence_good\": \"A\"}"), format!(", line 2: {no_pair}missing field `sentence_bad`"));
        assert_eq!(said(&good.replace("A cats.", " ")), ", line 1: sentence_bad is blank");
        assert_eq!(said(&good.replace("cats", "cat")), ", line 1: sentence_good and sentence_bad are both \"A cat.\"");
        assert_eq!(
            said(&format!("{good}\n{good}")),
            ", line 2: the pair 7 of u stands on line 1 already; ids must differ"
        );
        assert_eq!(check(b"\n\xff").unwrap_err(), ", line 2: byte 0 of the line is not UTF-8");
    }
}
