//! Which tokens play which part in a model, as the files beside its tokenizer.json say it.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::data::tokenizer::SPECIAL_TOKENS;

/// What the parts are called in `tokenizer_config.json` and `special_tokens_map.json`, and in `config.json`; in the
/// order of [`SPECIAL_TOKENS`].
pub const PARTS: [(&[&str], &str); 5] = [
    (&["pad_token"], "pad_token_id"),
    (&["bos_token", "cls_token"], "bos_token_id"),
    (&["eos_token", "sep_token"], "eos_token_id"),
    (&["unk_token"], "unk_token_id"),
    (&["mask_token"], "mask_token_id"),
];

/// The token that plays a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// How it is spelled.
    pub token: String,
    /// Its id in the tokenizer.
    pub id: u32,
}

/// The token of each part in the order of [`SPECIAL_TOKENS`]: the one that a file in `folder` names, else the usual
/// one, as far as the tokenizer has it, which gives the ids.
pub fn named(folder: &Path, id_of: &dyn Fn(&str) -> Option<u32>) -> [Option<Named>; 5] {
    let files = ["tokenizer_config.json", "special_tokens_map.json"].map(|name| fields(&folder.join(name)));
    [0, 1, 2, 3, 4].map(|index| {
        let (parts, _) = PARTS[index];
        let given = files.iter().flat_map(|file| parts.iter().filter_map(|part| content(&file[*part])));
        let mut tokens = given.chain([SPECIAL_TOKENS[index]]);
        tokens.find_map(|token| Some(Named { token: token.to_owned(), id: id_of(token)? }))
    })
}

/// The fields of a file; none if it is not there or is no JSON, since all that it says is said elsewhere too.
fn fields(path: &Path) -> Value {
    fs::read(path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or(Value::Null)
}

/// A token is written as its content, or as an object that has one.
fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token["content"].as_str())
}
