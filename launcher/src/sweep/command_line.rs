//! `--set key=value`: what the command line lays over the file.

use spec::Value;
use spec::setting::{self, SECTIONS, SHORT_NAMES};

use super::document::{Block, Document, Entry, Node, node};
use super::problem::Problems;
use super::source::Origin;
use super::vocabulary::{ARRAYS, TABLES};

impl Document {
    /// Lays the `--set` with this index over the document.
    pub(super) fn apply(&mut self, index: usize, text: &str, problems: &mut Problems) {
        let origin = Origin::CommandLine(index);
        let Some((key, value)) = text.split_once('=') else {
            problems.error(&origin, "expected key=value, as in train.learning-rate=3e-4");
            return;
        };
        let Some(mut path) = dotted(key.trim()) else {
            problems.error(&origin, format!("`{}` is not a dotted key", key.trim()));
            return;
        };
        // As in [[override]], where a parameter goes by its bare name, too; a table of the sweep file comes first.
        let first = path.split('.').next().unwrap_or_default();
        if !TABLES.contains(&first) && self.has_parameter(&path) {
            path.insert_str(0, "params.");
        }
        let Some(entries) = entries(&path, value.trim(), &origin, problems) else { return };
        let (table, rest) = path.split_once('.').unwrap_or((&path, ""));
        let is_setting = SECTIONS.iter().any(|section| section.name == table);
        if is_setting || SHORT_NAMES.iter().any(|(short, _)| *short == path) {
            self.forced.extend(entries);
        } else if !rest.is_empty() && TABLES.contains(&table) {
            self.replace(table, rest, &entries);
        } else {
            refuse(&path, table, &origin, problems);
        }
    }

    fn has_parameter(&self, path: &str) -> bool {
        let parameters = self.tables.iter().filter(|block| block.name == "params");
        parameters.flat_map(|block| &block.entries).any(|entry| is_at_or_below(&entry.path, path))
    }

    /// Puts `entries` into `table` in place of what stands there at, below and above `path`: `seeds.count` goes before
    /// `seeds`.
    fn replace(&mut self, table: &str, path: &str, entries: &[Entry]) {
        if table == "params" {
            let own =
                entries.iter().cloned().map(|entry| Entry { path: entry.path["params.".len()..].to_owned(), ..entry });
            self.forced.extend(own);
        }
        if !self.tables.iter().any(|block| block.name == table) {
            self.tables.push(Block { name: table.to_owned(), origin: Origin::Nowhere, entries: Vec::new() });
        }
        for block in self.tables.iter_mut().filter(|block| block.name == table) {
            let gives_way = |entry: &Entry| is_at_or_below(&entry.path, path) || is_at_or_below(path, &entry.path);
            // In its old place: the order of factors is the order of runs.
            let place = block.entries.iter().position(gives_way).unwrap_or(block.entries.len());
            block.entries.retain(|entry| !gives_way(entry));
            let own = |entry: Entry| Entry { path: entry.path[table.len() + 1..].to_owned(), ..entry };
            block.entries.splice(place..place, entries.iter().cloned().map(own));
        }
    }
}

/// Whether the dotted `path` is `other` or lies below it.
fn is_at_or_below(path: &str, other: &str) -> bool {
    path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn refuse(path: &str, table: &str, origin: &Origin, problems: &mut Problems) {
    if ARRAYS.contains(&table) {
        problems.error(origin, format!("`{table}` is a list of tables, which only the file can hold"));
        return;
    }
    let near = setting::nearest(path).map(str::to_owned).or_else(|| {
        let rest = path.split_once('.').map_or(String::new(), |(_, rest)| format!(".{rest}"));
        setting::closest(table, TABLES).map(|near| format!("{near}{rest}"))
    });
    match near {
        Some(near) => problems.error(origin, format!("{path} is not a setting; did you mean {near}?")),
        None => problems.error(origin, format!("{path} is not a setting")),
    };
}

/// The key as dotted path: bare, dotted and quoted parts alike.
fn dotted(key: &str) -> Option<String> {
    let parts = toml_edit::Key::parse(key).ok()?;
    let names: Vec<&str> = parts.iter().map(toml_edit::Key::get).collect();
    (!names.is_empty() && names.iter().all(|name| !name.is_empty())).then(|| names.join("."))
}

/// The value as TOML, or as the text that it is where it could not be anything else: `relu`, `2h`, `data/x.txt`.
fn entries(path: &str, text: &str, origin: &Origin, problems: &mut Problems) -> Option<Vec<Entry>> {
    let entry = |path: &str, node: Node| Entry { path: path.to_owned(), origin: origin.clone(), node };
    let plain = || Node { value: Value::from(text), origin: origin.clone(), items: Vec::new() };
    let place = |_| origin.clone();
    match text.parse::<toml_edit::Value>() {
        Ok(toml_edit::Value::InlineTable(table)) => {
            let entries = table.iter().map(|(name, value)| {
                let node = node(value, &place, problems)?;
                Some(entry(&format!("{path}.{name}"), node))
            });
            entries.collect()
        }
        Ok(toml_edit::Value::Datetime(_)) => Some(vec![entry(path, plain())]),
        Ok(value) => Some(vec![entry(path, node(&value, &place, problems)?)]),
        Err(_) if !text.is_empty() && !text.starts_with(['[', '{', '"', '\'']) => Some(vec![entry(path, plain())]),
        Err(_) => {
            problems.error(origin, format!("`{text}` is not a TOML value"));
            None
        }
    }
}
