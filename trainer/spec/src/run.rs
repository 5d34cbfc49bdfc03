//! One run: a point of the sweep, resolved to the last setting.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::SCHEMA;
use crate::benchmark::Benchmarks;
use crate::data::DataSpec;
use crate::error::SpecError;
use crate::evaluate::EvaluateSpec;
use crate::execution::{Device, ExecutionSpec};
use crate::identity::{Digest, RunId};
use crate::model::ModelSpec;
use crate::network_size::NetworkSize;
use crate::resources::ResourcesSpec;
use crate::setting::Settings;
use crate::train::TrainSpec;
use crate::value::Value;

/// The science of a run of the built-in trainer, but for its seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Study {
    /// The network.
    pub model: ModelSpec,
    /// The text.
    pub data: DataSpec,
    /// The optimisation.
    pub train: TrainSpec,
    /// The measurements.
    pub evaluate: EvaluateSpec,
}

impl Study {
    /// The study that `settings` ask for; `content` gives the digest of a path that a setting names.
    ///
    /// # Errors
    /// When settings that are valid one by one do not fit together.
    pub fn from_settings(settings: &Settings, content: &dyn Fn(&str) -> Option<Digest>) -> Result<Self, SpecError> {
        let model = ModelSpec::from_settings(settings)?;
        let train = TrainSpec::from_settings(settings, model.architecture)?;
        Ok(Self {
            data: DataSpec::from_settings(settings, content)?,
            evaluate: EvaluateSpec::from_settings(settings, content)?,
            model,
            train,
        })
    }
}

/// Another program in the trainer's place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CommandSpec {
    /// Program and arguments, placeholders filled in.
    pub argv: Vec<String>,
    /// Free parameters by name, as the program may read them from `run.json`.
    pub params: BTreeMap<String, Value>,
}

/// What carries out a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Program {
    /// `seedbed-trainer`. The seeds of a point share its study.
    Builtin(Arc<Study>),
    /// Any program that keeps the contract between supervisor and trainer.
    Command(CommandSpec),
}

/// One run, resolved: the content of `run.json`, and of a line of an array file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RunSpec {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The name of the science.
    pub id: RunId,
    /// The sweep's name.
    pub sweep: String,
    /// The seed.
    pub seed: u64,
    /// The level of every factor, for people and for the analysis; not part of the id. The seeds of a point share them.
    pub levels: Arc<BTreeMap<String, Value>>,
    /// What carries it out.
    pub program: Program,
    /// How it is carried out.
    pub execution: ExecutionSpec,
    /// What it asks of a cluster.
    pub resources: ResourcesSpec,
    /// What its model is asked besides.
    #[serde(default, skip_serializing_if = "Benchmarks::is_empty")]
    pub benchmarks: Benchmarks,
    /// Where the content that the study names lies: absolute paths by digest.
    pub files: BTreeMap<Digest, PathBuf>,
    /// How large its network is. It follows from the program, and whoever claims a run writes it into `run.json` for
    /// readers; not part of the id, not in array files, and not in a `run.json` of a version that did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkSize>,
}

