//! Checkpoints: everything from which a run goes on exactly.
//!
//! A checkpoint is one safetensors file with three flat tensors (weights and both moments) and, in its metadata, a JSON record
//! of the rest with a hash over everything. Two are kept: a new one is written beside them, flushed, and only then takes the
//! newest one's name. So whatever happens at whatever moment, one whole checkpoint is there. A damaged one is noticed by its
//! hash, set aside and passed over; one that cannot be read, or is another run's, is an error and stays as it is.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use spec::{RunId, SCHEMA};
use tch::{Kind, Tensor};

use crate::data::Cursor;
use crate::divergence::DivergenceWatch;
use crate::files::{WriteError, sync_folder, write_atomically};
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;

/// The names of the newest checkpoint and of the one before it.
const NAMES: [&str; 2] = ["latest.safetensors", "previous.safetensors"];
/// The name of a checkpoint that is whole but has not taken its place yet.
const STAGED: &str = "next.safetensors";
/// The one entry of the metadata: one, because the library writes several in no fixed order.
const ENTRY: &str = "seedbed";

/// What a checkpoint holds besides tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Progress {
    /// [`spec::SCHEMA`] of the writer.
    pub schema: u32,
    /// The run.
    pub run: RunId,
    /// Optimiser steps taken.
    pub step: u64,
    /// Training tokens seen.
    pub tokens: u64,
    /// Where the next step's stories begin.
    pub cursor: Cursor,
    /// The watch over the loss.
    pub watch: DivergenceWatch,
    /// Length of `metrics.csv` when the checkpoint was written.
    pub metrics_bytes: u64,
}

/// A [`Progress`] with the hash of itself and of the tensors beside it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Seal {
    progress: Progress,
    blake3: String,
}

/// The part of a [`Seal`] that every version has.
#[derive(Debug, Deserialize)]
struct Header {
    progress: HeaderProgress,
}

#[derive(Debug, Deserialize)]
struct HeaderProgress {
    schema: u32,
    run: RunId,
}

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
    let (first, second) = optimizer.moments();
    let tensors = [
        ("weights", bytes_of(parameters.weights())?),
        ("first-moment", bytes_of(first)?),
        ("second-moment", bytes_of(second)?),
    ];
    let shape = vec![usize::try_from(parameters.size()).expect("invariant: sizes are positive")];
    let mut views = Vec::new();
    for (name, bytes) in &tensors {
        let view = TensorView::new(Dtype::F32, shape.clone(), bytes)
            .map_err(|error| WriteError::new(folder, io::Error::other(error)))?;
        views.push((*name, view));
    }
    let blake3 = hash(progress, tensors.iter().map(|(_, bytes)| bytes.as_slice()));
    let seal = Seal { progress: progress.clone(), blake3 };
    let seal = serde_json::to_string(&seal).expect("invariant: a record has text keys only");
    let metadata = HashMap::from([(ENTRY.to_owned(), seal)]);
    let [latest, previous] = NAMES.map(|name| folder.join(name));
    let staged = folder.join(STAGED);
    write_atomically(&staged, |file| {
        let content = safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)?;
        io::Write::write_all(file, &content)
    })?;
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

/// A checkpoint that was read and found whole.
#[derive(Debug)]
pub struct Checkpoint {
    /// The record.
    pub progress: Progress,
    weights: Tensor,
    first_moment: Tensor,
    second_moment: Tensor,
}

