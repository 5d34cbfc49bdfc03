//! The preset of a sweep (`sweep.preset`): what it fills in, and what wins over it.

use serde::Serialize;
use spec::Value;
use spec::model::Architecture;
use spec::setting::Protocol;
use spec::setting::protocol::{Called, excluded_by};

use super::factors::Factors;
use super::problem::Problems;
use super::source::Origin;
use super::vocabulary::Assignment;

/// A preset that a sweep names, and what of it holds.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PresetUse {
    /// Its name.
    pub name: &'static str,
    /// The settings that it fills in, in the order of the table.
    pub filled: Vec<(&'static str, Value)>,
    /// Those of its settings that the sweep says itself, for all its runs.
    pub replaced: Vec<&'static str>,
}

/// Everything in a sweep file that can win over a preset.
#[derive(Debug)]
pub(super) struct Explicit<'a> {
    pub(super) factors: &'a Factors,
    /// What holds for all runs.
    pub(super) common: Vec<&'a Assignment>,
    /// What holds for some.
    pub(super) single: Vec<&'a Assignment>,
}

/// What holds of `protocol`; wherever the file says something else, that wins and is a warning. `None` for the preset
/// that changes nothing.
pub(super) fn apply(protocol: &'static Protocol, explicit: &Explicit, problems: &mut Problems) -> Option<PresetUse> {
    let (mut filled, mut replaced) = (Vec::new(), Vec::new());
    for (setting, value) in protocol.values() {
        let (key, theirs) = (setting.key, format!("`{} = {}`", setting.key, value.literal()));
        if let Some((written, origin)) = explicit.for_all(key) {
            if written.as_ref() != Some(&value) {
                let written =
                    written.map_or_else(|| "a factor".to_owned(), |value| format!("`{key} = {}`", value.literal()));
                problems.warn(&origin, format!("{written} wins over {theirs} of sweep.preset = \"{}\"", protocol.name));
            }
            replaced.push(key);
        } else if let Some((other, origin)) =
            excluded_by(key).and_then(|other| Some((other, explicit.for_all(other)?.1)))
        {
            problems
                .warn(&origin, format!("{other} stands in place of {theirs} of sweep.preset = \"{}\"", protocol.name));
            replaced.push(key);
        } else {
            for one in explicit.single.iter().filter(|one| one.target.key() == key && one.value != value) {
                let written = format!("`{key} = {}`", one.value.literal());
                let message = format!("{written} wins over {theirs} of sweep.preset = \"{}\" here", protocol.name);
                problems.warn(&one.origin, message);
            }
            filled.push((key, value));
        }
    }
    warn_of_names(protocol, explicit, problems);
    let is_used = !(filled.is_empty() && replaced.is_empty());
    is_used.then_some(PresetUse { name: protocol.name, filled, replaced })
}

/// Says which activations the authors of the preset ran under the name of another.
fn warn_of_names(protocol: &Protocol, explicit: &Explicit, problems: &mut Problems) {
    let architectures = explicit.values_of("model.architecture");
    let default = Architecture::NAMES[0];
    let has = |name: &str| {
        architectures.iter().any(|(value, _)| **value == Value::from(name))
            || architectures.is_empty() && name == default
    };
    for (value, origin) in explicit.values_of("model.activation") {
        let is_meant = |called: &&Called| *value == Value::from(called.name) && called.architecture.is_none_or(has);
        if let Some(Called { name, ran, architecture }) = protocol.called.iter().find(is_meant) {
            let place = architecture.map_or(String::new(), |name| format!(" in {name}"));
            let message =
                format!("\"{name}\" is here what the name says; {} ran \"{ran}\" under it{place}", protocol.name);
            problems.warn(&origin, message).hint(format!("write activation = \"{ran}\" for what was run"));
        }
    }
}

impl Explicit<'_> {
    /// What stands for `key` in all runs, and where: a value, or `None` for the levels of a factor.
    fn for_all(&self, key: &str) -> Option<(Option<Value>, Origin)> {
        // The last of the common ones is a `--set`, if there is one.
        let common = self.common.iter().rfind(|one| one.target.key() == key);
        let common = common.map(|one| (Some(one.value.clone()), one.origin.clone()));
        let factor = || self.factors.list.iter().find(|factor| factor.target.key() == key);
        common.or_else(|| factor().map(|factor| (None, factor.origin.clone())))
    }

    fn values_of(&self, key: &str) -> Vec<(&Value, Origin)> {
        let written = self.common.iter().chain(&self.single).filter(|one| one.target.key() == key);
        let levels = self.factors.list.iter().filter(|factor| factor.target.key() == key);
        let levels = levels.flat_map(|factor| factor.levels.iter().map(|level| (level, factor.origin.clone())));
        written.map(|one| (&one.value, one.origin.clone())).chain(levels).collect()
    }
}

impl PresetUse {
    /// As a person reads it, a line each.
    pub fn lines(&self) -> String {
        let filled: Vec<String> =
            self.filled.iter().map(|(key, value)| format!("{key} = {}", value.literal())).collect();
        let mut text = format!("preset {} fills in:\n", self.name);
        text.extend(filled.iter().map(|line| format!("  {line}\n")));
        if !self.replaced.is_empty() {
            text.extend(["  not ", &self.replaced.join(", "), ", which the sweep says itself\n"]);
        }
        text
    }
}
