//! Presets of a sweep file (`sweep.preset`): one name for many settings.
//!
//! A protocol stands between what was given and the defaults: it fills in what nobody wrote, so that a run under it is
//! the run whose file has all of it written out, and has the same id. Where of two settings that exclude each other one
//! was given, the other is not filled in.

use super::{Preset, Setting, find};
use crate::value::Value;

/// Settings under one name.
#[derive(Debug)]
pub struct Protocol {
    /// What a sweep file calls it.
    pub name: &'static str,
    /// What it is for: one sentence without a full stop.
    pub meaning: &'static str,
    /// What it fills in, in the order of the table.
    values: &'static [(&'static str, Preset)],
    /// Activations that its authors ran under the name of another.
    pub called: &'static [Called],
}

/// An activation under the name of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Called {
    /// The name.
    pub name: &'static str,
    /// The level that was run.
    pub ran: &'static str,
    /// In which architecture, where not in both.
    pub architecture: Option<&'static str>,
}

const fn called(name: &'static str, ran: &'static str) -> Called {
    Called { name, ran, architecture: None }
}

/// Names of the protocols.
pub const NAMES: [&str; 2] = ["as-intended", "delft-2024"];

/// Every protocol, in the order of [`NAMES`]. The first changes nothing.
///
/// `delft-2024` is how the study of 2024 trained (tiny-transformers of AISE, TU Delft, `code/filip/*_train.py`):
/// networks, widths without a common budget, its mixed initialisation, one epoch of steps of 16 times 16 stories whose
/// means are averaged. It padded each story to 512 tokens, with a mask and without a loss there: that took time and
/// changed no number, so nothing stands for it here. Its tokenizer and text are files that a sweep must name.
pub static PROTOCOLS: [Protocol; 2] = [
    Protocol { name: NAMES[0], meaning: "Everything as its source means it, and all alike", values: &[], called: &[] },
    Protocol {
        name: NAMES[1],
        meaning: "As the study of 2024 trained, its mixed initialisation and unequal sizes included",
        values: &[
            ("model.hidden-size", Preset::Integer(512)),
            ("model.layers", Preset::Integer(2)),
            ("model.heads", Preset::Integer(4)),
            ("model.ffn-size", Preset::Integer(1024)),
            ("model.budget", Preset::Text("unmatched")),
            ("model.context", Preset::Integer(512)),
            ("model.window", Preset::Integer(256)),
            ("model.vocabulary", Preset::Integer(10_000)),
            ("model.initialisation", Preset::Text("delft")),
            ("model.init-std", Preset::Float(0.02)),
            ("data.long-stories", Preset::Text("truncate")),
            ("train.epochs", Preset::Float(1.0)),
            ("train.stories-per-step", Preset::Integer(256)),
            ("train.averaging", Preset::Text("micro-batches")),
            ("train.micro-batch-stories", Preset::Integer(16)),
            ("train.micro-batch-tokens", Preset::Integer(8192)),
            ("train.learning-rate", Preset::Float(5e-4)),
            ("train.schedule", Preset::Text("linear")),
            ("train.warmup-steps", Preset::Integer(0)),
            ("train.final-learning-rate", Preset::Float(0.0)),
            ("train.beta1", Preset::Float(0.9)),
            ("train.beta2", Preset::Float(0.999)),
            ("train.epsilon", Preset::Float(1e-8)),
            ("train.weight-decay", Preset::Float(0.0)),
            ("train.clip", Preset::Float(1.0)),
            ("train.precision", Preset::Text("fp32")),
            ("train.mask-probability", Preset::Float(0.15)),
        ],
        called: &[
            Called { name: "gelu", ran: "gelu-tanh", architecture: Some("gpt-neo") },
            called("prelu", "delft-prelu"),
            called("swish", "delft-swish"),
            called("learnable-gelu", "delft-learnable-gelu"),
            called("geglu", "delft-geglu"),
            called("kan", "delft-kan"),
        ],
    },
];

/// Pairs of which at most one holds.
const EXCLUSIVE: [[&str; 2]; 2] =
    [["train.steps", "train.epochs"], ["train.tokens-per-step", "train.stories-per-step"]];

