//! Fine-tuning of a trained model on labelled tasks, as a benchmark of a run: which tasks, by which protocol, with
//! which seeds.
//!
//! As all of [`crate::benchmark`], it is no part of a run's id. The unit of the analysis stays the run: its fine-tuning
//! seeds are averaged within it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::SpecError;
use crate::identity::Digest;
use crate::setting::Settings;
use crate::store;

/// The name of SuperGLUE's eight tasks together.
pub const SUPERGLUE: &str = "superglue";

/// SuperGLUE's tasks (Wang et al. 2019, arXiv:1905.00537): their names, and the folders of its archive.
pub const TASKS: [(&str, &str); 8] = [
    ("boolq", "BoolQ"),
    ("cb", "CB"),
    ("copa", "COPA"),
    ("multirc", "MultiRC"),
    ("record", "ReCoRD"),
    ("rte", "RTE"),
    ("wic", "WiC"),
    ("wsc", "WSC"),
];

/// The tasks of the BabyLM pipeline of 2023 in its order: seven of GLUE, MNLI twice, and three of SuperGLUE.
const BABYLM_TASKS: [&str; 11] =
    ["cola", "sst2", "mrpc", "qqp", "mnli", "mnli-mm", "qnli", "rte", "boolq", "multirc", "wsc"];

/// The diagnostics that a model for `rte` answers: their sets in the store, and their files.
const DIAGNOSTICS: [(&str, &str); 2] = [("ax-b", "AX-b/AX-b.jsonl"), ("ax-g", "AX-g/AX-g.jsonl")];

/// How models are tuned and scored; the trainer's documentation has the whole of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TuningProtocol {
    /// The best moment is chosen on a part of the training set.
    #[default]
    Superglue,
    /// As the pipeline of the BabyLM challenge of 2023 did.
    #[serde(rename = "babylm-2023")]
    Babylm2023,
}

impl TuningProtocol {
    /// The names, in the order of the variants.
    pub const NAMES: [&'static str; 2] = ["superglue", "babylm-2023"];

    /// The name in sweep files and tables.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// The protocol of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Superglue, Self::Babylm2023].into_iter().find(|protocol| protocol.name() == name)
    }

    /// What stands before the name of a task in the names of metrics.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Superglue => "",
            Self::Babylm2023 => "babylm-",
        }
    }

    /// Its tasks, in their order.
    pub fn tasks(self) -> Vec<&'static str> {
        match self {
            Self::Superglue => TASKS.iter().map(|(name, _)| *name).collect(),
            Self::Babylm2023 => BABYLM_TASKS.to_vec(),
        }
    }

    /// The files of a task, or nothing if it has no such task.
    pub fn files(self, task: &str) -> Vec<TaskFile> {
        let Some(name) = self.tasks().into_iter().find(|name| *name == task) else { return Vec::new() };
        let file = |set: &'static str, stored: &str, name: String, needed: bool| TaskFile {
            set,
            stored: stored.to_owned(),
            name,
            needed,
        };
        match self {
            Self::Superglue => {
                let folder = TASKS.iter().find(|(known, _)| *known == name).map_or(name, |(_, folder)| *folder);
                let mut files = vec![
                    file(name, "train.jsonl", format!("{folder}/train.jsonl"), true),
                    file(name, "validation.jsonl", format!("{folder}/val.jsonl"), true),
                ];
                let diagnostics = DIAGNOSTICS.iter().filter(|_| name == "rte");
                files.extend(diagnostics.map(|(set, name)| file(set, "test.jsonl", (*name).to_owned(), false)));
                files
            }
            Self::Babylm2023 => {
                let set =
                    if TASKS.iter().any(|(known, _)| *known == name) { "babylm-superglue" } else { "babylm-glue" };
                let split = |name: &str, split: &str| {
                    let name = format!("{name}.{split}.jsonl");
                    file(set, &name.clone(), name, true)
                };
                // Both of MNLI's sets are answered by a model for its one training set.
                let (name, validation) = match name {
                    "mnli" => (name, "validation_matched"),
                    "mnli-mm" => ("mnli", "validation_mismatched"),
                    name => (name, "validation"),
                };
                vec![split(name, "train"), split(name, validation)]
            }
        }
    }
}

