//! Stories that begin alike, laid together: what a decoder computes for a beginning, it computes once.

use tch::{Device, Tensor};

use super::attention::AttentionLayout;
use super::packed::Packed;

/// The plain numbers of a tree of T tokens, of which questions are asked.
#[derive(Debug, Clone, Copy)]
pub struct Tree<'a> {
    /// T token ids.
    pub tokens: &'a [i64],
    /// T positions, from 0 at the root.
    pub positions: &'a [i64],
    /// Paths from a root, as places in `tokens`; every token lies on one.
    pub paths: &'a [Vec<usize>],
    /// The place in `tokens` at which each question is asked, ascending; a place may be asked often.
    pub asked: &'a [i64],
    /// The id whose probability each question asks for.
    pub targets: &'a [i64],
}

impl Tree<'_> {
    /// The tree as a batch on `device`.
    pub(super) fn pack(&self, device: Device) -> Packed {
        assert_eq!(self.asked.len(), self.targets.len(), "invariant: every question has a target");
        let on_device = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        Packed {
            tokens: on_device(self.tokens),
            positions: on_device(self.positions),
            scored: on_device(self.asked),
            targets: on_device(self.targets),
            attention: AttentionLayout::of_paths(self.paths.to_vec(), self.tokens.len(), device),
        }
    }
}
