//! A checkpoint as a file: its record, its tensors, and the seal over both.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use spec::status::Place;
use spec::{RunId, SCHEMA};
use tch::{Kind, Tensor};

use super::CheckpointError;
use crate::data::{Cursor, LeakCheck};
use crate::divergence::DivergenceWatch;
use crate::files::{WriteError, write_atomically};
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;

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
    /// The watch over what is masked. Like what follows, it is left out where it is empty, so that checkpoints of
    /// versions that did not have it keep their hash.
    #[serde(default, skip_serializing_if = "LeakCheck::is_unused")]
    pub leaks: LeakCheck,
    /// Where the run has been computed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
}

impl Progress {
    /// Notes that the run goes on at `place`; says in words what that means, if it was elsewhere before.
    pub fn go_on_at(&mut self, place: Place) -> Option<String> {
        let before = self.places.last();
        if before.is_some_and(|before| before.is_like(&place)) {
            return None;
        }
        let words = before.map(|before| {
            let (one, other) = (in_words(before), in_words(&place));
            format!(
                "until step {} this run was computed on {one}, from here on it is on {other}: its numbers are no longer those of a run \
                 that stayed, bit for bit",
                self.step
            )
        });
        self.places.push(place);
        words
    }
}

fn in_words(place: &Place) -> String {
    let words = format!("{} ({}) with libtorch {}", place.device, place.capability, place.libtorch);
    match place.ranks {
        Some(ranks) if ranks > 1 => format!("{words} by {ranks} ranks"),
        _ => words,
    }
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

/// Writes a whole checkpoint to `path`, which then has it or what it had before.
pub(super) fn write(
    path: &Path,
    progress: &Progress,
    parameters: &Parameters,
    optimizer: &Optimizer,
) -> Result<(), CheckpointError> {
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
            .map_err(|error| WriteError::new(path, io::Error::other(error)))?;
        views.push((*name, view));
    }
    let blake3 = hash(progress, tensors.iter().map(|(_, bytes)| bytes.as_slice()));
    let seal = Seal { progress: progress.clone(), blake3 };
    let seal = serde_json::to_string(&seal).expect("invariant: a record has text keys only");
    let metadata = HashMap::from([(ENTRY.to_owned(), seal)]);
    Ok(write_atomically(path, |file| {
        let content = safetensors::serialize(views, Some(metadata)).map_err(io::Error::other)?;
        io::Write::write_all(file, &content)
    })?)
}

/// A checkpoint that was read and found whole.
#[derive(Debug)]
pub struct Checkpoint {
    /// The record.
    pub progress: Progress,
    pub(super) weights: Tensor,
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

/// Reads the checkpoint of `run` at `path`, of a network with `size` parameters.
///
/// # Errors
/// When it is not there, damaged, or of another run or version.
pub(super) fn read(path: &Path, run: RunId, size: i64) -> Result<Checkpoint, CheckpointError> {
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
