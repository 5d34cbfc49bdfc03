//! The sweep file as a tree that knows where everything was written.
//!
//! TOML has several spellings for one thing: `[model.kan]` with `order = 3`, `kan.order = 3` under `[model]`, a table in
//! braces, a quoted `"kan.order"`. Here they become one: every table of the file is a flat list of dotted paths with values.

use spec::Value;
use spec::setting::SECTIONS;
use toml_edit::{Item, Key, TableLike};

use super::problem::Problems;
use super::source::{Origin, Source};
use super::vocabulary::{ARRAYS, TABLES};

/// A value and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
    /// The items of a list, each with its own place; empty for other values.
    pub(super) items: Vec<Node>,
}

/// A key below its table and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The key, dotted: `kan.order`.
    pub(super) path: String,
    /// Where the key was written.
    pub(super) origin: Origin,
    pub(super) node: Node,
}

/// A table of the file, or one of an array of tables.
#[derive(Debug)]
pub(super) struct Block {
    /// The table's name: `model`.
    pub(super) name: String,
    /// Where it begins.
    pub(super) origin: Origin,
    /// Its keys in the order of the file.
    pub(super) entries: Vec<Entry>,
}

/// The tables of a file.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Tables that stand once, by name.
    pub(super) tables: Vec<Block>,
    /// Arrays of tables, all elements in the order of the file.
    pub(super) arrays: Vec<Block>,
    /// Settings of `--set`, which win over everything in the file; their paths are whole keys.
    pub(super) forced: Vec<Entry>,
}

impl Document {
    /// Reads TOML; `None` when it is not TOML, which is then a recorded problem.
    pub(super) fn parse(source: &Source, problems: &mut Problems) -> Option<Self> {
        let parsed = match toml_edit::Document::parse(source.text()) {
            Ok(parsed) => parsed,
            Err(error) => {
                let origin = Origin::File(error.span().unwrap_or(0..0));
                let message = error.message().trim().replace('\n', "; ");
                problems.error(&origin, format!("not TOML: {message}"));
                return None;
            }
        };
        let mut document = Self::default();
        for (name, item) in parsed.iter() {
            let origin = parsed.as_table().key(name).map_or(Origin::File(0..0), key_origin);
            document.add(name, item, &origin, problems);
        }
        Some(document)
    }

    fn add(&mut self, name: &str, item: &Item, origin: &Origin, problems: &mut Problems) {
        if let Some(table) = item.as_table_like() {
            self.tables.push(block(name, table, origin, problems));
        } else if let Some(array) = item.as_array_of_tables() {
            self.arrays.extend(array.iter().map(|table| {
                let origin = table.span().map_or_else(|| origin.clone(), Origin::File);
                block(name, table, &origin, problems)
            }));
        } else if let Some(array) = item.as_array().filter(|array| array.iter().all(toml_edit::Value::is_inline_table))
        {
            let tables = array.iter().filter_map(toml_edit::Value::as_inline_table);
            self.arrays.extend(tables.map(|table| {
                let origin = table.span().map_or_else(|| origin.clone(), Origin::File);
                block(name, table, &origin, problems)
            }));
        } else {
            problems.error(origin, format!("`{name}` stands outside of any table"));
        }
    }

    /// Refuses tables that have no meaning, or that stand once where a list belongs and the other way round.
    pub(super) fn check_tables(&mut self, problems: &mut Problems) {
        let singles = || SECTIONS.iter().map(|section| section.name).chain(TABLES);
        for block in self.tables.extract_if(.., |block| !singles().any(|name| name == block.name)) {
            if ARRAYS.contains(&block.name.as_str()) {
                problems
                    .error(&block.origin, format!("write [[{0}]] for [{0}]: it may stand several times", block.name));
            } else {
                refuse_table(&block, problems);
            }
        }
        for block in self.arrays.extract_if(.., |block| !ARRAYS.contains(&block.name.as_str())) {
            if singles().any(|name| name == block.name) {
                problems.error(&block.origin, format!("write [{0}] for [[{0}]]: it stands once", block.name));
            } else {
                refuse_table(&block, problems);
            }
        }
    }

    /// Takes the table `name` out; an absent table is an empty one.
    pub(super) fn take(&mut self, name: &str) -> Block {
        match self.tables.iter().position(|table| table.name == name) {
            Some(index) => self.tables.remove(index),
            None => Block { name: name.to_owned(), origin: Origin::File(0..0), entries: Vec::new() },
        }
    }

    /// Takes all tables of the array `name` out.
    pub(super) fn take_array(&mut self, name: &str) -> Vec<Block> {
        self.arrays.extract_if(.., |block| block.name == name).collect()
    }
}

impl Block {
    /// Takes the entry at `path` out.
    pub(super) fn take(&mut self, path: &str) -> Option<Entry> {
        let index = self.entries.iter().position(|entry| entry.path == path)?;
        Some(self.entries.remove(index))
    }

