//! A model folder: a model of Hugging Face's with a record of ours beside it.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use spec::model::ModelSpec;
use spec::{Digest, SCHEMA, SpecError};

use super::error::TrainedError;
use super::origin::Origin;
use super::parts::{self, Named};
use super::{TrainedModel, check_spec, portable, tensors};
use crate::data::tokenizer::SPECIAL_TOKENS;
use crate::data::{SpecialIds, Tokenizer};
use crate::model;

/// The name of the record; a folder that has one is a model folder.
pub const RECORD: &str = "seedbed.json";
/// The tokenizer beside it.
pub const TOKENIZER: &str = "tokenizer.json";

/// The content of `seedbed.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Record {
    /// [`SCHEMA`] of the writer.
    pub schema: u32,
    /// The network.
    pub model: ModelSpec,
    /// The ids of the special tokens.
    pub specials: SpecialIds,
    /// The content of `tokenizer.json`; folders of earlier versions do not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<Digest>,
    /// Where the model comes from.
    pub origin: Origin,
}

/// The part of a [`Record`] that every version has.
#[derive(Debug, Deserialize)]
struct Header {
    schema: u32,
}

/// Reads the model in `folder`.
///
/// # Errors
/// When a part is missing, damaged or of another version, or the parts do not fit together.
pub fn read(folder: &Path) -> Result<TrainedModel, TrainedError> {
    let path = folder.join(RECORD);
    let record = record(&path)?;
    check_spec(&record.model).map_err(|reason| TrainedError::unusable(&path, reason))?;
    let mut weights = tensors::read_folder(folder)?;
    portable::from_portable(&mut weights, record.specials.pad);
    tensors::check(&model::declarations(&record.model), &weights)
        .map_err(|misfit| TrainedError::Misfit { path: folder.to_owned(), misfit })?;
    let path = folder.join(TOKENIZER);
    let json = fs::read(&path).map_err(|source| TrainedError::read(&path, source))?;
    let tokenizer = Tokenizer::with_specials(json, &path, record.model.vocabulary, record.specials)?;
    check_tokenizer(folder, &tokenizer, record.tokenizer)
        .map_err(|reason| TrainedError::ForeignTokenizer { path, reason })?;
    Ok(TrainedModel { spec: record.model, weights, tokenizer, origin: record.origin })
}

/// Checks that a tokenizer is the one of the record, whose special ids it has been given.
///
/// # Errors
/// Where it is not, in words that go on after its name.
fn check_tokenizer(folder: &Path, tokenizer: &Tokenizer, written: Option<Digest>) -> Result<(), String> {
    let named = parts::named(folder, &|token| tokenizer.id_of(token));
    for (named, recorded) in named.into_iter().zip(tokenizer.specials().all()) {
        if let Some(Named { token, id }) = named.filter(|named| named.id != u32::from(recorded)) {
            return Err(format!("has `{token}` {id}, {RECORD} says {recorded}"));
        }
    }
    if let Some((part, id)) = tokenizer.absent_special() {
        let (tokens, usual) = (tokenizer.tokens(), SPECIAL_TOKENS[part]);
        return Err(format!("has {tokens} tokens and none with the id {id}, which {RECORD} has for `{usual}`"));
    }
    match written.filter(|written| *written != tokenizer.digest()) {
        None => Ok(()),
        Some(written) => Err(format!("has the content {}, {RECORD} says {written}", tokenizer.digest())),
    }
}

fn record(path: &Path) -> Result<Record, TrainedError> {
    let text = fs::read(path).map_err(|source| TrainedError::read(path, source))?;
    let header: Header =
        serde_json::from_slice(&text).map_err(|error| TrainedError::unusable(path, error.to_string()))?;
    if header.schema != SCHEMA {
        let error = SpecError::Schema { what: "the model", found: header.schema, known: SCHEMA };
        return Err(TrainedError::unusable(path, error.to_string()));
    }
    serde_json::from_slice(&text).map_err(|error| TrainedError::unusable(path, error.to_string()))
}
