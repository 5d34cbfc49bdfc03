use super::{Kind, Preset, Section, Setting};

pub(super) const SECTION: Section = Section {
    name: "data",
    meaning: "The text and how it becomes tokens",
    science: true,
    settings: &[
        Setting {
            key: "data.corpus",
            kind: Kind::Paths,
            default: Preset::Required,
            meaning: "Text files of stories, relative to the sweep file",
        },
        Setting {
            key: "data.validation",
            kind: Kind::Paths,
            default: Preset::Derived("a part of the corpus"),
            meaning: "Text files of held-out stories",
        },
        Setting {
            key: "data.validation-fraction",
            kind: Kind::Positive { most: 0.5 },
            default: Preset::Float(0.05),
            meaning: "Part of the corpus that is held out where no validation file is given, chosen by each story's content",
        },
        Setting {
            key: "data.separator",
            kind: Kind::Text,
            default: Preset::Text("<|endoftext|>"),
            meaning: "The line that stands between two stories",
        },
        Setting {
            key: "data.tokenizer",
            kind: Kind::ChoiceOrPath(&["train"]),
            default: Preset::Text("train"),
            meaning: "Train a byte-level BPE on the corpus, or load this tokenizer.json",
        },
        Setting {
            key: "data.long-stories",
            kind: Kind::Choice(&["truncate", "split"]),
            default: Preset::Text("truncate"),
            meaning: "What becomes of a story longer than the context: its head is kept, or it becomes several",
        },
        Setting {
            key: "data.stories",
            kind: Kind::Integer { least: 1, most: i64::MAX },
            default: Preset::Derived("all of them"),
            meaning: "Train on the first so many stories only",
        },
    ],
};
