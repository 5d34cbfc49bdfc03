//! Where the files of tasks lie: in a folder as their archive has it, or in the store, by content.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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
        files: BTreeMap<String, PathBuf>,
    },
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its name in a folder of tasks.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
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
            let Some(stored) = store.record(file.set)?.and_then(|record| record.files.get(&file.stored).cloned())
            else {
                continue;
            };
            files.insert(file.name.clone(), store.layout().content(stored.content));
            contents.insert(file.name, stored.content);
        }
        let place = format!("the store {}", store.layout().directory().display());
        Ok((Self::Files { place, files }, contents))
    }

    /// The files that a run names for a task.
    ///
    /// # Errors
    /// When the run does not say where one lies.
    pub fn of_run(run: &RunSpec, task: &TunedTask) -> Result<Self, spec::SpecError> {
        let path = |(name, content): (&String, &Digest)| Ok((name.clone(), run.file(*content)?.clone()));
        let files = task.files.iter().map(path).collect::<Result<_, spec::SpecError>>()?;
        Ok(Self::Files { place: "the store, when the run was planned,".to_owned(), files })
    }

    /// The first of `names` that is there.
    ///
    /// # Errors
    /// [`TaskError::Missing`].
    pub fn find(&self, names: &[&str]) -> Result<FoundFile, TaskError> {
        let path = |name: &str| match self {
            Self::Folder(folder) => Some(folder.join(name)).filter(|path| path.exists()),
            Self::Files { files, .. } => files.get(name).cloned(),
        };
        let found = names.iter().find_map(|name| path(name).map(|path| FoundFile { name: (*name).to_owned(), path }));
        found.ok_or_else(|| {
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

/// The content of a file, read once.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, FinetuneError> {
    let failed = |source| FinetuneError::Task(TaskError::Read { path: path.to_owned(), source });
    std::fs::read(path).map_err(failed)
}
