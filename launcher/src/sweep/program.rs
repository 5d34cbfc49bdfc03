//! What carries out the runs: the tables `[trainer]` and `[params]`, or their absence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use spec::Value;
use spec::run::CommandSpec;

use super::document::{Block, Document, Entry};
use super::factors::Factors;
use super::problem::Problems;
use super::source::Origin;
use super::template::Template;
use super::vocabulary::{RESERVED, Vocabulary};

/// What carries out the runs.
#[derive(Debug)]
pub(super) enum ProgramSource {
    /// The built-in trainer.
    Builtin,
    /// Another program.
    Command(Command),
}

/// Another program: its command and what it is told.
#[derive(Debug)]
pub(super) struct Command {
    arguments: Vec<Template>,
    /// Where the command was written.
    origin: Origin,
    /// The parameters that the sweep declares, with their values where no factor says otherwise.
    params: BTreeMap<String, Value>,
}

impl ProgramSource {
    /// Reads `[trainer]` and `[params]`.
    pub(super) fn read(document: &mut Document, base: &Path, problems: &mut Problems) -> Self {
        let has_trainer = document.tables.iter().any(|table| table.name == "trainer");
        let mut trainer = document.take("trainer");
        let params = document.take("params");
        if !has_trainer {
            if let Some(entry) = params.entries.first() {
                problems.error(&entry.origin, "[params] is for another program, but [trainer] names none").hint(
                    "add [trainer] with command = [\"program\", \"--seed={seed}\"], or use [model], [data], [train]",
                );
            }
            return Self::Builtin;
        }
        let (arguments, origin) = if let Some(entry) = trainer.take("command") {
            (arguments(&entry, base, problems), entry.node.origin)
        } else {
            problems
                .error(&trainer.origin, "[trainer] needs a command")
                .hint("command = [\"python\", \"train.py\", \"--seed={seed}\"]");
            (Vec::new(), trainer.origin.clone())
        };
        trainer.refuse_rest(&["command"], problems);
        Self::Command(Command { arguments, origin, params: read_params(params, problems) })
    }

    /// Whether it is the built-in trainer.
    pub(super) fn is_builtin(&self) -> bool {
        matches!(self, Self::Builtin)
    }

    /// Records what the command cannot be started with: placeholders that nothing fills, values that are no arguments.
    pub(super) fn check(&self, factors: &Factors, problems: &mut Problems) {
        let Self::Command(command) = self else { return };
        let known =
            |name: &str| RESERVED.contains(&name) || command.params.contains_key(name) || factors.find(name).is_some();
        let unfilled: BTreeSet<&str> = command.names().filter(|name| !known(name)).collect();
        for name in unfilled {
            problems
                .error(&command.origin, format!("nothing fills the placeholder {{{name}}}"))
                .hint(format!("name it under [factors] or [params]; {{{{{name}}}}} is text in braces"));
        }
        command.refuse_nul(factors, problems);
        if let Some(program) = command.program().filter(|program| !is_there(program)) {
            problems.warn(&command.origin, format!("`{program}` is not found on this machine"));
        }
    }

    /// Which keys mean something.
    pub(super) fn vocabulary(&self) -> Vocabulary {
        match self {
            Self::Builtin => Vocabulary::Settings,
            Self::Command(command) => {
                let placeholders = command.names().filter(|name| !RESERVED.contains(name));
                let mut names: BTreeSet<String> = placeholders.map(str::to_owned).collect();
                names.extend(command.params.keys().cloned());
                Vocabulary::Parameters(names)
            }
        }
    }
}

/// Whether there is a program of that name, as far as that can be told from here: one that is written with a slash is
/// looked for from the directory of a run.
fn is_there(program: &str) -> bool {
    let path = Path::new(program);
    if path.is_absolute() {
        return path.exists();
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    program.contains('/') || std::env::split_paths(&folders).any(|folder| folder.join(program).exists())
}

impl Command {
    /// Refuses values with the character U+0000, which ends an argument for every system.
    fn refuse_nul(&self, factors: &Factors, problems: &mut Problems) {
        let has_nul = |value: &Value| value.to_string().contains('\0');
        for factor in factors.list.iter().filter(|factor| factor.levels.iter().any(has_nul)) {
            let message =
                format!("a level of {} holds the character U+0000, which no program can be given", factor.name);
            problems.error(&factor.origin, message);
        }
        if self.params.values().any(has_nul) {
            problems.error(&self.origin, "a parameter holds the character U+0000, which no program can be given");
        }
    }

    /// The program itself, unless a placeholder is part of its name.
    fn program(&self) -> Option<&str> {
        self.arguments.first().and_then(Template::literal).filter(|program| !program.is_empty())
    }

    /// The names of all placeholders.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.arguments.iter().flat_map(Template::names)
    }

    /// The command for `seed`, with `values` over the declared parameters.
    ///
    /// `{run-dir}` is `.`: a program starts in its run's directory, and the id of a run must not depend on where that
    /// is.
    pub(super) fn fill(&self, seed: u64, values: &BTreeMap<String, Value>) -> CommandSpec {
        let value = |name: &str| match name {
            "seed" => seed.to_string(),
            "run-dir" => ".".to_owned(),
            name => values.get(name).or_else(|| self.params.get(name)).map_or_else(String::new, Value::to_string),
        };
        let declared = |name: &String| values.get(name).unwrap_or(&self.params[name]).clone();
        CommandSpec {
            argv: self.arguments.iter().map(|argument| argument.fill(&value)).collect(),
            params: self.params.keys().map(|name| (name.clone(), declared(name))).collect(),
        }
    }
}

fn arguments(entry: &Entry, base: &Path, problems: &mut Problems) -> Vec<Template> {
    let nodes = &entry.node.items;
    if nodes.is_empty() {
        problems.error(&entry.node.origin, "command must be a list of a program and its arguments");
    }
    let mut templates = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let Value::Text(text) = &node.value else {
            problems.error(&node.origin, format!("an argument must be a string, not {}", node.value.type_name()));
            continue;
        };
        match Template::parse(&from_base(text, index == 0, base)) {
            Ok(template) => templates.push(template),
            Err(message) => _ = problems.error(&node.origin, message),
        }
    }
    if templates.first().is_some_and(|program| program.literal() == Some("")) {
        problems.error(&entry.node.origin, "the program's name is empty");
    }
    templates
}

/// An argument that names a file beside the sweep file, as an absolute path: a program starts in its run's directory.
///
/// The program itself is looked up in `PATH` unless it is written with a slash, as a shell does. The text is still a
/// template, so a folder with braces in its name gets them doubled.
fn from_base(text: &str, is_program: bool, base: &Path) -> String {
    let (option, value) = match text.split_once('=') {
        Some((option, value)) => (&text[..=option.len()], value),
        None => ("", text),
    };
    let may_be_path = !value.is_empty() && !value.contains(['{', '}']) && (!is_program || value.contains('/'));
    let path = base.join(value);
    if !may_be_path || Path::new(value).is_absolute() || !path.is_file() {
        return text.to_owned();
    }
    let path = path.display().to_string().replace('{', "{{").replace('}', "}}");
    format!("{option}{path}")
}

fn read_params(params: Block, problems: &mut Problems) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for entry in params.entries {
        if RESERVED.contains(&entry.path.as_str()) {
            problems.error(&entry.origin, format!("`{}` is always there and cannot be a parameter", entry.path));
        } else {
            values.insert(entry.path, entry.node.value);
        }
    }
    values
}