/// Everything of a program that can change what a run finds, in the one form that is hashed.
///
/// In: every setting of the study that the run uses, defaults written out, files by content; for another program its
/// arguments and parameters. Out: paths, resources, execution, the sweep's name, the names of factors, other levels.
/// The order of keys cannot matter because the hashed text is made from the typed study, whose order is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Science {
    canonical: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum ScienceProgram<'a> {
    Builtin(&'a Study),
    Command { argv: Vec<String>, params: &'a BTreeMap<String, Value> },
}

impl Science {
    /// The science of `program`, from which the id of every seed is made.
    pub fn of(program: &Program) -> Self {
        let program = match program {
            Program::Builtin(study) => ScienceProgram::Builtin(study),
            Program::Command(command) => ScienceProgram::Command {
                argv: command.argv.iter().map(|argument| without_folder(argument)).collect(),
                params: &command.params,
            },
        };
        // Large enough for most: a sweep makes a hundred thousand of these, one for each run of a command.
        let room = if matches!(program, ScienceProgram::Builtin(_)) { 2048 } else { 256 };
        let mut canonical = Vec::with_capacity(room);
        serde_json::to_writer(&mut canonical, &program).expect("invariant: a study has text keys only");
        Self { canonical }
    }

    /// The id of the run with this seed.
    pub fn id(&self, seed: u64) -> RunId {
        let head = format!("{{\"schema\":{SCHEMA},\"seed\":{seed},\"program\":");
        RunId::of_parts([head.as_bytes(), &self.canonical, b"}"])
    }
}

/// The id of the run of `program` with `seed`: see [`Science`].
pub fn identify(program: &Program, seed: u64) -> RunId {
    Science::of(program).id(seed)
}

/// An argument without the folder of the path that it is or ends in: `--data=/scratch/x.txt` is `--data=x.txt`.
///
/// Only what is plainly a path counts (it starts with `/`, `./`, `../` or `~/`), so that `1/2` stays `1/2`. The
/// option's own name is kept; the value's folder goes.
fn without_folder(argument: &str) -> String {
    let (option, value) = match argument.split_once('=') {
        Some((option, value)) => (&argument[..=option.len()], value),
        None => ("", argument),
    };
    let is_path = ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start));
    match value.rsplit('/').next() {
        Some(name) if is_path && !name.is_empty() => format!("{option}{name}"),
        _ => argument.to_owned(),
    }
}

impl RunSpec {
    /// How many processes of the built-in trainer share the run: one for each GPU that it asks for, at least one on
    /// each node. Where no GPU is visible as many share the processors.
    pub fn ranks(&self) -> u32 {
        match &self.program {
            Program::Builtin(_) if self.execution.device != Device::Cpu => self.nodes() * self.resources.gpus.max(1),
            _ => 1,
        }
    }

    /// How many nodes the run is spread over. The built-in trainer has no use for a second one without GPUs.
    pub fn nodes(&self) -> u32 {
        match &self.program {
            Program::Builtin(_) if self.execution.device == Device::Cpu => 1,
            _ => self.resources.nodes,
        }
    }

    /// Checks what was read: the schema is known, and the id is the id of the content.
    ///
    /// # Errors
    /// [`SpecError::Schema`] or [`SpecError::IdMismatch`].
    pub fn verify(&self) -> Result<(), SpecError> {
        if self.schema != SCHEMA {
            return Err(SpecError::Schema { what: "the run", found: self.schema, known: SCHEMA });
        }
        let actual = identify(&self.program, self.seed);
        if actual == self.id {
            Ok(())
        } else {
            Err(SpecError::IdMismatch { claimed: self.id.to_string(), actual: actual.to_string() })
        }
    }

    /// Where the content with this digest lies.
    ///
    /// # Errors
    /// [`SpecError::UnknownContent`].
    pub fn file(&self, digest: Digest) -> Result<&PathBuf, SpecError> {
        self.files.get(&digest).ok_or(SpecError::UnknownContent(digest))
    }

    /// A short name for people: the levels and the seed, `gpt-neo gelu seed 3`.
    pub fn label(&self) -> String {
        label(&self.levels, self.seed)
    }
}

/// A short name of a run for people: its levels and its seed. A number does not say what it is of: `gelu lr=0.001 seed
/// 3`. It is one line that commands no terminal, whatever is in the levels.
pub fn label(levels: &BTreeMap<String, Value>, seed: u64) -> String {
    let level = |(factor, value): (&String, &Value)| match value {
        Value::Text(text) if text.is_empty() => format!("{factor}="),
        Value::Text(text) => visible(text).into_owned(),
        other => format!("{factor}={other}"),
    };
    levels.iter().map(level).chain([format!("seed {seed}")]).collect::<Vec<_>>().join(" ")
}