/// Which set of the store has the file that is called so in a folder of tasks, and what to do to have it.
pub fn how_to_get(name: &str) -> Option<String> {
    let protocols = [TuningProtocol::Superglue, TuningProtocol::Babylm2023];
    let files = protocols.into_iter().flat_map(|protocol| {
        let tasks = protocol.tasks().into_iter();
        tasks.flat_map(move |task| protocol.files(task))
    });
    let set = files.into_iter().find(|file| file.name == name)?.set;
    Some(format!("`seedbed-trainer data get {set}` downloads it, `data import {set} PATH` takes it in"))
}

/// A file of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskFile {
    /// The set of the store that it belongs to.
    pub set: &'static str,
    /// Its name in that set.
    pub stored: String,
    /// Its name in the folder that a task is read from.
    pub name: String,
    /// Whether the task has no score without it.
    pub needed: bool,
}

impl TaskFile {
    /// The name by which its content is asked for where paths are.
    pub fn data(&self) -> String {
        store::data(self.set, &self.stored)
    }
}

/// How models are tuned: a protocol, what is changed of it, and how often.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tuning {
    /// The protocol.
    pub protocol: TuningProtocol,
    /// Fine-tuning seeds: 0, 1, 2 …
    pub seeds: u32,
    /// Peak learning rate, if not the protocol's, as are the others below.
    pub learning_rate: Option<f64>,
    /// Items an optimiser step.
    pub batch: Option<u32>,
    /// Most passes over a training set.
    pub epochs: Option<u32>,
    /// Looks without a gain after which training ends.
    pub patience: Option<u32>,
    /// Most items of a training set.
    pub items: Option<u32>,
}

impl Default for Tuning {
    fn default() -> Self {
        let protocol = TuningProtocol::default();
        Self { protocol, seeds: 3, learning_rate: None, batch: None, epochs: None, patience: None, items: None }
    }
}

/// A task and the content of its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TunedTask {
    /// The task.
    pub task: String,
    /// Its files that are there, by the names of [`TaskFile::name`].
    pub files: BTreeMap<String, Digest>,
}

/// The fine-tuning of a run's model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FineTuning {
    /// How.
    pub tuning: Tuning,
    /// On what, each once, in a fixed order.
    pub tasks: Vec<TunedTask>,
}

impl FineTuning {
    /// The fine-tuning that `settings` ask for, if they do; `content` gives the digest of [`TaskFile::data`].
    ///
    /// A task of [`SUPERGLUE`] without data is kept, for it will be told as missing; one that is asked for by its own
    /// name is an error, like any file that a sweep names.
    ///
    /// # Errors
    /// When the protocol has no such task, or its data is not there.
    pub fn from_settings(
        settings: &Settings,
        content: &dyn Fn(&str) -> Option<Digest>,
    ) -> Result<Option<Self>, SpecError> {
        let names = settings.texts("evaluate.tasks");
        let is_named = |task: &str| names.iter().any(|name| name == task);
        let tuning = tuning(settings);
        let protocol = tuning.protocol;
        let unfit =
            |task: &str, reason: String| SpecError::Unfit { key: "evaluate.tasks", value: format!("{task:?}"), reason };
        let mut tasks = Vec::new();
        let known = protocol.tasks();
        let foreign = |task: &&str| is_named(task) && !known.contains(task);
        if let Some(task) = TASKS.iter().map(|(task, _)| *task).chain(BABYLM_TASKS).find(foreign) {
            let known = known.join(", ");
            return Err(unfit(task, format!("{} has no such task; its tasks are {known}", protocol.name())));
        }
        for task in known {
            let files = protocol.files(task);
            if !is_named(task) && !is_named(SUPERGLUE) {
                continue;
            }
            let found = |file: &TaskFile| content(&file.data()).map(|content| (file.name.clone(), content));
            let there: BTreeMap<String, Digest> = files.iter().filter_map(found).collect();
            if let Some(file) =
                files.iter().find(|file| file.needed && is_named(task) && !there.contains_key(&file.name))
            {
                let set = file.set;
                let how = how_to_get(&file.name).unwrap_or_default();
                return Err(unfit(task, format!("the store has no {} of {set}; {how}", file.stored)));
            }
            tasks.push(TunedTask { task: task.to_owned(), files: there });
        }
        Ok((!tasks.is_empty()).then_some(Self { tuning, tasks }))
    }
}

