//! Sets that a person describes in TOML.
//!
//! ```toml
//! [[set]]
//! name = "my-pairs"
//! form = "pairs"
//! files = { "pairs.jsonl" = "garden_paths.jsonl" }   # name in the store = the end of a path, or an address
//! good = "grammatical"                               # the fields; these are BLiMP's names if left out
//! bad = "ungrammatical"
//! paradigm = "construction"
//! field = "area"
//!
//! [[set]]
//! name = "my-labels"
//! form = "examples"
//! files = { "train.jsonl" = "train.jsonl", "validation.jsonl" = "dev.jsonl" }
//! texts = ["premise", "hypothesis"]
//! label = "label"
//! labels = ["yes", "no"]
//! id = "idx"                                         # need not be given
//! ```
//!
//! A name that the catalogue has is refused. Pairs are measured by their set's name (`seedbed-trainer evaluate --tasks
//! my-pairs`). Labelled examples are checked, kept and handed on; no task is tuned on them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::catalogue::{self, GROUPS};
use super::error::StoreError;
use super::example::Example;
use super::pair::{Naming, PairForm};
use super::set::{Download, Form, Set, SetFile};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    set: Vec<Described>,
}

#[derive(Deserialize)]
#[serde(tag = "form", rename_all = "kebab-case", deny_unknown_fields)]
enum Described {
    Pairs {
        name: String,
        files: BTreeMap<String, String>,
        #[serde(default)]
        meaning: String,
        good: Option<String>,
        bad: Option<String>,
        paradigm: Option<String>,
        field: Option<String>,
        id: Option<String>,
    },
    Examples {
        name: String,
        files: BTreeMap<String, String>,
        #[serde(default)]
        meaning: String,
        texts: Vec<String>,
        label: String,
        labels: Vec<serde_json::Value>,
        id: Option<String>,
    },
}

/// The sets that the file at `path` describes.
///
/// # Errors
/// When it cannot be read or is not TOML of this form, or a name is not one.
pub fn read(path: &Path) -> Result<Vec<Set>, StoreError> {
    let text = fs::read_to_string(path).map_err(|error| StoreError::read(path, error))?;
    let wrong = |reason: String| StoreError::Description { path: path.to_owned(), reason };
    let file: File = toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
    let sets: Vec<Set> =
        file.set.into_iter().map(|described| set(described).map_err(wrong)).collect::<Result<_, _>>()?;
    for (index, set) in sets.iter().enumerate() {
        if sets[..index].iter().any(|earlier| earlier.name == set.name) {
            return Err(wrong(format!("two sets are called `{}`; each needs a name of its own", set.name)));
        }
        if GROUPS.iter().any(|(group, _)| *group == set.name) {
            return Err(wrong(format!("`{}` stands for several sets already; another name is needed", set.name)));
        }
        // Scores of whatever a person calls BLiMP would stand beside those of BLiMP.
        if catalogue::sets().iter().any(|known| known.name == set.name) {
            return Err(wrong(format!("`{}` is a set that is known already; another name is needed", set.name)));
        }
    }
    Ok(sets)
}

/// The first of these that stands among them twice.
fn twice<T: PartialEq>(things: &[T]) -> Option<&T> {
    things.iter().enumerate().find(|(index, thing)| things[..*index].contains(thing)).map(|(_, thing)| thing)
}

