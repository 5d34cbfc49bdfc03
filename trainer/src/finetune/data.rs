//! Where the files of tasks lie: in a folder as their archive has it, or in the store, by content.

use std::collections::BTreeMap;
use std::path::PathBuf;

use spec::RunSpec;
use spec::fine_tuning::{TunedTask, TuningProtocol, how_to_get};
use spec::identity::Digest;

use super::error::FinetuneError;
use super::tasks::TaskError;
use crate::store::{Store, StoreError};

/// Where the files of tasks lie.
#[derive(Debug, Clone)]
pub enum TaskData {
    /// A folder: for `superglue` that with `RTE/train.jsonl`, for `babylm-2023` that with `rte.train.jsonl` or with
    /// `superglue_filtered/` and `glue_filtered/`.
    Folder(PathBuf),
    /// Files wherever they lie, by the names that they would have in such a folder.
    Files {
        /// Who has them, in words.
        place: String,
        /// Them.
        files: BTreeMap<String, Stored>,
    },
}

/// A file of which it is known what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Where it lies.
    pub path: PathBuf,
    /// Digest of its content.
    pub content: Digest,
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its name in a folder of tasks.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Digest of its content, where that is known beforehand.
    pub content: Option<Digest>,
}

impl FoundFile {
    /// What is in it, read once.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else than is known of it: a wrong score would be believed.
    pub fn read(&self) -> Result<Vec<u8>, FinetuneError> {
        let failed = |source| FinetuneError::Task(TaskError::Read { path: self.path.clone(), source });
        let content = std::fs::read(&self.path).map_err(failed)?;
        match self.content {
            Some(expected) if Digest::of(&content) != expected => {
                Err(FinetuneError::Changed { name: self.name.clone(), path: self.path.clone() })
            }
            _ => Ok(content),
        }
    }
}

impl TaskData {
    /// The files of `task` that the store has, with their contents, for a run that is tuned by `protocol`.
    ///
    /// # Errors
    /// When a record of the store cannot be read.
    pub fn of_store(
        store: &Store,
        protocol: TuningProtocol,
        task: &str,
    ) -> Result<(Self, BTreeMap<String, Digest>), StoreError> {
        let (mut files, mut contents) = (BTreeMap::new(), BTreeMap::new());
        for file in protocol.files(task) {
            // As it was written: content that was changed since is not the same as none.
            let written = store.written(file.set)?.and_then(|record| record.files.get(&file.stored).cloned());
            let Some(content) = written.map(|stored| stored.content) else { continue };
            let path = store.layout().content(content);
            if path.exists() {
                files.insert(file.name.clone(), Stored { path, content });
                contents.insert(file.name, content);
            }
        }
        let place = format!("the store {}", store.layout().directory().display());
        Ok((Self::Files { place, files }, contents))
    }

    /// The files that a run names for a task.
    ///
    /// # Errors
    /// When the run does not say where one lies.
    pub fn of_run(run: &RunSpec, task: &TunedTask) -> Result<Self, spec::SpecError> {
        let stored = |(name, content): (&String, &Digest)| {
            Ok((name.clone(), Stored { path: run.file(*content)?.clone(), content: *content }))
        };
        let files = task.files.iter().map(stored).collect::<Result<_, spec::SpecError>>()?;
        Ok(Self::Files { place: "the store, when the run was planned,".to_owned(), files })
    }

    /// Looks whether what is there is what it is known by, before anybody waits hours for its use.
    ///
    /// # Errors
    /// [`FinetuneError::Changed`], or when a file cannot be read.
    pub fn verify(&self) -> Result<(), FinetuneError> {
        let Self::Files { files, .. } = self else { return Ok(()) };
        for (name, stored) in files.iter().filter(|(_, stored)| stored.path.exists()) {
            let Stored { path, content } = stored.clone();
            FoundFile { name: name.clone(), path, content: Some(content) }.read()?;
        }
        Ok(())
    }

    /// The first of `names` that is there.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn find(&self, names: &[&str]) -> Result<FoundFile, TaskError> {
        let file = |name: &&str| match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                path.exists().then(|| FoundFile { name: (*name).to_owned(), path, content: None })
            }
            Self::Files { files, .. } => {
                let Stored { path, content } = files.get(*name).filter(|stored| stored.path.exists())?.clone();
                Some(FoundFile { name: (*name).to_owned(), path, content: Some(content) })
            }
        };
        names.iter().find_map(file).ok_or_else(|| {
            let wanted = names.first().copied().unwrap_or("file of this task");
            let place = match self {
                Self::Folder(folder) => folder.display().to_string(),
                Self::Files { place, .. } => place.clone(),
            };
            let how = match self {
                Self::Folder(_) => None,
                Self::Files { .. } => how_to_get(wanted),
            };
            let reason = [Some(format!("{place} holds no {wanted}")), how];
            TaskError::Missing { reason: reason.into_iter().flatten().collect::<Vec<_>>().join("; ") }
        })
    }
}
