use std::collections::HashMap;
use std::sync::LazyLock;

use super::protocol::{PROTOCOLS, Protocol, excluded_by};
use super::{Setting, all};
use crate::error::SpecError;
use crate::value::Value;

/// What was given for one run, key by key; what its protocol fills in, and defaults, for the rest.
///
/// The typed accessors are for keys of this crate's own table: asking for a key that is not there, or for another type
/// than its kind, is a bug of the caller and panics.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    given: Vec<Option<Value>>,
    /// The place of the protocol among all.
    protocol: usize,
}

/// A key of the table with its fixed default, made once: a large sweep asks for each of them a hundred thousand times.
struct Row {
    default: Option<Value>,
    /// What each protocol fills in.
    filled: [Option<Value>; PROTOCOLS.len()],
    /// The position of the setting that this one excludes.
    excluded: Option<usize>,
}

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let filled = |protocol: &Protocol, key: &str| {
        protocol.values().find_map(|(setting, value)| (setting.key == key).then_some(value))
    };
    let row = |setting: &'static Setting| Row {
        default: setting.default.value(),
        filled: PROTOCOLS.each_ref().map(|protocol| filled(protocol, setting.key)),
        excluded: excluded_by(setting.key).and_then(position),
    };
    all().map(row).collect()
});

static SETTINGS: LazyLock<Vec<&'static Setting>> = LazyLock::new(|| all().collect());

/// Never iterated over, so that its order reaches nothing.
static POSITIONS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| all().enumerate().map(|(position, setting)| (setting.key, position)).collect());

pub(super) fn position(key: &str) -> Option<usize> {
    POSITIONS.get(key).copied()
}

/// Not by way of the table, which is made with the help of this.
pub(super) fn at(position: usize) -> &'static Setting {
    SETTINGS[position]
}

impl Settings {
    /// Nothing given: every key has its default.
    pub fn new() -> Self {
        Self::under(Protocol::as_intended())
    }

    /// Nothing given: every key has what this protocol fills in, or its default.
    pub fn under(protocol: &'static Protocol) -> Self {
        Self { given: vec![None; TABLE.len()], protocol: protocol.place() }
    }

    /// Gives a value to a key of the table, over an earlier one.
    ///
    /// # Errors
    /// [`SpecError::Invalid`] when the value does not fit the setting's kind.
    pub fn give(&mut self, setting: &'static Setting, value: &Value) -> Result<(), SpecError> {
        let position = position(setting.key).expect("invariant: a setting comes from the table");
        self.given[position] = Some(setting.accept(value)?);
        Ok(())
    }

    /// Whether somebody gave a value for `key`.
    pub fn is_given(&self, key: &str) -> bool {
        position(key).is_some_and(|position| self.given[position].is_some())
    }

    /// The value of `key`, given or default; `None` where the default is derived or missing.
    pub fn value(&self, key: &str) -> Option<Value> {
        self.at(position(key)?).cloned()
    }

    /// Like [`Self::value`], for a key that must be there.
    ///
    /// # Errors
    /// [`SpecError::Missing`] when nothing was given and there is no fixed default.
    pub fn required(&self, key: &'static str) -> Result<Value, SpecError> {
        let meaning = position(key).map_or("", |position| at(position).meaning);
        self.value(key).ok_or(SpecError::Missing { key, meaning })
    }

    /// The number of an integer key that was given or has a fixed default.
    pub fn integer(&self, key: &str) -> Option<i64> {
        match self.lookup(key)? {
            Value::Integer(number) => Some(*number),
            other => panic!("invariant: `{key}` is an integer, not {}", other.type_name()),
        }
    }

    /// The number of a float key that was given or has a fixed default.
    pub fn float(&self, key: &str) -> Option<f64> {
        match self.lookup(key)? {
            Value::Float(number) => Some(*number),
            other => panic!("invariant: `{key}` is a float, not {}", other.type_name()),
        }
    }

    /// The text of a key that was given or has a fixed default.
    pub fn text(&self, key: &str) -> Option<String> {
        match self.lookup(key)? {
            Value::Text(text) => Some(text.clone()),
            other => panic!("invariant: `{key}` is a string, not {}", other.type_name()),
        }
    }

    /// The texts of a list key; empty when nothing was given and there is no default.
    pub fn texts(&self, key: &str) -> Vec<String> {
        match self.lookup(key) {
            None => Vec::new(),
            Some(Value::List(items)) => items.iter().map(Value::to_string).collect(),
            Some(other) => panic!("invariant: `{key}` is a list, not {}", other.type_name()),
        }
    }

    /// A positive integer that fits 32 bits, as the table's bounds guarantee.
    pub(crate) fn size(&self, key: &str) -> u32 {
        let number = self.integer(key).expect("invariant: a size has a fixed default");
        u32::try_from(number).expect("invariant: a size is bounded by its setting")
    }

    /// The same where the default is derived: `None` where nothing was given.
    pub(crate) fn optional_size(&self, key: &str) -> Option<u32> {
        self.integer(key).map(|number| u32::try_from(number).expect("invariant: a size is bounded by its setting"))
    }

    /// A float with a fixed default.
    pub(crate) fn number(&self, key: &str) -> f64 {
        self.float(key).expect("invariant: this number has a fixed default")
    }

    /// A yes or no with a fixed default.
    pub(crate) fn flag(&self, key: &str) -> bool {
        match self.lookup(key) {
            Some(Value::Boolean(value)) => *value,
            other => panic!("invariant: `{key}` is a flag with a fixed default, not {other:?}"),
        }
    }

    /// A text with a fixed default.
    pub(crate) fn name(&self, key: &str) -> String {
        self.text(key).expect("invariant: this name has a fixed default")
    }

    fn lookup(&self, key: &str) -> Option<&Value> {
        let position = position(key);
        assert!(position.is_some(), "invariant: `{key}` is in the table");
        self.at(position?)
    }

    fn at(&self, position: usize) -> Option<&Value> {
        self.given[position].as_ref().or_else(|| self.filled(position)).or(TABLE[position].default.as_ref())
    }

    /// What the protocol fills in, unless a setting was given that excludes this one.
    fn filled(&self, position: usize) -> Option<&Value> {
        let row = &TABLE[position];
        let is_excluded = row.excluded.is_some_and(|other| self.given[other].is_some());
        row.filled[self.protocol].as_ref().filter(|_| !is_excluded)
    }
}
