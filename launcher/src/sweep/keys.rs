//! The keys of a sweep file that describe the sweep and not a run, in the form of the table of settings.

use spec::Value;
use spec::analysis::{Family, Pairing, Scale};
use spec::metric::Direction;
use spec::setting::{Kind, Preset, Setting};

use super::document::Block;
use super::problem::Problems;
use super::source::Origin;
use super::vocabulary::Target;

const RETRIES: Kind = Kind::Integer { least: 0, most: 1000 };
const FACTOR: Kind = Kind::Float { least: 1.0, most: 10.0 };

/// Keys of `[retry]`.
pub(super) const RETRY: [Setting; 8] = [
    Setting {
        key: "retry.out-of-memory",
        kind: RETRIES,
        default: Preset::Integer(0),
        meaning: "Retries after a run that ran out of memory",
    },
    Setting {
        key: "retry.timeout",
        kind: RETRIES,
        default: Preset::Integer(10),
        meaning: "Retries after a run that reached its time limit; it goes on from its checkpoint",
    },
    Setting {
        key: "retry.node-failure",
        kind: RETRIES,
        default: Preset::Integer(3),
        meaning: "Retries after a node that failed",
    },
    Setting {
        key: "retry.preemption",
        kind: RETRIES,
        default: Preset::Integer(100),
        meaning: "Retries after a preempted run; it goes on from its checkpoint",
    },
    Setting {
        key: "retry.error",
        kind: RETRIES,
        default: Preset::Integer(0),
        meaning: "Retries after a program that failed",
    },
    Setting {
        key: "retry.memory-factor",
        kind: FACTOR,
        default: Preset::Float(1.5),
        meaning: "On a cluster, a run that was out of memory asks for so many times as much, up to the largest node",
    },
    Setting {
        key: "retry.time-factor",
        kind: FACTOR,
        default: Preset::Float(1.5),
        meaning: "On a cluster, a run that reached its time limit and had come no further asks for so many times as much",
    },
    Setting {
        key: "retry.exclude-nodes",
        kind: Kind::Flag,
        default: Preset::Flag(true),
        meaning: "On a cluster, a run stays away from nodes that failed under it",
    },
];

/// Keys of `[analysis]` but for `baseline`, `directions` and `questions`, whose form depends on the factors.
pub(super) const ANALYSIS: [Setting; 7] = [
    Setting {
        key: "analysis.primary",
        kind: Kind::Text,
        default: Preset::Text("validation-loss"),
        meaning: "The metric that the study is about",
    },
    Setting {
        key: "analysis.direction",
        kind: Kind::Choice(&Direction::NAMES),
        default: Preset::Derived("known for the metrics of the built-in trainer"),
        meaning: "Which way is better for the primary metric; for further ones: directions = { metric = \"higher\" }",
    },
    Setting {
        key: "analysis.margin",
        kind: Kind::Positive { most: f64::INFINITY },
        default: Preset::Derived("none"),
        meaning: "The smallest difference of the primary metric that matters, in its unit",
    },
    Setting {
        key: "analysis.alpha",
        kind: Kind::Positive { most: 0.5 },
        default: Preset::Float(0.05),
        meaning: "Probability of a false claim that is accepted, per family of comparisons",
    },
    Setting {
        key: "analysis.family",
        kind: Kind::Choice(&Family::NAMES),
        default: Preset::Text("metric"),
        meaning: "Which comparisons share one correction: all of a metric, or those within one combination of the other factors",
    },
    Setting {
        key: "analysis.pairing",
        kind: Kind::Choice(&Pairing::NAMES),
        default: Preset::Text("seed"),
        meaning: "How runs are set side by side: with the same seed, or as two independent groups",
    },
    Setting {
        key: "analysis.scale",
        kind: Kind::Choice(&Scale::NAMES),
        default: Preset::Text("linear"),
        meaning: "Scale of the primary metric's differences and of the margin: values as they are, or their logarithms (0.01 is about 1 %)",
    },
];

/// The value of `setting` in `block`, its own table, and where it stands; a problem and `None` where it does not fit.
pub(super) fn take(block: &mut Block, setting: &'static Setting, problems: &mut Problems) -> Option<(Value, Origin)> {
    let name = setting.key.split_once('.').map_or(setting.key, |(_, name)| name);
    let entry = block.take(name)?;
    let value = Target::Setting(setting).accept(setting.key, &entry.node, problems)?;
    Some((value, entry.node.origin))
}

/// The names of the keys below their table.
pub(super) fn names(settings: &[Setting]) -> Vec<&'static str> {
    settings.iter().map(|setting| setting.key.split_once('.').map_or(setting.key, |(_, name)| name)).collect()
}
