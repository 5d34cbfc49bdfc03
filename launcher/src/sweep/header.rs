//! The table `[sweep]`: name, description, seeds, preset.

use std::collections::BTreeSet;

use spec::Value;
use spec::setting::{Kind, Preset, Protocol, Setting, protocol};

use super::document::{Block, Entry, Node};
use super::keys;
use super::problem::Problems;
use super::source::Origin;

/// Longest name of a sweep: it becomes a directory and part of the names of jobs.
const LONGEST_NAME: usize = 64;

/// Most seeds of a sweep.
const MOST_SEEDS: i64 = 1_000_000;

/// What stands for seeds, in words.
fn expected_seeds() -> String {
    format!("a count such as 10, at most {MOST_SEEDS}, a list such as [0, 1, 42], or {{ from = 100, count = 20 }}")
}

static NAME: Setting =
    Setting { key: "sweep.name", kind: Kind::Text, default: Preset::Required, meaning: "The sweep's name" };

static DESCRIPTION: Setting = Setting {
    key: "sweep.description",
    kind: Kind::Text,
    default: Preset::Derived("none"),
    meaning: "What the sweep is about",
};

pub(super) static PRESET: Setting = Setting {
    key: "sweep.preset",
    kind: Kind::Choice(&protocol::NAMES),
    default: Preset::Text(protocol::NAMES[0]),
    meaning: "Fills in what the file does not say; delft-2024 trains as the study of 2024 did",
};

/// What `[sweep]` says.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) seeds: Vec<u64>,
    pub(super) protocol: &'static Protocol,
    /// Where it is named.
    pub(super) protocol_origin: Origin,
}

impl Header {
    /// Reads `[sweep]`.
    pub(super) fn read(mut block: Block, problems: &mut Problems) -> Self {
        let name = read_name(&mut block, problems);
        let description = keys::take(&mut block, &DESCRIPTION, problems).map(|(text, _)| text.to_string());
        let seeds = read_seeds(&mut block, problems).unwrap_or_else(|| {
            problems.error(&block.origin, format!("sweep.seeds is required: {}", expected_seeds()));
            Vec::new()
        });
        let named = keys::take(&mut block, &PRESET, problems);
        let protocol = named.as_ref().and_then(|(name, _)| Protocol::named(&name.to_string()));
        let protocol_origin = named.map_or(Origin::Nowhere, |(_, origin)| origin);
        block.refuse_rest(&["name", "description", "seeds", "preset"], problems);
        Self { name, description, seeds, protocol: protocol.unwrap_or_else(Protocol::as_intended), protocol_origin }
    }
}

/// The name in `[sweep]`; a problem and the empty text where it is missing or wrong.
pub(super) fn read_name(block: &mut Block, problems: &mut Problems) -> String {
    let is_missing = !block.entries.iter().any(|entry| entry.path == "name");
    if is_missing {
        problems.error(&block.origin, "sweep.name is required: it names the sweep's directory");
        return String::new();
    }
    let Some((value, origin)) = keys::take(block, &NAME, problems) else { return String::new() };
    let name = value.to_string();
    if !is_name(&name) {
        problems.error(
            &origin,
            format!(
                "`sweep.name = {}` is not valid: expected letters, digits, `-`, `_` and `.`, at most {LONGEST_NAME} of \
                 them, the first one a letter or digit",
                value.literal()
            ),
        );
    }
    name
}

pub(super) fn is_name(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    name.len() <= LONGEST_NAME
        && name.bytes().all(is_allowed)
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric())
}

/// The seeds of a table that may have them; `None` where it has none.
pub(super) fn read_seeds(block: &mut Block, problems: &mut Problems) -> Option<Vec<u64>> {
    let range = block.take_below("seeds");
    let Some(entry) = block.take("seeds") else {
        return (!range.is_empty()).then(|| read_range(&block.name, range, problems));
    };
    let seeds = match &entry.node.value {
        Value::Integer(count) if (1..=MOST_SEEDS).contains(count) => (0..count.unsigned_abs()).collect(),
        Value::List(items) if !items.is_empty() => read_list(&entry.node.items, problems),
        other => {
            let message = format!("`seeds = {}` is not valid: expected {}", other.literal(), expected_seeds());
            problems.error(&entry.node.origin, message);
            Vec::new()
        }
    };
    Some(seeds)
}

fn read_list(nodes: &[Node], problems: &mut Problems) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    let mut seeds = Vec::with_capacity(nodes.len());
    for node in nodes {
        match seed(&node.value) {
            None => {
                let message = format!("`{}` is not a seed: expected an integer of at least 0", node.value.literal());
                problems.error(&node.origin, message);
            }
            Some(seed) if !seen.insert(seed) => {
                problems.error(&node.origin, format!("the seed {seed} stands twice"));
            }
            Some(seed) => seeds.push(seed),
        }
    }
    seeds
}

fn read_range(table: &str, entries: Vec<Entry>, problems: &mut Problems) -> Vec<u64> {
    let mut from = 0;
    let mut count = None;
    let origin = entries.first().map(|entry| entry.origin.clone());
    let mut is_right = true;
    for entry in entries {
        let number = seed(&entry.node.value);
        match (entry.path.as_str(), number) {
            ("from", Some(number)) => from = number,
            ("count", Some(number)) if (1..=MOST_SEEDS.unsigned_abs()).contains(&number) => count = Some(number),
            ("from" | "count", _) => {
                is_right = false;
                let literal = entry.node.value.literal();
                let message = format!("`seeds.{} = {literal}` is not valid: expected {}", entry.path, expected_seeds());
                problems.error(&entry.node.origin, message);
            }
            (other, _) => {
                is_right = false;
                let message = format!("{table}.seeds.{other} is not a key: expected {}", expected_seeds());
                problems.error(&entry.origin, message);
            }
        }
    }
    match (count, origin) {
        (Some(count), _) => (from..from.saturating_add(count)).collect(),
        (None, Some(origin)) if is_right => {
            problems.error(&origin, format!("{table}.seeds.count is required: expected {}", expected_seeds()));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

fn seed(value: &Value) -> Option<u64> {
    match value {
        Value::Integer(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_directories() {
        for right in ["a", "activations", "2024-01_x.y", &"x".repeat(64)] {
            assert!(is_name(right), "{right}");
        }
        for wrong in ["", ".", "..", ".hidden", "-x", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
