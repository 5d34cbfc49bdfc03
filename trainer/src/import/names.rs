//! From the tensors of a checkpoint to those of the trainer: what is there twice or is no parameter goes.

use std::collections::BTreeMap;

use spec::model::Architecture;
use tch::{Kind, Tensor};

use super::error::ImportError;

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// A weight that is there twice under two names in some files: the copy, and the one that is kept.
const TIED: [(&str, &str); 3] = [
    ("lm_head.weight", "transformer.wte.weight"),
    ("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"),
    ("lm_head.decoder.bias", "lm_head.bias"),
];
/// Ends of the names of buffers that old versions wrote.
const BUFFERS: [&str; 3] = [".attn.attention.bias", ".attn.attention.masked_bias", "embeddings.position_ids"];
/// What a language model does not use.
const POOLER: &str = "roberta.pooler.";
const TYPES: &str = "roberta.embeddings.token_type_embeddings.weight";

/// The constants of xielu that transformers writes beside what it learns: ends of names, and the values of the paper.
const XIELU: [(&str, f64); 2] = [(".beta", 0.5), (".eps", -1e-6)];

/// Leaves out the constants of xielu.
///
/// # Errors
/// When one has another value than the trainer's.
pub fn without_constants(tensors: &mut Tensors) -> Result<(), ImportError> {
    let constant = |name: &str| {
        let of_activation = name.contains(".act.") || name.contains(".intermediate_act_fn.");
        XIELU.iter().find(|(end, _)| of_activation && name.ends_with(end)).map(|(_, value)| *value)
    };
    for (name, tensor) in tensors.iter() {
        let far =
            |value: f64| tensor.numel() == 0 || (tensor - value).abs().max().double_value(&[]) > 0.01 * value.abs();
        if let Some(value) = constant(name).filter(|value| far(*value)) {
            return Err(ImportError::Constant(format!("`{name}` is not {value}, as in its paper")));
        }
    }
    tensors.retain(|name, _| constant(name).is_none());
    Ok(())
}

/// Gives the tensors the trainer's names and leaves out what it has no use for; `changes` says what a person should know.
///
/// # Errors
/// When a head is not tied to the table of tokens.
pub fn settle(architecture: Architecture, tensors: &mut Tensors, changes: &mut Vec<String>) -> Result<(), ImportError> {
    if architecture == Architecture::GptNeo && tensors.contains_key("wte.weight") {
        // A model without a head is saved without the prefix.
        *tensors =
            std::mem::take(tensors).into_iter().map(|(name, one)| (format!("transformer.{name}"), one)).collect();
    }
    tensors.retain(|name, _| !BUFFERS.iter().any(|end| name.ends_with(end)));
    let before = tensors.len();
    tensors.retain(|name, _| !name.starts_with(POOLER));
    if tensors.len() < before {
        changes.push("The pooler was left out: a language model does not use it.".to_owned());
    }
    for (copy, kept) in TIED {
        let Some(copied) = tensors.remove(copy) else {
            continue;
        };
        match tensors.get(kept) {
            None => drop(tensors.insert(kept.to_owned(), copied)),
            Some(kept) if *kept == copied => {}
            Some(_) => {
                return Err(ImportError::Mismatch(format!(
                    "`{copy}` differs from `{kept}`, but the trainer's head is tied to the table of tokens"
                )));
            }
        }
    }
    if let Some(types) = tensors.get_mut(TYPES)
        && types.dim() == 2
        && types.size()[0] == 1
    {
        *types = Tensor::cat(&[&*types, &Tensor::zeros_like(types)], 0);
        changes.push(
            "A second row of zeros was added to the table of token types; only the first is ever used.".to_owned(),
        );
    }
    for tensor in tensors.values_mut() {
        *tensor = tensor.to_kind(Kind::Float);
    }
    Ok(())
}
