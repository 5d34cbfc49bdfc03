use super::{Kind, Preset, Section, Setting};

pub(super) const SECTION: Section = Section {
    name: "resources",
    meaning: "What one run asks of the machine; nothing here changes its id",
    science: false,
    settings: &[
        Setting {
            key: "resources.gpus",
            kind: Kind::Integer { least: 0, most: 1024 },
            default: Preset::Integer(1),
            meaning: "GPUs of one run on each of its nodes; with several it has a process on each (data parallel)",
        },
        Setting {
            key: "resources.nodes",
            kind: Kind::Integer { least: 1, most: 4096 },
            default: Preset::Integer(1),
            meaning: "Nodes of one run on a cluster; GPUs, cores and memory are those of each",
        },
        Setting {
            key: "resources.cpus",
            kind: Kind::Integer { least: 1, most: 4096 },
            default: Preset::Integer(4),
            meaning: "Processor cores of one run on a cluster",
        },
        Setting {
            key: "resources.memory",
            kind: Kind::Memory,
            default: Preset::Text("16G"),
            meaning: "Main memory of one run on a cluster",
        },
        Setting {
            key: "resources.time",
            kind: Kind::Duration,
            default: Preset::Text("4h"),
            meaning: "Time limit of one run on a cluster",
        },
        Setting {
            key: "resources.runs-per-job",
            kind: Kind::Integer { least: 1, most: 64 },
            default: Preset::Integer(1),
            meaning: "Runs that share one job on a cluster, each with its own records; `seedbed run` has slots instead",
        },
        Setting {
            key: "resources.packing",
            kind: Kind::Choice(&["in-turn", "side-by-side"]),
            default: Preset::Text("in-turn"),
            meaning: "How they share it: one after the other in as many times the time, or all at once in as many times \
                      the cores and memory; the GPUs of one run are for all of them either way",
        },
    ],
};
