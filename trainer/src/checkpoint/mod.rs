//! Checkpoints: everything from which a run goes on exactly.
//!
//! [`record`] is one of them: a safetensors file with three flat tensors (weights and both moments) and, in its
//! metadata, a JSON record of the rest with a hash over everything. Here is how they follow one another. Two are kept:
//! a new one is written beside them, flushed, and only then takes the newest one's name. So whatever happens at
//! whatever moment, one whole checkpoint is there. A damaged one is noticed by its hash, set aside and passed over; one
//! that cannot be read, or is another run's, is an error and stays as it is.

pub mod record;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use spec::RunId;
use spec::layout::CHECKPOINTS as NAMES;
use tch::Tensor;

pub(crate) use self::record::bytes_of;
use self::record::read;
pub use self::record::{Checkpoint, Progress};
use crate::files::{WriteError, sync_folder};
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;

/// The name of a checkpoint that is whole but has not taken its place yet.
const STAGED: &str = "next.safetensors";

/// Why a checkpoint could not be written or used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file could not be written. The earlier checkpoint is untouched.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The file could not be read.
    #[error("cannot read the checkpoint {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not a whole checkpoint.
    #[error("the checkpoint {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The file is a checkpoint of another run, or of another version of Seedbed.
    #[error("the checkpoint {} is of run {run}, schema {schema}: it does not belong here", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The run that it names.
        run: RunId,
        /// The schema that it names.
        schema: u32,
    },
    /// libtorch refused.
    #[error("cannot move a checkpoint's tensors")]
    Torch(#[from] tch::TchError),
}

/// Writes a checkpoint of this moment into `folder`.
///
/// # Errors
/// When it cannot be written; the checkpoints that are there stay.
pub fn save(
    folder: &Path,
    progress: &Progress,
    parameters: &Parameters,
    optimizer: &Optimizer,
) -> Result<(), CheckpointError> {
    fs::create_dir_all(folder).map_err(|source| WriteError::new(folder, source))?;
    let [latest, previous] = NAMES.map(|name| folder.join(name));
    let staged = folder.join(STAGED);
    record::write(&staged, progress, parameters, optimizer)?;
    let rotate = || {
        if latest.exists() {
            fs::rename(&latest, &previous)?;
        }
        fs::rename(&staged, &latest)?;
        sync_folder(folder)
    };
    rotate().map_err(|source| WriteError::new(&latest, source))?;
    Ok(())
}

/// The newest whole checkpoint of `run` in `folder` whose curves are still there, or `None` for a run that starts anew.
///
/// `usable` says whether a record fits the files beside it; `note` hears about every checkpoint that is passed over.
///
/// # Errors
/// When a checkpoint is there but cannot be read, or belongs to another run or version: it is not ours to overwrite.
pub fn newest(
    folder: &Path,
    run: RunId,
    size: i64,
    usable: impl Fn(&Progress) -> bool,
    note: &mut dyn FnMut(String),
) -> Result<Option<Checkpoint>, CheckpointError> {
    for name in [STAGED].into_iter().chain(NAMES) {
        let path = folder.join(name);
        match read(&path, run, size) {
            Ok(checkpoint) if usable(&checkpoint.progress) => return Ok(Some(checkpoint)),
            Ok(_) => note(format!("the checkpoint {} is ahead of metrics.csv and is passed over", path.display())),
            Err(CheckpointError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error @ CheckpointError::Damaged { .. }) => {
                let aside = path.with_extension("damaged");
                fs::rename(&path, &aside).map_err(|source| WriteError::new(&aside, source))?;
                note(format!("{error}; it is set aside as {} and passed over", aside.display()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The weights of the newest whole checkpoint of `run` in `folder` and how far it is, for those who only look: nothing
/// is moved, and a run that is at work is not disturbed.
///
/// # Errors
/// When the only checkpoints that are there are damaged, cannot be read or belong to another run or version.
pub fn look(folder: &Path, run: RunId, size: i64) -> Result<Option<(Progress, Tensor)>, CheckpointError> {
    let mut first_error = None;
    for name in [STAGED].into_iter().chain(NAMES) {
        match read(&folder.join(name), run, size) {
            Ok(checkpoint) => return Ok(Some((checkpoint.progress, checkpoint.weights))),
            Err(CheckpointError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(None), Err)
}
