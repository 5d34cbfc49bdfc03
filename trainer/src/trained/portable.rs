//! The trainer's tensors as Hugging Face has them, and back.
//!
//! Names and shapes are theirs already, with two exceptions. The rows of RoBERTa's position table up to and including
//! the padding id are never those of a position; here there is one such row, row 0, whatever the padding id. And what
//! an activation learns under the name `beta` is called `slope` there: transformers before 5 takes every `beta` for a
//! bias of TensorFlow's, and leaves the tensor unread.

use std::collections::BTreeMap;

use spec::model::{Architecture, ModelSpec};
use tch::{Kind, Tensor};

/// The table with rows that the trainer does not keep.
pub const POSITIONS: &str = "roberta.embeddings.position_embeddings.weight";

/// What an activation learns, here and there.
const RENAMED: (&str, &str) = (".beta", ".slope");

/// The name of one of the trainer's tensors in a file.
pub fn portable_name(name: &str) -> String {
    name.strip_suffix(RENAMED.0).map_or_else(|| name.to_owned(), |rest| format!("{rest}{}", RENAMED.1))
}

/// Rows of Hugging Face's position table (`max_position_embeddings`) for padding id `pad`.
pub fn position_rows(spec: &ModelSpec, pad: u16) -> u32 {
    match spec.architecture {
        Architecture::GptNeo => spec.positions(),
        Architecture::Roberta => spec.positions() + u32::from(pad),
    }
}

/// The tensors under the names of a file, with `pad` rows of zeros more in front of the position table of an encoder.
///
/// # Errors
/// When libtorch refuses.
pub fn to_portable(weights: &BTreeMap<String, Tensor>, pad: u16) -> Result<BTreeMap<String, Tensor>, tch::TchError> {
    let convert = |(name, tensor): (&String, &Tensor)| {
        let tensor = if name == POSITIONS && pad > 0 {
            let zeros = Tensor::f_zeros([i64::from(pad), tensor.size()[1]], (Kind::Float, tensor.device()))?;
            Tensor::f_cat(&[&zeros, tensor], 0)?
        } else {
            tensor.shallow_clone()
        };
        Ok((portable_name(name), tensor))
    };
    weights.iter().map(convert).collect()
}

/// Undoes [`to_portable`], if the table has that many rows; one that has not is left for the check of shapes.
pub fn from_portable(weights: &mut BTreeMap<String, Tensor>, pad: u16) {
    let ours = |name: String| name.strip_suffix(RENAMED.1).map(|rest| format!("{rest}{}", RENAMED.0)).unwrap_or(name);
    *weights = std::mem::take(weights).into_iter().map(|(name, tensor)| (ours(name), tensor)).collect();
    if let Some(table) = weights.get_mut(POSITIONS) {
        let (rows, pad) = (table.size().first().copied().unwrap_or(0), i64::from(pad));
        if rows > pad {
            *table = table.narrow(0, pad, rows - pad);
        }
    }
}
