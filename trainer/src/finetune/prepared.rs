//! The data of one task, read, divided and encoded once for all seeds.

use spec::identity::Digest;

use super::data::{FoundFile, TaskData};
use super::encoding::{EncodedQuestion, Encoder};
use super::error::FinetuneError;
use super::protocol::{Protocol, Selection};
use super::question::Question;
use super::selection::{self, Parts};
use super::tasks::{DIAGNOSTICS, ItemFile, Task, TaskError};
use crate::trained::TrainedModel;

/// A set of questions.
#[derive(Debug, Clone)]
pub struct Set {
    /// `training`, `selection`, or the name of the task that it reports.
    pub name: String,
    /// The task whose metrics it has.
    pub task: &'static Task,
    /// The name of its file.
    pub file: String,
    /// The questions.
    pub questions: Vec<Question>,
    /// The same in ids.
    pub encoded: Vec<EncodedQuestion>,
}

impl Set {
    /// Questions of which a text lost its end.
    pub fn cut(&self) -> u64 {
        let is_cut = |question: &&EncodedQuestion| question.inputs.iter().any(|input| input.was_cut);
        self.encoded.iter().filter(is_cut).count() as u64
    }
}

/// The data of one task.
#[derive(Debug)]
pub struct Prepared {
    /// The task.
    pub task: &'static Task,
    /// What is learned from.
    pub training: Set,
    /// What is chosen by, unless that is the reported set.
    pub held_out: Option<Set>,
    /// What is reported: the task's own set, then the diagnostics that are there.
    pub reported: Vec<Set>,
    /// Digest of all files.
    pub digest: Digest,
}

impl Prepared {
    /// What the best moment is chosen by.
    pub fn selection(&self) -> &Set {
        self.held_out.as_ref().unwrap_or(&self.reported[0])
    }

    /// Reads `task` from `data` for `model`.
    ///
    /// # Errors
    /// When its data is missing or damaged.
    pub fn read(
        task: &'static Task,
        data: &TaskData,
        model: &TrainedModel,
        protocol: &Protocol,
    ) -> Result<Self, FinetuneError> {
        let context = model.spec.context as usize;
        let longest = protocol.longest.map_or(context, |longest| longest.min(context));
        if longest < 8 {
            return Err(FinetuneError::ContextTooSmall(longest));
        }
        let encoder = Encoder { tokenizer: &model.tokenizer, longest };
        let mut digests = String::new();
        let mut open = |task: &'static Task, found: FoundFile| {
            let content = found.read()?;
            let questions = (task.read)(&ItemFile { path: &found.path, content: &content })?;
            digests.push_str(&Digest::of(&content).to_string());
            Ok::<_, FinetuneError>((questions, found.name))
        };
        let set = |name: &str, task: &'static Task, file: &str, questions: Vec<Question>| {
            let encoded = encoder.encode(&questions)?;
            Ok::<_, FinetuneError>(Set { name: name.to_owned(), task, file: file.to_owned(), questions, encoded })
        };
        let (training_file, reported_file) = (task.training_file(data)?, task.reported_file(data)?);
        let (mut questions, file) = open(task, training_file)?;
        if let Some(most) = protocol.most_items {
            questions = selection::thin_out(task.name, questions, most);
        }
        let parts = match protocol.selection {
            Selection::HeldOut => selection::hold_out(task.name, task.form, questions),
            Selection::Reported => Parts { training: questions, held_out: Vec::new() },
        };
        for (part, what) in [(&parts.training, "to learn from"), (&parts.held_out, "to choose by")] {
            if part.is_empty() && (what == "to learn from" || protocol.selection == Selection::HeldOut) {
                let reason = format!("{file} holds too few items: none is left {what}");
                return Err(TaskError::Missing { reason }.into());
            }
        }
        let training = set("training", task, &file, parts.training)?;
        let held_out = match protocol.selection {
            Selection::HeldOut => Some(set("selection", task, &file, parts.held_out)?),
            Selection::Reported => None,
        };
        let (questions, file) = open(task, reported_file)?;
        let mut reported = vec![set(task.name, task, &file, questions)?];
        for diagnostic in diagnostics(task, protocol) {
            if let Ok(found) = diagnostic.reported_file(data) {
                let (questions, file) = open(diagnostic, found)?;
                reported.push(set(diagnostic.name, diagnostic, &file, questions)?);
            }
        }
        Ok(Self { task, training, held_out, reported, digest: Digest::of(digests.as_bytes()) })
    }
}

/// The diagnostics that a model for `task` answers.
fn diagnostics(task: &Task, protocol: &Protocol) -> Vec<&'static Task> {
    if task.name != "rte" {
        return Vec::new();
    }
    DIAGNOSTICS.iter().filter_map(|name| protocol.task(name)).collect()
}
