//! What a `config.json` says beside the network's shape, held against the tensors and the tokenizer.

use serde_json::Value;
use spec::model::Architecture;

use super::config::Config;
use super::error::ImportError;
use super::names::{HEADS, Tensors};
use crate::data::Tokenizer;
use crate::data::tokenizer::SPECIAL_TOKENS;
use crate::trained::parts::{Named, PARTS};

/// What is learned by an xielu of transformers is kept and used in another precision there.
pub const XIELU_PRECISION: &str = "transformers keeps what xielu learns in bf16 and takes its softplus there; here both are fp32, \
    as in a model of theirs after `.float()`: logits differ by some thousandths from those of theirs as it is loaded.";

/// Ids that transformers writes where nobody has set one.
const DEFAULTS: [(Architecture, &str, u64); 5] = [
    (Architecture::GptNeo, "bos_token_id", 50256),
    (Architecture::GptNeo, "eos_token_id", 50256),
    (Architecture::Roberta, "bos_token_id", 0),
    (Architecture::Roberta, "pad_token_id", 1),
    (Architecture::Roberta, "eos_token_id", 2),
];

/// Says so where a model without a tied head has no head at all.
pub fn note_missing_head(config: &Config, tensors: &Tensors, changes: &mut Vec<String>) {
    if *config.field("tie_word_embeddings") == false && !HEADS.iter().any(|name| tensors.contains_key(*name)) {
        changes.push(
            "tie_word_embeddings is false, but there is no head among the tensors: the table of tokens is taken for it, as in a \
             model whose head is tied; transformers would make one of random numbers."
                .to_owned(),
        );
    }
}

/// Holds the ids of `config.json` against those of the tokens that the tokenizer's files name.
///
/// # Errors
/// When they differ, and the one of `config.json` is not what transformers writes unasked.
pub fn check_ids(
    config: &Config,
    architecture: Architecture,
    named: &[Option<Named>; 5],
    changes: &mut Vec<String>,
) -> Result<(), ImportError> {
    for ((_, field), named) in PARTS.iter().zip(named) {
        let theirs: Vec<u64> = match config.field(field) {
            Value::Array(ids) => ids.iter().filter_map(Value::as_u64).collect(),
            id => id.as_u64().into_iter().collect(),
        };
        let (Some(Named { token, id }), [first, ..]) = (named, theirs.as_slice()) else { continue };
        if theirs.contains(&u64::from(*id)) {
            continue;
        }
        if !DEFAULTS.contains(&(architecture, *field, *first)) {
            let reason = format!("config.json says {field} = {first}, the tokenizer has `{token}` {id}");
            return Err(ImportError::Mismatch(reason));
        }
        changes.push(format!(
            "{field} = {first} was left out, which transformers writes unasked: `{token}` of the tokenizer is {id}."
        ));
    }
    Ok(())
}

/// Says so where the tokenizer has fewer tokens than the model's table has rows.
///
/// # Errors
/// When a part is played by an id that is no token.
pub fn check_tokens(tokenizer: &Tokenizer, changes: &mut Vec<String>) -> Result<(), ImportError> {
    let (tokens, rows) = (tokenizer.tokens(), tokenizer.vocabulary());
    if let Some((part, id)) = tokenizer.absent_special() {
        let usual = SPECIAL_TOKENS[part];
        let (_, field) = PARTS[part];
        return Err(ImportError::Mismatch(format!(
            "{field} is {id}, but the tokenizer has {tokens} tokens and none of that id; it needs one for `{usual}`"
        )));
    }
    if tokens < rows {
        let more = rows - tokens;
        changes.push(format!(
            "The tokenizer has {tokens} tokens and the model's table {rows} rows: the last {more} are taken for padding of the table. \
             If the model has learned them, this is another model's tokenizer."
        ));
    }
    Ok(())
}
