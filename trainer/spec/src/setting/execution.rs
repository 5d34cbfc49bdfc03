use super::{Kind, Preset, Section, Setting};

pub(super) const SECTION: Section = Section {
    name: "execution",
    meaning: "How a run is carried out and how often it is looked at; nothing here changes its id",
    science: false,
    settings: &[
        Setting {
            key: "execution.device",
            kind: Kind::Choice(&["auto", "cpu", "cuda"]),
            default: Preset::Text("auto"),
            meaning: "Where a run computes; auto takes a GPU where one is visible",
        },
        Setting {
            key: "execution.log-every",
            kind: Kind::Integer { least: 1, most: 1 << 40 },
            default: Preset::Integer(10),
            meaning: "Steps between two rows of training loss",
        },
        Setting {
            key: "execution.validate-every",
            kind: Kind::Integer { least: 1, most: 1 << 40 },
            default: Preset::Derived("a tenth of the steps"),
            meaning: "Steps between two measurements of the validation loss",
        },
        Setting {
            key: "execution.checkpoint-every",
            kind: Kind::Duration,
            default: Preset::Text("1m"),
            meaning: "Time between two checkpoints",
        },
        Setting {
            key: "execution.deterministic",
            kind: Kind::Choice(&["auto", "always"]),
            default: Preset::Text("auto"),
            meaning: "Whether a GPU may use only algorithms that give the same bits in every attempt: always says so, auto leaves it the faster ones; a CPU gives the same bits either way, with one number of threads",
        },
    ],
};