impl Checkpoint {
    /// Puts the tensors where the run computes.
    ///
    /// # Errors
    /// When libtorch cannot copy them.
    pub fn restore(&self, parameters: &Parameters, optimizer: &Optimizer) -> Result<(), CheckpointError> {
        let (first, second) = optimizer.moments();
        let pairs = [(parameters.weights(), &self.weights), (first, &self.first_moment), (second, &self.second_moment)];
        tch::no_grad(|| {
            for (target, source) in pairs {
                target.shallow_clone().f_copy_(source)?;
            }
            Ok(())
        })
    }
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

/// The weights of the newest whole checkpoint of `run` in `folder` and how far it is, for those who only look: nothing is
/// moved, and a run that is at work is not disturbed.
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

fn read(path: &Path, run: RunId, size: i64) -> Result<Checkpoint, CheckpointError> {
    let damaged = |reason: String| CheckpointError::Damaged { path: path.to_owned(), reason };
    let content = fs::read(path).map_err(|source| CheckpointError::Read { path: path.to_owned(), source })?;
    let tensors = SafeTensors::deserialize(&content).map_err(|error| damaged(error.to_string()))?;
    let (_, metadata) = SafeTensors::read_metadata(&content).map_err(|error| damaged(error.to_string()))?;
    let entry = metadata.metadata().as_ref().and_then(|entries| entries.get(ENTRY));
    let entry = entry.ok_or_else(|| damaged(format!("it has no entry `{ENTRY}`")))?;
    let broken = |error: serde_json::Error| damaged(format!("its record: {error}"));
    let header: Header = serde_json::from_str(entry).map_err(broken)?;
    let HeaderProgress { schema, run: owner } = header.progress;
    if (schema, owner) != (SCHEMA, run) {
        return Err(CheckpointError::Foreign { path: path.to_owned(), run: owner, schema });
    }
    let seal: Seal = serde_json::from_str(entry).map_err(broken)?;
    let view = |name: &str| tensors.tensor(name).map_err(|error| damaged(error.to_string()));
    let views = [view("weights")?, view("first-moment")?, view("second-moment")?];
    if hash(&seal.progress, views.iter().map(TensorView::data)) != seal.blake3 {
        return Err(damaged("its content does not match its hash".to_owned()));
    }
    let tensor = |view: &TensorView<'_>| -> Result<Tensor, CheckpointError> {
        let expected = usize::try_from(size).unwrap_or(0);
        if view.shape() != [expected] {
            return Err(damaged(format!("it holds {:?} entries, the model has {expected}", view.shape())));
        }
        Ok(Tensor::f_from_data_size(view.data(), &[size], Kind::Float)?)
    };
    let [weights, first_moment, second_moment] = &views;
    Ok(Checkpoint {
        weights: tensor(weights)?,
        first_moment: tensor(first_moment)?,
        second_moment: tensor(second_moment)?,
        progress: seal.progress,
    })
}

/// The entries of an fp32 tensor, as a file holds them.
pub(crate) fn bytes_of(tensor: &Tensor) -> Result<Vec<u8>, tch::TchError> {
    let tensor = tensor.f_to_device(tch::Device::Cpu)?.f_contiguous()?;
    let count = tensor.numel();
    let mut bytes = vec![0; count * size_of::<f32>()];
    tensor.f_copy_data_u8(&mut bytes, count)?;
    Ok(bytes)
}

