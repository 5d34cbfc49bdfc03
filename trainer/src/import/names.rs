//! From the tensors of a checkpoint to those of the trainer: what is there twice or is no parameter goes.

use std::collections::BTreeMap;

use spec::model::Architecture;
use tch::{Kind, Tensor};

use super::error::ImportError;

/// Tensors by name.
pub type Tensors = BTreeMap<String, Tensor>;

/// What maps to the tokens, decoder's and encoder's.
pub const HEADS: [&str; 2] = ["lm_head.weight", "lm_head.decoder.weight"];
const UNTIED: &str = "untied heads are not supported, a model's head is its table of tokens here";
/// A weight that is there twice under two names in some files: the copy, the one that is kept, and what is wrong if
/// they differ.
const TIED: [(&str, &str, &str); 3] = [
    (HEADS[0], "transformer.wte.weight", UNTIED),
    (HEADS[1], "roberta.embeddings.word_embeddings.weight", UNTIED),
    ("lm_head.decoder.bias", "lm_head.bias", "they are one tensor under two names, so the file is damaged"),
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

/// Gives the tensors the trainer's names and leaves out what it has no use for; `changes` says what a person should
/// know.
///
/// # Errors
/// When a value is no number, or a head is not tied to the table of tokens.
pub fn settle(architecture: Architecture, tensors: &mut Tensors, changes: &mut Vec<String>) -> Result<(), ImportError> {
    if architecture == Architecture::GptNeo && tensors.contains_key("wte.weight") {
        // A model without a head is saved without the prefix.
        *tensors =
            std::mem::take(tensors).into_iter().map(|(name, one)| (format!("transformer.{name}"), one)).collect();
    }
    tensors.retain(|name, _| !BUFFERS.iter().any(|end| name.ends_with(end)));
    check_numbers(tensors)?;
    let before = tensors.len();
    tensors.retain(|name, _| !name.starts_with(POOLER));
    if tensors.len() < before {
        changes.push("The pooler was left out: a language model does not use it.".to_owned());
    }
    for (copy, kept, reason) in TIED {
        let Some(copied) = tensors.remove(copy) else {
            continue;
        };
        match tensors.get(kept) {
            None => drop(tensors.insert(kept.to_owned(), copied)),
            Some(found) if *found == copied => {}
            Some(_) => return Err(ImportError::Differ { copy, kept, reason }),
        }
    }
    if let Some(types) = tensors.get_mut(TYPES)
        && types.dim() == 2
    {
        let rows = types.size()[0];
        if rows == 1 {
            *types = Tensor::cat(&[&*types, &Tensor::zeros_like(types)], 0);
            changes.push(
                "A second row of zeros was added to the table of token types; only the first is ever used.".to_owned(),
            );
        } else if rows > 2 {
            *types = types.narrow(0, 0, 2).contiguous();
            changes.push(format!(
                "Two of the {rows} rows of the table of token types were kept; only the first is ever used."
            ));
        }
    }
    for tensor in tensors.values_mut() {
        *tensor = tensor.to_kind(Kind::Float);
    }
    Ok(())
}

fn check_numbers(tensors: &Tensors) -> Result<(), ImportError> {
    let wrong = |tensor: &Tensor| tensor.numel() as i64 - tensor.isfinite().sum(Kind::Int64).int64_value(&[]);
    let counts = tensors.iter().map(|(name, tensor)| (name, wrong(tensor))).filter(|(_, count)| *count > 0);
    let found: Vec<(&String, i64)> = counts.collect();
    match found.as_slice() {
        [] => Ok(()),
        [(name, count), others @ ..] => {
            Err(ImportError::NoNumbers { name: (*name).clone(), count: *count, others: others.len() })
        }
    }
}
