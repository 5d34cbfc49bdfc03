//! Minimal pairs, brought into one form: `{"sentence_good", "sentence_bad", "UID", "linguistics_term"}` on a line each.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::StoreError;
use super::lines::{Lines, text};

/// How files of pairs are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairForm {
    /// The field of the grammatical sentence.
    pub good: String,
    /// The field of the other one.
    pub bad: String,
    /// What a pair tests.
    pub paradigm: Naming,
    /// The field of linguistics that a paradigm belongs to.
    pub field: Option<Naming>,
    /// Fields that name a pair within its paradigm, the same in no other line; the first that a line has counts.
    pub ids: Vec<String>,
    /// Whether a pair of the same sentence twice is kept, as in a benchmark that was published with some.
    pub keeps_same: bool,
}

/// Where a name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Naming {
    /// From a field of the line.
    Field(String),
    /// From the name of the file.
    File,
    /// From the name of the folder that the file lies in, up to its first `_`.
    Folder,
}

#[derive(Serialize)]
struct Line<'a> {
    sentence_good: &'a str,
    sentence_bad: &'a str,
    #[serde(rename = "UID")]
    paradigm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    linguistics_term: Option<String>,
}

/// What came of files of pairs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// The lines.
    pub lines: Vec<u8>,
    /// How many.
    pub count: u64,
    /// How many are the same sentence twice.
    pub same: u64,
}

impl PairForm {
    /// Adds the pairs of a file, whose path this is, to `pairs`.
    ///
    /// # Errors
    /// The first line that is no pair.
    pub fn add(&self, path: &str, content: &[u8], pairs: &mut Pairs) -> Result<(), StoreError> {
        let mut ids: BTreeMap<(String, String), u64> = BTreeMap::new();
        let count = Lines { file: path, content }.each(|line, object| {
            let (good, bad) = (text(&object, &self.good)?, text(&object, &self.bad)?);
            if good == bad {
                if !self.keeps_same {
                    return Err(format!("{} and {} are both {good:?}", self.good, self.bad));
                }
                pairs.same += 1;
            }
            let paradigm = name(&self.paradigm, path, &object)?;
            if let Some(id) = self.ids.iter().find_map(|field| object.get(field))
                && let Some(earlier) = ids.insert((id_scope(&object, &paradigm), id.to_string()), line)
            {
                return Err(format!("the pair {id} of {paradigm} stands on line {earlier} already; ids must differ"));
            }
            let linguistics_term = self.field.as_ref().map(|naming| name(naming, path, &object)).transpose()?;
            let line = Line { sentence_good: good, sentence_bad: bad, paradigm, linguistics_term };
            serde_json::to_writer(&mut pairs.lines, &line).expect("invariant: texts are JSON");
            pairs.lines.push(b'\n');
            Ok(())
        })?;
        pairs.count += count;
        Ok(())
    }
}

/// Within what an id must be the only one: BabyLM's files hold several paradigms of BLiMP, each with ids of its own.
fn id_scope(object: &Map<String, Value>, paradigm: &str) -> String {
    object.get("UID").and_then(Value::as_str).unwrap_or(paradigm).to_owned()
}

fn name(naming: &Naming, path: &str, object: &Map<String, Value>) -> Result<String, String> {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or(path);
    match naming {
        Naming::Field(field) => text(object, field).map(str::to_owned),
        Naming::File => Ok(file.split('.').next().unwrap_or(file).to_owned()),
        Naming::Folder => Ok(parts.next().and_then(|folder| folder.split('_').next()).unwrap_or("none").to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(paradigm: Naming, field: Option<Naming>) -> PairForm {
        let [good, bad] = ["good", "bad"].map(str::to_owned);
        PairForm { good, bad, paradigm, field, ids: vec!["id".to_owned()], keeps_same: false }
    }

    #[test]
    fn names_come_from_where_the_form_says() {
        let mut pairs = Pairs::default();
        let form = form(Naming::File, Some(Naming::Folder));
        form.add("x/blimp_filtered/binding.json", br#"{"good": "A", "bad": "B", "id": 1}"#, &mut pairs).unwrap();
        let expected = r#"{"sentence_good":"A","sentence_bad":"B","UID":"binding","linguistics_term":"blimp"}"#;
        assert_eq!(String::from_utf8(pairs.lines).unwrap(), format!("{expected}\n"));
        assert_eq!((pairs.count, pairs.same), (1, 0));
    }

    #[test]
    fn what_is_no_pair_is_named_by_file_and_line() {
        let form = form(Naming::Field("uid".to_owned()), None);
        let error =
            |content: &str| form.add("p.jsonl", content.as_bytes(), &mut Pairs::default()).unwrap_err().to_string();
        let good = r#"{"good": "A", "bad": "B", "id": 1, "uid": "u"}"#;
        insta::assert_snapshot!(error(&format!("{good}\n{good}")), @"p.jsonl, line 2: the pair 1 of u stands on line 1 already; ids must differ");
        insta::assert_snapshot!(error(&good.replace("\"B\"", "\"A\"")), @r#"p.jsonl, line 1: good and bad are both "A""#);
        insta::assert_snapshot!(error(&good.replace("\"B\"", "\"\"")), @"p.jsonl, line 1: bad is blank");
        insta::assert_snapshot!(error(&good.replace("uid", "u")), @"p.jsonl, line 1: there is no field uid");
    }
}