    /// Takes out all entries below `path`, their paths without it: of `baseline` those of `baseline.activation`.
    pub(super) fn take_below(&mut self, path: &str) -> Vec<Entry> {
        let below = |entry: &Entry| entry.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
        let mut entries: Vec<Entry> = self.entries.extract_if(.., |entry| below(entry)).collect();
        for entry in &mut entries {
            entry.path.drain(..=path.len());
        }
        entries
    }

    /// Refuses every entry that is left, where `known` are the keys of the table.
    pub(super) fn refuse_rest(self, known: &[&str], problems: &mut Problems) {
        for entry in self.entries {
            let name = format!("{}.{}", self.name, entry.path);
            let problem = match spec::setting::closest(&entry.path, known.iter().copied()) {
                Some(near) => {
                    problems.error(&entry.origin, format!("{name} is not a key; did you mean {}.{near}?", self.name))
                }
                None => problems.error(&entry.origin, format!("{name} is not a key")),
            };
            problem.hint(format!("`{}` takes {}", self.name, known.join(", ")));
        }
    }
}

fn refuse_table(block: &Block, problems: &mut Problems) {
    let names = || TABLES.into_iter().chain(ARRAYS).chain(SECTIONS.iter().map(|section| section.name));
    let near = spec::setting::closest(&block.name, names());
    let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    let names: Vec<&str> = names().collect();
    problems
        .error(&block.origin, format!("{} is not a table of a sweep file{near}", block.name))
        .hint(format!("its tables are {}", names.join(", ")));
}

fn block(name: &str, table: &dyn TableLike, origin: &Origin, problems: &mut Problems) -> Block {
    let mut entries = Vec::new();
    flatten(table, "", None, &mut entries, problems);
    entries.sort_by_key(|entry| match &entry.origin {
        Origin::File(span) => span.start,
        Origin::CommandLine(_) => usize::MAX,
    });
    let mut block = Block { name: name.to_owned(), origin: origin.clone(), entries: Vec::with_capacity(entries.len()) };
    let mut seen = std::collections::BTreeSet::new();
    for entry in entries {
        if seen.insert(entry.path.clone()) {
            block.entries.push(entry);
        } else {
            problems.error(&entry.origin, format!("{name}.{} stands twice", entry.path));
        }
    }
    block
}

/// Appends what stands in `table`; `dotted` is where the key began, for a key that is written with dots.
fn flatten(
    table: &dyn TableLike,
    prefix: &str,
    dotted: Option<usize>,
    entries: &mut Vec<Entry>,
    problems: &mut Problems,
) {
    for (name, item) in table.iter() {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let mut origin = table.key(name).map_or(Origin::File(0..0), key_origin);
        if let (Some(start), Origin::File(span)) = (dotted, &mut origin) {
            span.start = start.min(span.start);
        }
        if let Some(inner) = item.as_table_like() {
            let start = match &origin {
                Origin::File(span) if inner.is_dotted() => Some(span.start),
                _ => None,
            };
            flatten(inner, &path, start, entries, problems);
        } else if let Some(value) = item.as_value() {
            if let Some(node) = node(value, &|span| Origin::File(span.unwrap_or(0..0)), problems) {
                entries.push(Entry { path, origin, node });
            }
        } else {
            problems.error(&origin, format!("`{path}` cannot be an array of tables"));
        }
    }
}

/// The value as a node; what a sweep file cannot hold is a problem and gives `None`.
pub(super) fn node(
    value: &toml_edit::Value,
    place: &dyn Fn(Option<std::ops::Range<usize>>) -> Origin,
    problems: &mut Problems,
) -> Option<Node> {
    let origin = place(value.span());
    let plain = |value: Value| Some(Node { value, origin: origin.clone(), items: Vec::new() });
    match value {
        toml_edit::Value::Boolean(value) => plain(Value::Boolean(*value.value())),
        toml_edit::Value::Integer(value) => plain(Value::Integer(*value.value())),
        toml_edit::Value::Float(value) if value.value().is_finite() => plain(Value::Float(*value.value())),
        toml_edit::Value::String(value) => plain(Value::Text(value.value().clone())),
        toml_edit::Value::Array(items) => {
            let items: Vec<Node> = items.iter().filter_map(|item| node(item, place, problems)).collect();
            let value = Value::List(items.iter().map(|item| item.value.clone()).collect());
            Some(Node { value, origin, items })
        }
        toml_edit::Value::Float(_) => refuse(&origin, "a number must be finite", problems),
        toml_edit::Value::Datetime(_) => refuse(&origin, "a date is no value of a sweep; quote it", problems),
        toml_edit::Value::InlineTable(_) => refuse(&origin, "a table cannot stand in a list here", problems),
    }
}

fn refuse(origin: &Origin, message: &str, problems: &mut Problems) -> Option<Node> {
    problems.error(origin, message);
    None
}

fn key_origin(key: &Key) -> Origin {
    Origin::File(key.span().unwrap_or(0..0))
}
