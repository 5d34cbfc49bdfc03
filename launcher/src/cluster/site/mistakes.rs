//! What is wrong with a profile, all at once, each with its place and with what would be right.

use std::ops::Range;
use std::path::Path;

use spec::setting::closest;
use toml_edit::{Item, TableLike, Value};

use super::keys::{Check, KEYS, Key, Takes};
use crate::sweep::{Diagnosis, Origin, Problems, Source};

/// What is wrong with the profile `text`, which stands in `file`; `None` if nothing is.
pub(super) fn mistakes(text: &str, file: &Path) -> Option<Diagnosis> {
    let source = Source::new(text.to_owned());
    let mut reader = Reader { problems: Problems::new(file, &source, &[]) };
    match toml_edit::Document::parse(text) {
        Ok(document) => reader.table("", document.as_table(), &Origin::Nowhere),
        Err(error) => {
            let message = error.message().trim().replace('\n', "; ");
            reader.problems.error(&at(error.span()), format!("not TOML: {message}"));
        }
    }
    reader.problems.diagnosis()
}

fn at(span: Option<Range<usize>>) -> Origin {
    span.map_or(Origin::Nowhere, Origin::File)
}

struct Reader<'a> {
    problems: Problems<'a>,
}

impl Reader<'_> {
    /// The table at `path`, which begins at `origin`: every key is known, takes what it holds, and none is missing.
    fn table(&mut self, path: &str, table: &dyn TableLike, origin: &Origin) {
        let inside = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        for (name, item) in table.iter() {
            let whole = inside(name);
            let place = at(table.key(name).and_then(toml_edit::Key::span));
            let below = format!("{whole}.");
            if let Some(key) = KEYS.iter().find(|key| key.path == whole) {
                self.value(key, item, &place);
            } else if !KEYS.iter().any(|key| key.path.starts_with(&below)) {
                self.unknown(path, &whole, &place);
            } else if let Some(inner) = item.as_table_like() {
                self.table(&whole, inner, &place);
            } else {
                self.problems.error(&place, format!("`{whole}` is a table: write [{whole}] and its keys below"));
            }
        }
        let is_of = |key: &&Key| key.path.rsplit_once('.').is_some_and(|(own, _)| own == path);
        for key in KEYS.iter().filter(is_of).filter(|key| key.is_needed) {
            let name = &key.path[path.len() + 1..];
            if table.get(name).is_none() {
                let message = format!("[{path}] lacks {name}: {}", key.takes.words());
                self.problems.error(origin, message);
            }
        }
    }

    fn unknown(&mut self, path: &str, whole: &str, place: &Origin) {
        let depth = if path.is_empty() { 0 } else { path.len() + 1 };
        let mut names: Vec<&str> = KEYS
            .iter()
            .filter(|key| path.is_empty() || key.path.starts_with(&format!("{path}.")))
            .map(|key| key.path[depth..].split('.').next().unwrap_or_default())
            .collect();
        names.dedup();
        let near = closest(&whole[depth..], names.iter().copied());
        let near = near.map(|near| format!("; did you mean {}{near}?", &whole[..depth])).unwrap_or_default();
        // A key that stands in the wrong table is meant there.
        let name = &whole[depth..];
        let elsewhere = KEYS.iter().find(|key| key.path.rsplit('.').next() == Some(name));
        let near = elsewhere.map_or(near, |key| format!("; did you mean {}?", key.path));
        let owner = if path.is_empty() { "a profile".to_owned() } else { format!("`{path}`") };
        self.problems
            .error(place, format!("{whole} is not a key of a profile{near}"))
            .hint(format!("{owner} takes {}", names.join(", ")));
    }

    fn value(&mut self, key: &Key, item: &Item, place: &Origin) {
        match (&key.takes, item.as_value(), item.as_table_like()) {
            (Takes::Table(keys, values), _, Some(table)) => {
                for (name, value) in table.iter() {
                    let origin = at(table.key(name).and_then(toml_edit::Key::span));
                    if let Err(expected) = keys(name) {
                        let message = format!("`{name}` under {} is not valid: expected {expected}", key.path);
                        self.problems.error(&origin, message);
                    }
                    match value.as_value() {
                        Some(value) => self.text(&format!("{}.{name}", key.path), value, *values),
                        None => self.wrong(&format!("{}.{name}", key.path), "…", &origin, "a text in quotes"),
                    }
                }
            }
            (Takes::Texts(check), Some(Value::Array(items)), _) => {
                items.iter().for_each(|item| self.text(key.path, item, *check));
            }
            (Takes::Text(check), Some(value), _) => self.text(key.path, value, *check),
            (Takes::Count(most), Some(Value::Integer(number)), _)
                if (1..=i64::from(*most)).contains(number.value()) => {}
            (Takes::Word(words), Some(Value::String(word)), _) if words.contains(&word.value().as_str()) => {}
            (_, Some(value), _) => self.refuse(key.path, value, &key.takes.words()),
            (_, None, _) => self.wrong(key.path, "…", place, &key.takes.words()),
        }
    }

    fn text(&mut self, path: &str, value: &Value, check: Check) {
        match value.as_str() {
            Some(text) => {
                if let Err(expected) = check(text) {
                    self.refuse(path, value, expected);
                }
            }
            None => self.refuse(path, value, expected(check)),
        }
    }

    fn refuse(&mut self, path: &str, value: &Value, expected: &str) {
        let written = value.clone().decorated("", "").to_string();
        self.wrong(path, &written, &at(value.span()), expected);
    }

    fn wrong(&mut self, path: &str, written: &str, place: &Origin, expected: &str) {
        self.problems.error(place, format!("`{path} = {written}` is not valid: expected {expected}"));
    }
}