fn tuning(settings: &Settings) -> Tuning {
    let number = |key: &str| settings.integer(key).and_then(|number| u32::try_from(number).ok());
    let standard = Tuning::default();
    let protocol = settings.text("evaluate.fine-tuning-protocol");
    Tuning {
        protocol: protocol.and_then(|name| TuningProtocol::from_name(&name)).unwrap_or_default(),
        seeds: number("evaluate.fine-tuning-seeds").unwrap_or(standard.seeds),
        learning_rate: settings.float("evaluate.fine-tuning-learning-rate"),
        batch: number("evaluate.fine-tuning-batch"),
        epochs: number("evaluate.fine-tuning-epochs"),
        patience: number("evaluate.fine-tuning-patience"),
        items: number("evaluate.fine-tuning-items"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting;
    use crate::value::Value;

    fn asked(tasks: &[&str], protocol: &str, there: &[&str]) -> Result<Vec<(String, usize)>, String> {
        let mut settings = Settings::new();
        let tasks = Value::List(tasks.iter().map(|task| Value::from(*task)).collect());
        settings.give(setting::find("evaluate.tasks").unwrap(), &tasks).unwrap();
        settings.give(setting::find("evaluate.fine-tuning-protocol").unwrap(), &Value::from(protocol)).unwrap();
        let content = |path: &str| there.iter().any(|set| path.starts_with(set)).then(|| Digest::of(path.as_bytes()));
        let found = FineTuning::from_settings(&settings, &content).map_err(|error| error.to_string())?;
        let tasks = found.map(|found| found.tasks).unwrap_or_default();
        Ok(tasks.into_iter().map(|task| (task.task, task.files.len())).collect())
    }

    #[test]
    fn a_group_keeps_what_has_no_data_and_a_name_does_not() {
        let there = ["data set rte ", "data set cb ", "data set ax-b ", "data set babylm-superglue "];
        let counts = |found: Vec<(String, usize)>| found.iter().map(|(_, files)| *files).collect::<Vec<_>>();
        assert_eq!(counts(asked(&["superglue"], "superglue", &there).unwrap()), [0, 2, 0, 0, 0, 3, 0, 0]);
        assert_eq!(asked(&["rte"], "superglue", &there).unwrap(), [("rte".to_owned(), 3)]);
        assert_eq!(asked(&["rte"], "babylm-2023", &there).unwrap(), [("rte".to_owned(), 2)]);
        // Of what the store lacks nothing is there; the model for MNLI's one training set answers two sets.
        let found = counts(asked(&["superglue"], "babylm-2023", &there).unwrap());
        assert_eq!(found, [0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2]);
        let files =
            |task| TuningProtocol::Babylm2023.files(task).into_iter().map(|file| file.data()).collect::<Vec<_>>();
        let expected = ["mnli.train.jsonl", "mnli.validation_mismatched.jsonl"];
        assert_eq!(files("mnli-mm"), expected.map(|name| format!("data set babylm-glue {name}")));
        assert!(how_to_get("cola.train.jsonl").unwrap().contains("data get babylm-glue"));
        assert!(how_to_get("RTE/val.jsonl").unwrap().contains("data get rte"));
        assert_eq!(asked(&["validation"], "superglue", &there).unwrap(), []);
        assert!(asked(&["wsc"], "superglue", &there).unwrap_err().contains("the store has no train.jsonl of wsc"));
        assert!(asked(&["cb"], "babylm-2023", &there).unwrap_err().contains("its tasks are cola, sst2, mrpc"));
        assert!(asked(&["cola"], "superglue", &there).unwrap_err().contains("its tasks are boolq, cb"));
    }
}