/// `text` with its control characters written out, as in a string of Rust: a line end as `\\n`.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if character.is_control() { written.extend(character.escape_debug()) } else { written.push(character) }
    }
    Cow::Owned(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting;

    #[test]
    fn a_label_is_one_line_without_commands_to_a_terminal() {
        let levels = |text| BTreeMap::from([("act".to_owned(), Value::from(text))]);
        assert_eq!(label(&levels("a\n\u{1b}[31mb\t'é"), 3), "a\\n\\u{1b}[31mb\\t'é seed 3");
        assert_eq!(label(&levels(""), 3), "act= seed 3");
    }

    fn content(path: &str) -> Option<Digest> {
        Some(Digest::of(path.rsplit('/').next()?.as_bytes()))
    }

    fn study(given: &[(&str, Value)]) -> Program {
        let mut settings = Settings::new();
        settings.give(setting::find("data.corpus").unwrap(), &Value::from("stories.txt")).unwrap();
        for (key, value) in given {
            settings.give(setting::find(key).unwrap(), value).unwrap();
        }
        Program::Builtin(Arc::new(Study::from_settings(&settings, &content).unwrap()))
    }

    #[test]
    fn only_science_changes_the_id() {
        let id = identify(&study(&[]), 0);
        assert_eq!(id, identify(&study(&[("data.corpus", Value::from("/elsewhere/stories.txt"))]), 0));
        assert_eq!(id, identify(&study(&[("model.kan.order", Value::Integer(3))]), 0));
        assert_eq!(id, identify(&study(&[("train.learning-rate", Value::Float(5e-4))]), 0));
        assert_ne!(id, identify(&study(&[]), 1));
        assert_ne!(id, identify(&study(&[("train.learning-rate", Value::Float(4e-4))]), 0));
        assert_ne!(id, identify(&study(&[("data.corpus", Value::from("other.txt"))]), 0));
        assert_ne!(id, identify(&study(&[("activation", Value::from("relu"))]), 0));
    }

    #[test]
    fn a_foreign_program_is_known_by_its_arguments_not_by_its_folder() {
        let command = |script: &str| {
            let argv = vec!["python".to_owned(), script.to_owned(), "--ratio=1/2".to_owned()];
            Program::Command(CommandSpec { argv, params: BTreeMap::new() })
        };
        assert_eq!(identify(&command("/home/a/train.py"), 0), identify(&command("./train.py"), 0));
        assert_ne!(identify(&command("/home/a/train.py"), 0), identify(&command("/home/a/other.py"), 0));
        assert_eq!(without_folder("--ratio=1/2"), "--ratio=1/2");
        assert_eq!(without_folder("--data=/scratch/x.txt"), "--data=x.txt");
    }

    #[test]
    fn the_size_of_the_network_may_stand_in_a_run_and_is_no_part_of_its_id() {
        let settings = Settings::new();
        let program = study(&[]);
        let without = RunSpec {
            schema: SCHEMA,
            id: identify(&program, 0),
            sweep: "sweep".to_owned(),
            seed: 0,
            levels: Arc::default(),
            program,
            execution: ExecutionSpec::from_settings(&settings),
            resources: ResourcesSpec::from_settings(&settings).unwrap(),
            benchmarks: Benchmarks::default(),
            files: BTreeMap::new(),
            network: None,
        };
        let with = RunSpec { network: NetworkSize::of_program(&without.program), ..without.clone() };
        assert!(with.network.is_some());
        with.verify().unwrap();
        for run in [&without, &with] {
            assert_eq!(&serde_json::from_str::<RunSpec>(&serde_json::to_string(run).unwrap()).unwrap(), run);
        }
        // As versions wrote it that did not know it.
        assert!(!serde_json::to_string(&without).unwrap().contains("network"));
    }
}