/// The hash of a record and of the bytes of the tensors.
fn hash<'a>(progress: &Progress, tensors: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&serde_json::to_vec(progress).expect("invariant: a record has text keys only"));
    for tensor in tensors {
        hasher.update(tensor);
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{Declaration, Start};
    use spec::train::{AdamW, Averaging, Batch, Length, Precision, Schedule, ScheduleShape, TrainSpec};
    use tch::Device;

    fn train() -> TrainSpec {
        TrainSpec {
            length: Length::Steps(1),
            batch: Batch::Stories(1),
            micro_batch_tokens: 64,
            averaging: Averaging::Tokens,
            schedule: Schedule { peak: 0.1, warmup_steps: 0, shape: ScheduleShape::Constant, final_fraction: 1.0 },
            optimizer: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
            clip: None,
            precision: Precision::Fp32,
            mask_probability: None,
        }
    }

    fn parts(seed: u64) -> (Parameters, Optimizer) {
        let start = Start::Normal { std: 1.0 };
        let declaration = Declaration { name: "w".to_owned(), shape: vec![5, 3], start, decays: true };
        let parameters = Parameters::new(vec![declaration], seed, Device::Cpu).unwrap();
        let optimizer = Optimizer::new(&train(), &parameters);
        (parameters, optimizer)
    }

    fn progress(step: u64) -> Progress {
        Progress {
            schema: spec::SCHEMA,
            run: RunId::of(b"run"),
            step,
            tokens: 10,
            cursor: Cursor::default(),
            watch: DivergenceWatch::new(100),
            metrics_bytes: 0,
        }
    }

    fn find(folder: &Path) -> (Option<Checkpoint>, Vec<String>) {
        let mut notes = Vec::new();
        let found = newest(folder, RunId::of(b"run"), 15, |_| true, &mut |note| notes.push(note));
        (found.unwrap(), notes)
    }

    /// Takes a step, so that weights and both moments are like no others.
    fn trained(seed: u64) -> (Parameters, Optimizer) {
        let (parameters, mut optimizer) = parts(seed);
        let _ = parameters.gradients().shallow_clone().fill_(0.5 + seed as f64);
        optimizer.step(&parameters, 0.1, 0).unwrap();
        (parameters, optimizer)
    }

    #[test]
    fn what_was_saved_is_restored() {
        let folder = tempfile::tempdir().unwrap();
        let (parameters, optimizer) = trained(1);
        save(folder.path(), &progress(7), &parameters, &optimizer).unwrap();
        let (other, fresh) = parts(2);
        let (found, notes) = find(folder.path());
        let found = found.unwrap();
        found.restore(&other, &fresh).unwrap();
        assert_eq!((found.progress, notes.len()), (progress(7), 0));
        assert_eq!(other.weights(), parameters.weights());
        assert_eq!(fresh.moments(), optimizer.moments());
        assert_ne!(fresh.moments().0, fresh.moments().1);
    }

    #[test]
    fn a_kill_between_the_renames_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (parameters, optimizer) = trained(1);
        for step in [1, 2] {
            save(folder.path(), &progress(step), &parameters, &optimizer).unwrap();
        }
        let [latest, previous] = NAMES.map(|name| folder.path().join(name));
        // Killed before either rename: the newest has no place yet.
        fs::rename(&latest, folder.path().join(STAGED)).unwrap();
        fs::rename(&previous, &latest).unwrap();
        assert_eq!(find(folder.path()).0.unwrap().progress.step, 2);
        // Killed between them.
        fs::rename(&latest, &previous).unwrap();
        assert_eq!(find(folder.path()).0.unwrap().progress.step, 2);
    }

    #[test]
    fn a_changed_record_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let (parameters, optimizer) = trained(1);
        save(folder.path(), &progress(7), &parameters, &optimizer).unwrap();
        let latest = folder.path().join(NAMES[0]);
        let mut content = fs::read(&latest).unwrap();
        let needle = br#"step\":7"#;
        let place = content.windows(needle.len()).position(|window| window == needle).expect("the record is there");
        content[place + needle.len() - 1] = b'8';
        fs::write(&latest, content).unwrap();
        let (found, notes) = find(folder.path());
        assert!(found.is_none() && notes[0].contains("hash"), "{notes:?}");
    }

    #[test]
    fn a_truncated_or_flipped_checkpoint_is_passed_over_with_a_word() {
        let folder = tempfile::tempdir().unwrap();
        let (parameters, optimizer) = parts(1);
        for step in [1, 2] {
            save(folder.path(), &progress(step), &parameters, &optimizer).unwrap();
        }
        let latest = folder.path().join(NAMES[0]);
        let whole = fs::read(&latest).unwrap();
        let mut flipped = whole.clone();
        *flipped.last_mut().unwrap() ^= 1;
        for damaged in [&whole[..whole.len() / 2], &flipped, b""] {
            fs::write(&latest, damaged).unwrap();
            let (found, notes) = find(folder.path());
            assert_eq!(found.unwrap().progress.step, 1);
            assert!(notes[0].contains("damaged"), "{notes:?}");
        }
    }

    #[test]
    fn a_checkpoint_of_another_run_is_an_error_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (parameters, optimizer) = parts(1);
        save(folder.path(), &progress(1), &parameters, &optimizer).unwrap();
        let other = newest(folder.path(), RunId::of(b"other"), 15, |_| true, &mut |_| ());
        assert!(matches!(other, Err(CheckpointError::Foreign { .. })));
        assert!(find(folder.path()).0.is_some());
        let larger = newest(folder.path(), RunId::of(b"run"), 16, |_| true, &mut |_| ());
        assert!(larger.unwrap().is_none());
    }

    #[test]
    fn a_save_that_fails_keeps_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let (parameters, optimizer) = parts(1);
        save(folder.path(), &progress(1), &parameters, &optimizer).unwrap();
        // A folder in the way stops root as well as anybody.
        fs::create_dir(folder.path().join(STAGED)).unwrap();
        let failed = save(folder.path(), &progress(2), &parameters, &optimizer);
        assert!(matches!(failed, Err(CheckpointError::Write(_))));
        fs::remove_dir(folder.path().join(STAGED)).unwrap();
        assert_eq!(find(folder.path()).0.unwrap().progress.step, 1);
    }
}
