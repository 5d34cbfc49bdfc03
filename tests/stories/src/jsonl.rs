//! Minimal pairs in the JSON lines of BLiMP.

use std::fmt::Write as _;

use crate::pairs::MinimalPair;

/// One line a pair: `{"sentence_good": …, "sentence_bad": …, "UID": "<paradigm>"}`.
pub fn to_jsonl(pairs: &[MinimalPair]) -> String {
    let mut lines = String::new();
    for pair in pairs {
        let fields =
            [("{", "sentence_good", &*pair.good), (", ", "sentence_bad", &*pair.bad), (", ", "UID", pair.paradigm)];
        for (lead, key, value) in fields {
            lines.push_str(lead);
            push_string(key, &mut lines);
            lines.push_str(": ");
            push_string(value, &mut lines);
        }
        lines.push_str("}\n");
    }
    lines
}

/// The text as a JSON string (RFC 8259, section 7).
fn push_string(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            '\0'..='\u{1f}' => {
                write!(json, "\\u{:04x}", u32::from(character)).expect("invariant: a String takes every write");
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}
