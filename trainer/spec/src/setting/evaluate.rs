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
            meaning: "Measurements that fill results.csv",
        },
        Setting {
            key: "evaluate.minimal-pairs",
            kind: Kind::Paths,
            default: Preset::Derived("none"),
            meaning: "JSONL files of minimal pairs (sentence_good, sentence_bad, UID) for the task minimal-pairs",
        },
    ],
};
