//! The tokenizer of a checkpoint, and which of its tokens play which part.

use std::fs;
use std::path::Path;

use serde_json::Value;
use spec::model::{Architecture, ModelSpec};

use super::config::Config;
use super::error::ImportError;
use crate::data::tokenizer::SPECIAL_TOKENS;
use crate::data::{SpecialIds, Tokenizer};
use crate::trained::TrainedError;
use crate::trained::folder::TOKENIZER;

/// What the parts are called in `tokenizer_config.json` and `special_tokens_map.json`, and in `config.json`; in the order of
/// [`SPECIAL_TOKENS`].
const PARTS: [(&[&str], &str); 5] = [
    (&["pad_token"], "pad_token_id"),
    (&["bos_token", "cls_token"], "bos_token_id"),
    (&["eos_token", "sep_token"], "eos_token_id"),
    (&["unk_token"], "unk_token_id"),
    (&["mask_token"], "mask_token_id"),
];

/// Reads the tokenizer in `folder` for a model.
///
/// # Errors
/// When there is none, it is not of the model's size, or lacks a token that the model needs.
pub fn read(folder: &Path, config: &Config, spec: &ModelSpec) -> Result<Tokenizer, ImportError> {
    let path = folder.join(TOKENIZER);
    let json = fs::read(&path).map_err(|source| TrainedError::read(&path, source))?;
    let parsed = tokenizers::Tokenizer::from_bytes(&json)
        .map_err(|error| TrainedError::unusable(&path, format!("it is not a tokenizer.json: {error}")))?;
    let named = ["tokenizer_config.json", "special_tokens_map.json"].map(|name| fields(&folder.join(name)));
    let id = |index: usize| {
        let (parts, in_config) = PARTS[index];
        let given = named.iter().flat_map(|file| parts.iter().filter_map(|part| content(&file[*part])));
        let usual = SPECIAL_TOKENS[index];
        let id = given.chain([usual]).find_map(|token| parsed.token_to_id(token)).and_then(|id| u16::try_from(id).ok());
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

/// The fields of a file; none if it is not there or is no JSON, since all that it says is said elsewhere too.
fn fields(path: &Path) -> Value {
    fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Value::Null)
}

/// A token is written as its content, or as an object that has one.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token["content"].as_str())
}
