//! Who asks a model: everything that the measurements have in common.

use tch::{Device, Kind, Tensor};

use super::objective::Objective;
use crate::data::PackedBatch;
use crate::model::{Model, Packed};

/// A model and the way to ask it.
#[derive(Debug, Clone, Copy)]
pub struct Examiner<'a> {
    /// The model.
    pub model: &'a Model,
    /// What it was trained for.
    pub objective: &'a Objective,
    /// Where it computes.
    pub device: Device,
    /// Most tokens in one forward pass.
    pub most_tokens: u64,
    /// Bytes of text of every token id; special tokens have none.
    pub token_bytes: &'a [u32],
}

impl Examiner<'_> {
    /// `[S]`, fp64 on the processor: ln p of the target at every scored position of `batch`.
    pub(super) fn log_probabilities(&self, batch: &PackedBatch) -> Tensor {
        let packed = Packed::new(&batch.view(), self.device);
        self.model.log_probabilities(&packed).to_device(Device::Cpu).to_kind(Kind::Double)
    }
}
