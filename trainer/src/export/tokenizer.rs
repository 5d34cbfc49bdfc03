//! The tokenizer's files, such that `AutoTokenizer` puts around a text what the model saw around one in training.

use serde_json::{Value, json};
use spec::model::Architecture;

use super::error::ExportError;
use crate::data::Tokenizer;

/// The contents of `tokenizer.json`, `tokenizer_config.json` and `special_tokens_map.json`.
#[derive(Debug, Clone, PartialEq)]
pub struct Files {
    /// `tokenizer.json`.
    pub tokenizer: Value,
    /// `tokenizer_config.json`.
    pub config: Value,
    /// `special_tokens_map.json`.
    pub special_tokens: Value,
}

/// The files for a model of this architecture and context.
///
/// For an encoder a text is `<s> … </s>`, as in training. For a decoder it is `<s> …`: a text that `</s>` closes cannot
/// be gone on with.
///
/// # Errors
/// When the tokenizer is no JSON object.
pub fn files(tokenizer: &Tokenizer, architecture: Architecture, context: u32) -> Result<Files, ExportError> {
    let mut json: Value =
        serde_json::from_slice(tokenizer.json()).map_err(|error| ExportError::Tokenizer(error.to_string()))?;
    let ids = tokenizer.specials();
    let spelled = tokenizer.spellings(&ids.all());
    let [pad, start, end, unknown, mask] = &spelled[..] else {
        unreachable!("invariant: five special tokens have five spellings");
    };
    if !json.is_object() {
        return Err(ExportError::Tokenizer("it is no JSON object".to_owned()));
    }
    json["post_processor"] = around(architecture, (start, ids.start), (end, ids.end));
    json["truncation"] = Value::Null;
    json["padding"] = Value::Null;
    join_merges(&mut json["model"]);
    let mut special_tokens = json!({ "bos_token": start, "eos_token": end, "unk_token": unknown, "pad_token": pad });
    if architecture == Architecture::Roberta {
        special_tokens["cls_token"] = json!(start);
        special_tokens["sep_token"] = json!(end);
    }
    // A decoder from elsewhere may have no token of its own for it.
    if mask != end {
        special_tokens["mask_token"] = json!(mask);
    }
    let mut config = special_tokens.clone();
    config["tokenizer_class"] = json!("PreTrainedTokenizerFast");
    config["model_max_length"] = json!(context);
    config["padding_side"] = json!("right");
    config["clean_up_tokenization_spaces"] = json!(false);
    Ok(Files { tokenizer: json, config, special_tokens })
}

/// What is put around a text, and around a pair of texts as RoBERTa has it.
fn around(architecture: Architecture, start: (&str, u16), end: (&str, u16)) -> Value {
    let special = |(token, _): (&str, u16)| json!({ "SpecialToken": { "id": token, "type_id": 0 } });
    let text = |name: &str| json!({ "Sequence": { "id": name, "type_id": 0 } });
    let (single, pair) = match architecture {
        Architecture::GptNeo => (vec![special(start), text("A")], vec![special(start), text("A"), text("B")]),
        Architecture::Roberta => (
            vec![special(start), text("A"), special(end)],
            vec![special(start), text("A"), special(end), special(end), text("B"), special(end)],
        ),
    };
    let known = |(token, id): (&str, u16)| (token.to_owned(), json!({ "id": token, "ids": [id], "tokens": [token] }));
    let tokens: serde_json::Map<String, Value> = [known(start), known(end)].into_iter().collect();
    json!({ "type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens })
}

/// Writes merges as `"a b"`, which every version of tokenizers reads; pairs `["a", "b"]` only those from 0.20 on.
///
/// Where a part holds a space the pair is kept: the text could not be cut again.
fn join_merges(model: &mut Value) {
    let Some(merges) = model.get_mut("merges").and_then(Value::as_array_mut) else {
        return;
    };
    for merge in merges {
        let joined = match merge.as_array().map(Vec::as_slice) {
            Some([Value::String(left), Value::String(right)]) if !left.contains(' ') && !right.contains(' ') => {
                format!("{left} {right}")
            }
            _ => continue,
        };
        *merge = Value::String(joined);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{STORIES, tokenizer};

    fn around_a_story(architecture: Architecture) -> Vec<u32> {
        let files = files(&tokenizer(), architecture, 64).unwrap();
        let written = serde_json::to_vec(&files.tokenizer).unwrap();
        let theirs = tokenizers::Tokenizer::from_bytes(written).unwrap();
        theirs.encode(STORIES[0], true).unwrap().get_ids().to_vec()
    }

    #[test]
    fn a_text_is_encoded_elsewhere_as_in_training() {
        let ours: Vec<u32> = tokenizer().encode(STORIES[0]).unwrap().into_iter().map(u32::from).collect();
        assert_eq!(around_a_story(Architecture::Roberta), ours);
        assert_eq!(around_a_story(Architecture::GptNeo), ours[..ours.len() - 1]);
    }

    #[test]
    fn merges_are_written_so_that_old_versions_read_them() {
        let files = files(&tokenizer(), Architecture::GptNeo, 64).unwrap();
        let merges = files.tokenizer["model"]["merges"].as_array().unwrap();
        assert!(!merges.is_empty() && merges.iter().all(Value::is_string));
        assert_eq!(files.config["model_max_length"], 64);
        assert_eq!(files.special_tokens["mask_token"], "<mask>");
    }
}
