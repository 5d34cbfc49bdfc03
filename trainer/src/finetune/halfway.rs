//! How far one fine-tuning has come, so that a kill costs a minute and not the whole of it: one safetensors file beside
//! its record, which goes when the record is there.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use spec::identity::Digest;
use tch::{Kind, Tensor};

use super::tuning::{Best, Look, TuneError};
use crate::checkpoint::bytes_of;
use crate::files::{WriteError, write_atomically};
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;

/// How long a fine-tuning goes on before it writes how far it is.
pub(super) const INTERVAL: Duration = Duration::from_mins(1);

/// The one entry of the metadata.
const ENTRY: &str = "seedbed";

/// Where a fine-tuning writes how far it is.
#[derive(Debug, Clone)]
pub(super) struct Halfway {
    /// The file.
    pub path: PathBuf,
    /// The digest of all that the result depends on: a file of anything else is passed over.
    pub fingerprint: Digest,
}

/// Everything of a fine-tuning but its tensors. Numbers stand as their bits: what is read back is what was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Record {
    fingerprint: Digest,
    steps: u64,
    without_gain: u32,
    losses: Vec<u64>,
    looks: Vec<[u64; 3]>,
    best: Option<[u64; 3]>,
    /// Hash of the tensors.
    tensors: Digest,
}

/// How far a fine-tuning is.
pub(super) struct Position {
    /// Optimiser steps taken.
    pub steps: u64,
    /// Looks in a row without a gain.
    pub without_gain: u32,
    /// Mean losses of the last steps.
    pub losses: Vec<f64>,
    /// All looks.
    pub looks: Vec<Look>,
    /// The best look.
    pub best: Option<Best>,
}

/// Of so many last steps the loss is kept, for its mean.
const RECENT: usize = 50;

impl Position {
    /// Counts a step with this mean loss.
    pub(super) fn took(&mut self, loss: f64) {
        self.steps += 1;
        if self.losses.len() == RECENT {
            self.losses.remove(0);
        }
        self.losses.push(loss);
    }
}

fn bits(look: &Look) -> [u64; 3] {
    [look.step, look.value.to_bits(), look.loss.to_bits()]
}

fn look([step, value, loss]: [u64; 3]) -> Look {
    Look { step, value: f64::from_bits(value), loss: f64::from_bits(loss) }
}

impl Halfway {
    /// Writes how far it is.
    pub(super) fn write(
        &self,
        position: &Position,
        parameters: &Parameters,
        optimizer: &Optimizer,
    ) -> Result<(), TuneError> {
        let (first, second) = optimizer.moments();
        let mut tensors = vec![
            ("weights", bytes_of(parameters.weights())?),
            ("first-moment", bytes_of(first)?),
            ("second-moment", bytes_of(second)?),
        ];
        if let Some(best) = &position.best {
            tensors.push(("best", bytes_of(&best.weights)?));
        }
        let record = Record {
            fingerprint: self.fingerprint,
            steps: position.steps,
            without_gain: position.without_gain,
            losses: position.losses.iter().map(|loss| loss.to_bits()).collect(),
            looks: position.looks.iter().map(bits).collect(),
            best: position.best.as_ref().map(|best| bits(&best.look)),
            tensors: digest(tensors.iter().map(|(name, bytes)| (*name, bytes.as_slice()))),
        };
        let record = serde_json::to_string(&record).expect("invariant: a record has text keys only");
        let failed = |error: io::Error| WriteError::new(&self.path, error);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let shape = vec![usize::try_from(parameters.size()).expect("invariant: sizes are positive")];
        let views = tensors.iter().map(|(name, bytes)| {
            let view = TensorView::new(Dtype::F32, shape.clone(), bytes).map_err(io::Error::other)?;
            Ok((*name, view))
        });
        let views = views.collect::<io::Result<Vec<_>>>().map_err(failed)?;
        let content = safetensors::serialize(views, Some(HashMap::from([(ENTRY.to_owned(), record)])));
        let content = content.map_err(|error| failed(io::Error::other(error)))?;
        Ok(write_atomically(&self.path, |file| file.write_all(&content))?)
    }

    /// How far it came, put into `parameters` and `optimizer`; nothing if there is no whole file of the same
    /// fine-tuning, for then it begins anew.
    pub(super) fn read(&self, parameters: &Parameters, optimizer: &Optimizer) -> Result<Option<Position>, TuneError> {
        let Ok(content) = fs::read(&self.path) else { return Ok(None) };
        let Some((record, tensors)) = whole(&content, parameters.size()) else { return Ok(None) };
        if record.fingerprint != self.fingerprint || record.best.is_some() != tensors.contains_key("best") {
            return Ok(None);
        }
        let (first, second) = optimizer.moments();
        let targets = [("weights", parameters.weights()), ("first-moment", first), ("second-moment", second)];
        for (name, target) in targets {
            tch::no_grad(|| target.shallow_clone().f_copy_(&tensors[name]))?;
        }
        let device = parameters.weights().device();
        let best = record.best.map(|bits| Best { look: look(bits), weights: tensors["best"].to_device(device) });
        Ok(Some(Position {
            steps: record.steps,
            without_gain: record.without_gain,
            losses: record.losses.into_iter().map(f64::from_bits).collect(),
            looks: record.looks.into_iter().map(look).collect(),
            best,
        }))
    }
}

/// Record and tensors of a file, if it is whole and its tensors have `size` entries.
fn whole(content: &[u8], size: i64) -> Option<(Record, HashMap<String, Tensor>)> {
    let (_, metadata) = SafeTensors::read_metadata(content).ok()?;
    let record: Record = serde_json::from_str(metadata.metadata().as_ref()?.get(ENTRY)?).ok()?;
    let file = SafeTensors::deserialize(content).ok()?;
    let names = ["weights", "first-moment", "second-moment", "best"];
    let views: Vec<(&str, TensorView<'_>)> =
        names.iter().filter_map(|name| Some((*name, file.tensor(name).ok()?))).collect();
    let expected = [usize::try_from(size).ok()?];
    let fits = views.len() >= 3 && views.iter().all(|(_, view)| view.shape() == expected);
    if !fits || digest(views.iter().map(|(name, view)| (*name, view.data()))) != record.tensors {
        return None;
    }
    let tensor = |view: &TensorView<'_>| Tensor::f_from_data_size(view.data(), &[size], Kind::Float).ok();
    let tensors = views.iter().map(|(name, view)| Some(((*name).to_owned(), tensor(view)?)));
    Some((record, tensors.collect::<Option<_>>()?))
}

fn digest<'a>(tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in tensors {
        hasher.update(name.as_bytes());
        hasher.update(bytes);
    }
    Digest::from_hash(hasher.finalize())
}
