use super::{Kind, Preset, Section, Setting};
use crate::evaluate::Task;
use crate::fine_tuning::TuningProtocol;

pub(super) const SECTION: Section = Section {
    name: "evaluate",
    meaning: "What is measured at the end",
    science: true,
    settings: &[
        Setting {
            key: "evaluate.tasks",
            kind: Kind::Choices(&Task::NAMES),
            default: Preset::Texts(&["validation"]),
            meaning: "Measurements that fill results.csv; those from blimp on need `seedbed-trainer data get`, and may be added later",
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
        Setting {
            key: "evaluate.fine-tuning-protocol",
            kind: Kind::Choice(&TuningProtocol::NAMES),
            default: Preset::Text(TuningProtocol::NAMES[0]),
            meaning: "How models are tuned and scored; superglue under tasks is all tasks of it, and cola … qnli are babylm-2023's",
        },
        Setting {
            key: "evaluate.fine-tuning-seeds",
            kind: Kind::Integer { least: 1, most: 1000 },
            default: Preset::Integer(3),
            meaning: "Fine-tuning seeds of each trained model, averaged within it",
        },
        Setting {
            key: "evaluate.fine-tuning-learning-rate",
            kind: Kind::Positive { most: 1.0 },
            default: Preset::Derived("the protocol's"),
            meaning: "Peak learning rate of fine-tuning",
        },
        Setting {
            key: "evaluate.fine-tuning-batch",
            kind: Kind::Integer { least: 1, most: 1 << 16 },
            default: Preset::Derived("the protocol's"),
            meaning: "Items a step of fine-tuning",
        },
        Setting {
            key: "evaluate.fine-tuning-epochs",
            kind: Kind::Integer { least: 1, most: 1000 },
            default: Preset::Derived("the protocol's"),
            meaning: "Most passes over a task's training set",
        },
        Setting {
            key: "evaluate.fine-tuning-patience",
            kind: Kind::Integer { least: 1, most: 1000 },
            default: Preset::Derived("the protocol's"),
            meaning: "Looks without a gain after which fine-tuning ends",
        },
        Setting {
            key: "evaluate.fine-tuning-items",
            kind: Kind::Integer { least: 10, most: u32::MAX as i64 },
            default: Preset::Derived("all"),
            meaning: "Most items of a task's training set, the same for every model",
        },
    ],
};
