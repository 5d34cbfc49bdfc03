//! Every key of a sweep file that describes a run: one table, from which checks, messages, help and defaults are made.
//!
//! [`SECTIONS`] is the table, one file a section. [`Setting::accept`] says whether a value fits a key. [`Settings`]
//! holds what was given and answers with defaults for the rest; the typed specs are built from it and from nothing
//! else.

mod data;
mod evaluate;
mod execution;
mod kind;
mod model;
pub mod protocol;
mod resources;
mod settings;
mod train;

use std::cmp::Reverse;

pub use self::kind::Kind;
pub use self::protocol::Protocol;
pub use self::settings::Settings;
use crate::error::SpecError;
use crate::value::Value;

/// One key, what it takes, and what it means.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The dotted key: `train.learning-rate`.
    pub key: &'static str,
    /// The values that it takes.
    pub kind: Kind,
    /// What stands when nobody says otherwise.
    pub default: Preset,
    /// What it means, with its unit: one sentence without a full stop.
    pub meaning: &'static str,
}

/// What stands for a key that was not given.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    /// Yes or no.
    Flag(bool),
    /// A fixed whole number.
    Integer(i64),
    /// A fixed number.
    Float(f64),
    /// A fixed text.
    Text(&'static str),
    /// A fixed list of texts.
    Texts(&'static [&'static str]),
    /// Worked out from other settings, as the words say.
    Derived(&'static str),
    /// Nothing: the key must be given.
    Required,
}

/// A table of a sweep file whose keys are settings of a run.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The table's name: `model`.
    pub name: &'static str,
    /// What the table is for: one sentence without a full stop.
    pub meaning: &'static str,
    /// Whether its keys can change what a run finds, and so are part of its id.
    pub science: bool,
    /// The keys, in the order in which a person would read them.
    pub settings: &'static [Setting],
}

/// All sections, in the order of a sweep file.
pub const SECTIONS: [Section; 6] =
    [model::SECTION, data::SECTION, train::SECTION, evaluate::SECTION, execution::SECTION, resources::SECTION];

/// Factor names that are short for a dotted key.
pub const SHORT_NAMES: [(&str, &str); 2] = [("architecture", "model.architecture"), ("activation", "model.activation")];

/// All settings, section by section.
pub fn all() -> impl Iterator<Item = &'static Setting> {
    const TABLE: [Section; 6] = SECTIONS;
    TABLE.iter().flat_map(|section| section.settings)
}

/// The setting of a dotted key or of a short name.
pub fn find(name: &str) -> Option<&'static Setting> {
    let key = SHORT_NAMES.iter().find(|(short, _)| *short == name).map_or(name, |(_, key)| key);
    settings::position(key).map(settings::at)
}

/// The known name closest to `name`, if one is close enough to be a slip of the hand.
pub fn nearest(name: &str) -> Option<&'static str> {
    let keys = all().map(|setting| setting.key).chain(SHORT_NAMES.iter().map(|(short, _)| *short));
    closest(name, keys)
}

/// The candidate that `text` probably means, capitals aside: from two letters on the only one that begins with it,
/// else the closest by Damerau–Levenshtein distance if it is at most a third of the text away. Of several as close it
/// is the one that begins most as the text does.
pub fn closest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = text.chars().count();
    let text = text.to_lowercase();
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let mut longer = candidates.iter().filter(|candidate| candidate.to_lowercase().starts_with(&text));
    if let (2.., Some(only), None) = (length, longer.next(), longer.next()) {
        return Some(only);
    }
    let same_start =
        |candidate: &str| text.chars().zip(candidate.chars()).take_while(|(one, other)| one == other).count();
    candidates
        .into_iter()
        .map(|candidate| (candidate.to_lowercase(), candidate))
        .map(|(lower, candidate)| (strsim::damerau_levenshtein(&text, &lower), Reverse(same_start(&lower)), candidate))
        .filter(|(distance, ..)| *distance <= length / 3)
        .min()
        .map(|(.., candidate)| candidate)
}

impl Setting {
    /// The value in the form in which it is stored, or an error that names what would be right.
    ///
    /// A whole number becomes a float where a float is expected, a single path becomes a list, and quantities take
    /// their shortest spelling, so that one meaning has one form.
    ///
    /// # Errors
    /// [`SpecError::Invalid`].
    pub fn accept(&self, value: &Value) -> Result<Value, SpecError> {
        self.kind.accept(value).ok_or_else(|| SpecError::Invalid {
            key: self.key,
            value: value.literal(),
            expected: self.kind.expected(),
        })
    }

    /// The default in the words of a sweep file, or of a person where it is derived.
    pub fn default_text(&self) -> String {
        match self.default {
            Preset::Derived(words) => words.to_owned(),
            Preset::Required => "required".to_owned(),
            fixed => fixed.value().map_or_else(String::new, |value| value.literal()),
        }
    }
}

impl Preset {
    /// The value, where it is fixed.
    pub fn value(self) -> Option<Value> {
        match self {
            Self::Flag(value) => Some(Value::Boolean(value)),
            Self::Integer(value) => Some(Value::Integer(value)),
            Self::Float(value) => Some(Value::Float(value)),
            Self::Text(text) => Some(Value::from(text)),
            Self::Texts(texts) => Some(Value::List(texts.iter().map(|text| Value::from(*text)).collect())),
            Self::Derived(_) | Self::Required => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_and_belong_to_their_section() {
        let mut seen = std::collections::BTreeSet::new();
        for section in SECTIONS {
            for setting in section.settings {
                assert!(setting.key.starts_with(&format!("{}.", section.name)), "{}", setting.key);
                assert!(seen.insert(setting.key), "{} stands twice", setting.key);
            }
        }
    }

    #[test]
    fn fixed_defaults_are_accepted_by_their_own_setting() {
        for setting in all() {
            if let Some(value) = setting.default.value() {
                assert_eq!(setting.accept(&value).as_ref(), Ok(&value), "{}", setting.key);
            }
        }
    }

    #[test]
    fn short_names_lead_to_settings() {
        for (short, key) in SHORT_NAMES {
            assert_eq!(find(short).map(|setting| setting.key), Some(key));
        }
    }

    #[test]
    fn of_names_as_close_the_one_that_begins_alike_is_meant() {
        assert_eq!(closest("rellu", ["reglu", "relu", "prelu"]), Some("relu"));
        assert_eq!(closest("gellu", ["glu", "geglu", "gelu"]), Some("gelu"));
        assert_eq!(closest("act", ["acc", "activation"]), Some("activation"));
        assert_eq!(closest("re", ["relu", "reglu"]), None);
    }

    #[test]
    fn slips_of_the_hand_are_recognised() {
        assert_eq!(nearest("train.learning-rat"), Some("train.learning-rate"));
        assert_eq!(nearest("activaton"), Some("activation"));
        assert_eq!(nearest("colour"), None);
    }
}
