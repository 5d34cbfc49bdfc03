use super::{Kind, Preset, Section, Setting};
use crate::evaluate::Task;

pub(super) const SECTION: Section = Section {
    name: "evaluate",
    meaning: "What is measured at the end",
    science: true,
    settings: &[
        Setting {
            key: "evaluate.tasks",
            kind: Kind::Choices(&Task::NAMES),
            default: Preset::Texts(&["validation"]),
            meaning: "Measurements that fill results.csv; blimp and babylm need `seedbed-trainer data get`, and may be added later",
        },
        Setting {
            key: "evaluate.minimal-pairs",
            kind: Kind::Paths,
            default: Preset::Derived("none"),
            meaning: "JSONL files of minimal pairs (sentence_good, sentence_bad, UID) for the task minimal-pairs",
        },
        Setting {
            key: "evaluate.curve-pairs",
            kind: Kind::Integer { least: 1, most: 1 << 20 },
            default: Preset::Derived("none"),
            meaning: "Pairs of blimp and babylm, always the same, that are asked whenever the validation loss is measured",
        },
    ],
};
