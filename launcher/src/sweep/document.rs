//! The sweep file as a tree that knows where everything was written.
//!
//! TOML has several spellings for one thing: `[model.kan]` with `order = 3`, `kan.order = 3` under `[model]`, a table
//! in braces, a quoted `"kan.order"`. Here they become one: every table of the file is a flat list of dotted paths with
//! values.

use std::collections::BTreeSet;
use std::ops::Range;

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
            let origin = parsed.as_table().key(name).map_or(Origin::Nowhere, key_origin);
            document.add(name, item, &origin, &mut Flattener { source, problems, entries: Vec::new() });
        }
        Some(document)
    }

    fn add(&mut self, name: &str, item: &Item, origin: &Origin, flattener: &mut Flattener) {
        let begin = |span: Option<Range<usize>>| span.map_or_else(|| origin.clone(), Origin::File);
        if let Some(table) = item.as_table_like() {
            self.tables.push(flattener.block(name, table, origin));
        } else if let Some(array) = item.as_array_of_tables() {
            self.arrays.extend(array.iter().map(|table| flattener.block(name, table, &begin(table.span()))));
        } else if let Some(array) = item.as_array().filter(|array| array.iter().all(toml_edit::Value::is_inline_table))
        {
            let tables = array.iter().filter_map(toml_edit::Value::as_inline_table);
            self.arrays.extend(tables.map(|table| flattener.block(name, table, &begin(table.span()))));
        } else {
            flattener.problems.error(origin, format!("`{name}` stands outside of any table"));
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
            None => Block { name: name.to_owned(), origin: Origin::Nowhere, entries: Vec::new() },
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

/// Makes flat lists of tables in tables.
struct Flattener<'a, 'p> {
    source: &'a Source,
    problems: &'a mut Problems<'p>,
    entries: Vec<Entry>,
}

impl Flattener<'_, '_> {
    fn block(&mut self, name: &str, table: &dyn TableLike, origin: &Origin) -> Block {
        self.flatten(table, "", None);
        let mut entries = std::mem::take(&mut self.entries);
        // Keys of one dotted table are neighbours in the parsed document even where others stand between them.
        entries.sort_by_key(|entry| match &entry.origin {
            Origin::File(span) => span.start,
            Origin::CommandLine(_) | Origin::Nowhere => usize::MAX,
        });
        let mut seen = BTreeSet::new();
        for entry in entries.extract_if(.., |entry| !seen.insert(entry.path.clone())) {
            self.problems.error(&entry.origin, format!("{name}.{} stands twice", entry.path));
        }
        Block { name: name.to_owned(), origin: origin.clone(), entries }
    }

    /// Appends what stands in `table`; `start` is where the key began, for a key that is written with dots.
    fn flatten(&mut self, table: &dyn TableLike, prefix: &str, start: Option<usize>) {
        for (name, item) in table.iter() {
            let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
            let mut span = table.key(name).and_then(Key::span).unwrap_or(0..0);
            if let Some(start) = start.filter(|start| self.is_one_line(*start..span.start)) {
                span.start = start;
            }
            if let Some(inner) = item.as_table_like() {
                self.flatten(inner, &path, inner.is_dotted().then_some(span.start));
            } else if let Some(value) = item.as_value() {
                let place = |span: Option<Range<usize>>| Origin::File(span.unwrap_or(0..0));
                if let Some(node) = node(value, &place, self.problems) {
                    self.entries.push(Entry { path, origin: Origin::File(span), node });
                }
            } else {
                self.problems.error(&Origin::File(span), format!("`{path}` cannot be an array of tables"));
            }
        }
    }

    fn is_one_line(&self, range: Range<usize>) -> bool {
        self.source.text().get(range).is_some_and(|text| !text.contains('\n'))
    }
}

/// The value as a node; what a sweep file cannot hold is a problem and gives `None`.
pub(super) fn node(
    value: &toml_edit::Value,
    place: &dyn Fn(Option<Range<usize>>) -> Origin,
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
    key.span().map_or(Origin::Nowhere, Origin::File)
}
