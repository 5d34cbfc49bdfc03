//! The tokenizer of a checkpoint, and which of its tokens play which part.

use std::fs;
use std::path::Path;

use spec::model::{Architecture, ModelSpec};

use super::claims;
use super::config::Config;
use super::error::ImportError;
use crate::data::{SpecialIds, Tokenizer};
use crate::trained::TrainedError;
use crate::trained::folder::TOKENIZER;
use crate::trained::parts::{self, PARTS};

/// Reads the tokenizer in `folder` for a model; `changes` says what a person should know.
///
/// # Errors
/// When there is none, it is not of the model's size, lacks a token that the model needs, or has another id for one.
pub fn read(
    folder: &Path,
    config: &Config,
    spec: &ModelSpec,
    changes: &mut Vec<String>,
) -> Result<Tokenizer, ImportError> {
    let path = folder.join(TOKENIZER);
    let json = fs::read(&path).map_err(|source| TrainedError::read(&path, source))?;
    let parsed = tokenizers::Tokenizer::from_bytes(&json)
        .map_err(|error| TrainedError::unusable(&path, format!("it is not a tokenizer.json: {error}")))?;
    let named = parts::named(folder, &|token| parsed.token_to_id(token));
    claims::check_ids(config, spec.architecture, &named, changes)?;
    let id = |index: usize| {
        let (_, in_config) = PARTS[index];
        let id = named[index].as_ref().and_then(|named| u16::try_from(named.id).ok());
        id.or_else(|| config.id(in_config))
    };
    let ids = [0, 1, 2, 3, 4].map(id);
    let specials = match spec.architecture {
        Architecture::GptNeo => for_decoder(ids),
        Architecture::Roberta => for_encoder(ids),
    }?;
    if spec.architecture == Architecture::Roberta {
        let (ours, theirs) = (specials.pad, config.padding()?);
        if ours != theirs {
            return Err(ImportError::Mismatch(format!(
                "the tokenizer's padding id is {ours}, the model's {theirs}, where its positions begin"
            )));
        }
    }
    Ok(Tokenizer::with_specials(json, &path, spec.vocabulary, specials).map_err(TrainedError::from)?)
}

/// A decoder needs to know where a text begins and ends, and one token may say both, as GPT-2's does.
fn for_decoder([pad, start, end, unknown, mask]: [Option<u16>; 5]) -> Result<SpecialIds, ImportError> {
    let Some(end) = end.or(start) else {
        return Err(ImportError::Mismatch(
            "the tokenizer names no token that begins or ends a text (eos_token)".to_owned(),
        ));
    };
    let or_end = |id: Option<u16>| id.unwrap_or(end);
    Ok(SpecialIds { pad: or_end(pad), start: or_end(start), end, unknown: or_end(unknown), mask: or_end(mask) })
}

fn for_encoder(ids: [Option<u16>; 5]) -> Result<SpecialIds, ImportError> {
    let lacking: Vec<&str> =
        ids.iter().zip(PARTS).filter(|(id, _)| id.is_none()).map(|(_, (parts, _))| parts[0]).collect();
    match ids {
        [Some(pad), Some(start), Some(end), Some(unknown), Some(mask)] => {
            Ok(SpecialIds { pad, start, end, unknown, mask })
        }
        _ => Err(ImportError::Mismatch(format!("an encoder needs what the tokenizer lacks: {}", lacking.join(", ")))),
    }
}