/// What passes: the check tells it of a text that is empty, which hardly anything may be.
fn expected(check: Check) -> &'static str {
    check("").err().unwrap_or("a text in quotes")
}

impl Takes {
    /// What would be right, as a sentence goes on after `expected`.
    fn words(&self) -> String {
        match self {
            Self::Count(most) => format!("an integer from 1 to {most}"),
            Self::Word(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                words.join(" or ")
            }
            Self::Text(check) => expected(*check).to_owned(),
            Self::Texts(check) => format!("a list in brackets; each item is {}", expected(*check)),
            Self::Table(keys, _) => format!("a table in braces; each key is {}", expected(*keys)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> String {
        mistakes(text, Path::new("hpc.toml")).map_or("nothing is wrong".to_owned(), |found| found.to_string())
    }

    #[test]
    fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
        let wrong = "gpu-type = 4\nmax-running = 'many'\nmax-submitted = 0\npatience = 100000\noptions = '--exclusive'\npartition = 'gpu'\n\
            [placement]\npartitoin = 'gpu'\naccount = 'a b'\nqos = ['high']\n\
            [environment]\nsource = ['lmod.sh']\nmodules = 'cuda'\nvariables = { 'A B' = 'x', C = 3 }\n\
            [container]\nruntime = 'docker'\nbinds = ['/a:/b']\n\
            [ssh]\nclient = 'built in'\nconfig = 3\n\
            [place]\nroot = 'scratch'\nseedbed = '/s'\npaths = { data = '/d' }\n\
            [retry]\nerror = 2\n";
        insta::assert_snapshot!("mistakes", said(wrong));
        insta::assert_snapshot!("not_toml", said("[placement\npartition = 'gpu'\n"));
        insta::assert_snapshot!("no_table", said("placement = 'gpu'\n[[ssh]]\nhost = 'a'\n"));
    }

    #[test]
    fn what_serde_reads_is_right() {
        let text = "gpu-type = 'a100'\nmax-running = 16\noptions = ['--gres-flags=enforce-binding']\n\
            environment.variables.A = ''\n[placement]\npartition = 'gpu,long'\n[container]\nruntime = 'pyxis'\n\
            image = 'docker://a'\n";
        assert_eq!(said(text), "nothing is wrong");
    }
}