impl Protocol {
    /// The protocol that changes nothing.
    pub fn as_intended() -> &'static Self {
        &PROTOCOLS[0]
    }

    /// The protocol of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        PROTOCOLS.iter().find(|protocol| protocol.name == name)
    }

    /// What it fills in.
    pub fn values(&self) -> impl Iterator<Item = (&'static Setting, Value)> {
        self.values.iter().map(|(key, preset)| {
            let setting = find(key).expect("invariant: a protocol speaks of settings of the table");
            (setting, preset.value().expect("invariant: a protocol has fixed values"))
        })
    }

    /// Its place in [`PROTOCOLS`].
    pub(super) fn place(&self) -> usize {
        NAMES.iter().position(|name| *name == self.name).expect("invariant: a protocol is one of the table")
    }
}

/// The setting that `key` excludes, if there is one.
pub fn excluded_by(key: &str) -> Option<&'static str> {
    EXCLUSIVE.iter().find_map(|[one, other]| match key {
        key if key == *one => Some(*other),
        key if key == *other => Some(*one),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed_forward::level;
    use crate::identity::Digest;
    use crate::run::Study;
    use crate::setting::Settings;

    fn study(protocol: &'static Protocol, given: &[(&str, Value)]) -> Study {
        let mut settings = Settings::under(protocol);
        for (key, value) in [("data.corpus", Value::from("stories.txt"))].iter().chain(given) {
            settings.give(find(key).unwrap(), value).unwrap();
        }
        Study::from_settings(&settings, &|_| Some(Digest::of(b"stories"))).unwrap()
    }

    #[test]
    fn values_fit_their_settings_and_stand_once() {
        assert_eq!(PROTOCOLS.each_ref().map(|protocol| protocol.name), NAMES);
        for protocol in &PROTOCOLS {
            let mut seen = std::collections::BTreeSet::new();
            for (setting, value) in protocol.values() {
                assert_eq!(setting.accept(&value).as_ref(), Ok(&value), "{}", setting.key);
                assert!(seen.insert(setting.key), "{} stands twice", setting.key);
            }
            for called in protocol.called {
                assert!(level::NAMES.contains(&called.name) && level::NAMES.contains(&called.ran), "{called:?}");
                assert!(called.architecture.is_none_or(|name| crate::model::Architecture::NAMES.contains(&name)));
            }
        }
    }

    #[test]
    fn a_protocol_is_its_settings_written_out() {
        for protocol in &PROTOCOLS {
            for activation in level::NAMES {
                for architecture in ["gpt-neo", "roberta"] {
                    let own = [("activation", Value::from(activation)), ("architecture", Value::from(architecture))];
                    let written: Vec<_> = protocol.values().map(|(setting, value)| (setting.key, value)).collect();
                    let all: Vec<_> = written.into_iter().chain(own.clone()).collect();
                    assert_eq!(study(protocol, &own), study(Protocol::as_intended(), &all), "{activation}");
                }
            }
        }
    }

    #[test]
    fn what_is_given_wins_and_what_it_excludes_falls_away() {
        let delft = Protocol::named("delft-2024").unwrap();
        let given = [
            ("train.steps", Value::Integer(7)),
            ("train.tokens-per-step", Value::Integer(4096)),
            ("model.budget", Value::from("matched")),
        ];
        let study = study(delft, &given);
        assert_eq!(study.train.length, crate::train::Length::Steps(7));
        assert_eq!(study.train.batch, crate::train::Batch::Tokens(4096));
        let both = [("train.steps", Value::Integer(7)), ("train.epochs", Value::Float(2.0))];
        let mut settings = Settings::under(delft);
        for (key, value) in &both {
            settings.give(find(key).unwrap(), value).unwrap();
        }
        assert!(Study::from_settings(&settings, &|_| None).is_err(), "two that were given still exclude each other");
    }

    #[test]
    fn its_networks_have_the_parameters_that_were_counted() {
        let delft = Protocol::named("delft-2024").unwrap();
        // From the sizes of the files that its authors published, and what their notebooks print.
        for (architecture, activation, expected) in [
            ("gpt-neo", "gelu-tanh", 9_585_664),
            ("roberta", "gelu", 9_863_952),
            ("gpt-neo", "delft-prelu", 9_585_664 + 2 * 1024),
            ("gpt-neo", "delft-swish", 9_585_664 + 2 * 1024),
            ("gpt-neo", "delft-geglu", 9_585_664 + 2 * 525_312),
            ("gpt-neo", "delft-kan", 11_679_744),
        ] {
            let given = [("architecture", Value::from(architecture)), ("activation", Value::from(activation))];
            let found = crate::budget::ParameterCount::of(&study(delft, &given).model).total();
            assert_eq!(found, expected, "{architecture} {activation}");
        }
    }
}
