//! The trainer's tensors as Hugging Face has them, and back.
//!
//! Names and shapes are theirs already, with one exception: the position table of RoBERTa. There the rows up to and including
//! the padding id are never those of a position; here there is one such row, row 0, whatever the padding id.

use std::collections::BTreeMap;

use spec::model::{Architecture, ModelSpec};
use tch::{Kind, Tensor};

/// The table with rows that the trainer does not keep.
pub const POSITIONS: &str = "roberta.embeddings.position_embeddings.weight";

/// Rows of Hugging Face's position table (`max_position_embeddings`) for padding id `pad`.
pub fn position_rows(spec: &ModelSpec, pad: u16) -> u32 {
    match spec.architecture {
        Architecture::GptNeo => spec.positions(),
        Architecture::Roberta => spec.positions() + u32::from(pad),
    }
}

/// The tensors with `pad` rows of zeros more in front of the position table of an encoder.
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
        Ok((name.clone(), tensor))
    };
    weights.iter().map(convert).collect()
}

/// Undoes [`to_portable`], if the table has that many rows; one that has not is left for the check of shapes.
pub fn from_portable(weights: &mut BTreeMap<String, Tensor>, pad: u16) {
    if let Some(table) = weights.get_mut(POSITIONS) {
        let (rows, pad) = (table.size().first().copied().unwrap_or(0), i64::from(pad));
        if rows > pad {
            *table = table.narrow(0, pad, rows - pad);
        }
    }
}
