//! What a key may name: a setting of the built-in trainer, or a parameter of another program.

use std::collections::BTreeSet;

use spec::Value;
use spec::feed_forward::level;
use spec::setting::{self, Kind, SECTIONS, Setting};

use super::document::{Entry, Node};
use super::problem::Problems;
use super::source::Origin;

/// Tables of a sweep file that stand at most once and are not sections of settings.
pub(super) const TABLES: [&str; 6] = ["sweep", "factors", "retry", "analysis", "trainer", "params"];

/// Tables that may stand several times.
pub(super) const ARRAYS: [&str; 4] = ["zip", "exclude", "include", "override"];

/// Names of placeholders that are always there, and so cannot be factors or parameters.
pub(super) const RESERVED: [&str; 2] = ["seed", "run-dir"];

/// What a key names.
#[derive(Debug, Clone)]
pub(super) enum Target {
    /// A setting of the table.
    Setting(&'static Setting),
    /// A parameter of another program.
    Parameter(String),
}

impl Target {
    /// The one name of the target, whatever it was called: `model.activation` for `activation`.
    pub(super) fn key(&self) -> &str {
        match self {
            Self::Setting(setting) => setting.key,
            Self::Parameter(name) => name,
        }
    }

    /// Whether it can change what a run finds.
    pub(super) fn is_science(&self) -> bool {
        match self {
            Self::Setting(setting) => section_of(setting.key).is_some_and(|section| section.science),
            Self::Parameter(_) => true,
        }
    }

    /// The value in its stored form, or a problem; `name` is how the key was written.
    pub(super) fn accept(&self, name: &str, node: &Node, problems: &mut Problems) -> Option<Value> {
        let Self::Setting(setting) = self else { return Some(node.value.clone()) };
        let value = setting.accept(&node.value).ok();
        if value.is_none() {
            problems.error(&node.origin, unfit(name, setting.kind, &node.value));
        }
        value
    }
}

/// Which keys mean something in this sweep.
#[derive(Debug)]
pub(super) enum Vocabulary {
    /// Those of the table of settings.
    Settings,
    /// The parameters and placeholders of another program, and how and with what it is run.
    Parameters(BTreeSet<String>),
}

/// A value for a key.
#[derive(Debug, Clone)]
pub(super) struct Assignment {
    pub(super) target: Target,
    pub(super) value: Value,
    /// Where the value was written.
    pub(super) origin: Origin,
}

impl Vocabulary {
    /// What `name`, written at `origin`, names; a problem if that is nothing.
    pub(super) fn target(&self, name: &str, origin: &Origin, problems: &mut Problems) -> Option<Target> {
        let found = setting::find(name);
        match self {
            Self::Settings => {
                if found.is_none() {
                    refuse_setting(name, origin, problems);
                }
                found.map(Target::Setting)
            }
            Self::Parameters(names) if names.contains(name) => Some(Target::Parameter(name.to_owned())),
            Self::Parameters(names) if name.strip_prefix("params.").is_some_and(|bare| names.contains(bare)) => {
                Some(Target::Parameter(name["params.".len()..].to_owned()))
            }
            Self::Parameters(names) => match found {
                Some(setting) if !Target::Setting(setting).is_science() => Some(Target::Setting(setting)),
                Some(_) => {
                    problems.error(
                        origin,
                        format!("{name} belongs to the built-in trainer, but [trainer] runs another program"),
                    );
                    None
                }
                None if section_of(name).is_some_and(|section| !section.science) => {
                    refuse_setting(name, origin, problems);
                    None
                }
                None => {
                    refuse_parameter(name, names, origin, problems);
                    None
                }
            },
        }
    }

    /// The assignment of an entry whose whole key is `name`.
    pub(super) fn assignment(&self, name: &str, entry: &Entry, problems: &mut Problems) -> Option<Assignment> {
        let target = self.target(name, &entry.origin, problems)?;
        let value = target.accept(name, &entry.node, problems)?;
        Some(Assignment { target, value, origin: entry.node.origin.clone() })
    }
}

/// The section of a dotted key.
pub(super) fn section_of(key: &str) -> Option<&'static setting::Section> {
    const TABLE: [setting::Section; 6] = SECTIONS;
    TABLE.iter().find(|section| key.strip_prefix(section.name).is_some_and(|rest| rest.starts_with('.')))
}

/// The largest number of names that are all told where a near one is.
const FEW_NAMES: usize = 12;

/// What is wrong with `value` for a key of this kind, with the nearest name where one is meant.
pub(super) fn unfit(name: &str, kind: Kind, value: &Value) -> String {
    let near = match value {
        Value::Text(text) => level::called_elsewhere(text)
            .filter(|name| kind.names().contains(name))
            .or_else(|| setting::closest(text, kind.names().iter().copied())),
        _ => None,
    };
    if let (Some(near), true) = (near, kind.names().len() > FEW_NAMES) {
        let many = format!("it takes {} names, which `seedbed new` lists", kind.names().len());
        return format!("`{name} = {}` is not valid; did you mean \"{near}\"? ({many})", value.literal());
    }
    let near = near.map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
    format!("`{name} = {}` is not valid: expected {}{near}", value.literal(), kind.expected())
}

fn refuse_setting(name: &str, origin: &Origin, problems: &mut Problems) {
    if let Some(near) = nearest(name) {
        problems.error(origin, format!("{name} is not a setting; did you mean {near}?"));
        return;
    }
    let problem = problems.error(origin, format!("{name} is not a setting"));
    if let Some(section) = section_of(name) {
        let keys: Vec<&str> = section.settings.iter().map(|setting| &setting.key[section.name.len() + 1..]).collect();
        problem.hint(format!("[{}] takes {}", section.name, keys.join(", ")));
    }
}

/// The setting that `name` could mean: a slip in its own section, or a key that belongs to another one.
fn nearest(name: &str) -> Option<&'static str> {
    let Some(section) = section_of(name) else { return setting::nearest(name) };
    let rest_of = |key: &'static str| key.split_once('.').map_or(key, |(_, rest)| rest);
    let rest = &name[section.name.len() + 1..];
    let in_section = setting::closest(rest, section.settings.iter().map(|setting| rest_of(setting.key)));
    let slip = in_section.and_then(|near| section.settings.iter().find(|setting| rest_of(setting.key) == near));
    slip.or_else(|| setting::all().find(|setting| rest_of(setting.key) == rest)).map(|setting| setting.key)
}

fn refuse_parameter(name: &str, names: &BTreeSet<String>, origin: &Origin, problems: &mut Problems) {
    let near = setting::closest(name, names.iter().map(String::as_str));
    let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    problems
        .error(origin, format!("{name} is no parameter of the program{near}"))
        .hint(format!("write {{{name}}} into the command of [trainer], or declare it under [params]"));
}