fn set(described: Described) -> Result<Set, String> {
    let (name, meaning, files, form) = match described {
        Described::Pairs { name, files, meaning, good, bad, paradigm, field, id } => {
            let form = PairForm {
                good: good.unwrap_or_else(|| "sentence_good".to_owned()),
                bad: bad.unwrap_or_else(|| "sentence_bad".to_owned()),
                paradigm: paradigm.map_or(Naming::File, Naming::Field),
                field: field.map(Naming::Field),
                ids: id.into_iter().collect(),
                keeps_same: false,
            };
            if form.good == form.bad {
                return Err(format!("{name}: good and bad are the same field, `{}`", form.good));
            }
            (name, meaning, files, Form::Pairs(form))
        }
        Described::Examples { name, files, meaning, texts, label, labels, id } => {
            if texts.is_empty() || labels.len() < 2 {
                return Err(format!("{name}: examples need one text or more, and two labels or more"));
            }
            if let Some(label) = twice(&labels) {
                return Err(format!("{name}: the label {label} is listed twice"));
            }
            if texts.contains(&label) {
                return Err(format!(
                    "{name}: the label's field, `{label}`, is one of the texts, where the model would read it"
                ));
            }
            (name, meaning, files, Form::Examples(Example { texts, label, labels, id }))
        }
    };
    for name in files.keys().chain([&name]) {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_plain) {
            return Err(format!("`{name}` is no name: letters, digits, `-`, `_` and `.` make one"));
        }
    }
    if files.is_empty() {
        return Err(format!("{name} has no files"));
    }
    if let Some((file, _)) = files.iter().find(|(_, source)| source.rsplit('/').next().unwrap_or_default().is_empty()) {
        return Err(format!("{name}: `{file}` comes from no file: the end of a path or an address is needed"));
    }
    let is_address = |source: &&String| source.starts_with("http://") || source.starts_with("https://");
    let downloads = files.values().filter(is_address).map(|url| Download { url: url.clone(), sha256: None });
    let downloads = downloads.collect();
    // A download is found by the end of its address.
    let names = |source: String| match source.rsplit_once('/') {
        Some((_, end)) => vec![end.to_owned(), source],
        None => vec![source],
    };
    let file = |(file, source): (String, String)| SetFile {
        name: file,
        parts: vec![names(source)],
        form: form.clone(),
        published: None,
        content: None,
        needed: true,
        parquet: None,
    };
    let files = files.into_iter().map(file).collect();
    Ok(Set { name, meaning, licence: String::new(), downloads, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(text: &str) -> Result<Vec<Set>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sets.toml");
        fs::write(&path, text).unwrap();
        read(&path).map_err(|error| error.to_string().replace(&format!("{}: ", path.display()), ""))
    }

    #[test]
    fn sets_are_as_described() {
        let sets = described(
            "[[set]]\nname = 'p'\nform = 'pairs'\nfiles = { 'pairs.jsonl' = 'https://a.org/x/g.jsonl' }\ngood = 'g'\n\
             [[set]]\nname = 'e'\nform = 'examples'\nfiles = { 'train.jsonl' = 't.jsonl' }\ntexts = ['a']\nlabel = 'y'\nlabels = [0, 1]\n",
        )
        .unwrap();
        assert_eq!(sets[0].downloads[0].url, "https://a.org/x/g.jsonl");
        assert_eq!(sets[0].files[0].part("somewhere/g.jsonl"), Some((0, 0)));
        assert_eq!(sets[1].files[0].parts, [["t.jsonl"]]);
        let Form::Pairs(form) = &sets[0].files[0].form else { panic!("pairs") };
        assert_eq!((form.good.as_str(), form.bad.as_str(), &form.paradigm), ("g", "sentence_bad", &Naming::File));
        assert!(sets[1].downloads.is_empty());
        let Form::Examples(example) = &sets[1].files[0].form else { panic!("examples") };
        assert_eq!(example.labels, [serde_json::json!(0), serde_json::json!(1)]);
    }

    #[test]
    fn a_wrong_description_is_refused() {
        let error = |text: &str| described(text).unwrap_err();
        assert!(error("[[set]]\nname = 'p'\nform = 'pair'\nfiles = {}\n").contains("unknown variant `pair`"));
        assert!(error("[[set]]\nname = 'p'\nform = 'pairs'\nfiles = {}\ngod = 'x'\n").contains("god"));
        insta::assert_snapshot!(error("[[set]]\nname = '../p'\nform = 'pairs'\nfiles = { 'a' = 'b' }\n"), @"`../p` is no name: letters, digits, `-`, `_` and `.` make one");
        insta::assert_snapshot!(error("[[set]]\nname = 'p'\nform = 'pairs'\nfiles = {}\n"), @"p has no files");
        let pairs = "[[set]]\nname = 'p'\nform = 'pairs'\nfiles = { 'a' = 'b' }\n";
        insta::assert_snapshot!(error(&format!("{pairs}{pairs}")), @"two sets are called `p`; each needs a name of its own");
        insta::assert_snapshot!(error(&pairs.replace("'p'", "'superglue'")), @"`superglue` stands for several sets already; another name is needed");
        insta::assert_snapshot!(error(&pairs.replace("'p'", "'blimp'")), @"`blimp` is a set that is known already; another name is needed");
        insta::assert_snapshot!(error(&pairs.replace("'b'", "'b/'")), @"p: `a` comes from no file: the end of a path or an address is needed");
        insta::assert_snapshot!(error(&format!("{pairs}good = 's'\nbad = 's'\n")), @"p: good and bad are the same field, `s`");
        let examples = "[[set]]\nname = 'e'\nform = 'examples'\nfiles = { 'a' = 'b' }\ntexts = ['t']\nlabel = 'y'\nlabels = [0, 1]\n";
        insta::assert_snapshot!(error(&examples.replace("[0, 1]", "[0, 1, 0]")), @"e: the label 0 is listed twice");
        insta::assert_snapshot!(error(&examples.replace("['t']", "['t', 'y']")), @"e: the label's field, `y`, is one of the texts, where the model would read it");
    }
}
