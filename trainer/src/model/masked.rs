//! Copies of stories in which tokens are hidden, for an encoder that is asked for one of them in each copy.

use tch::{Device, Tensor};

/// Copies of the same length. Most of their tokens are the same: each distinct pair of token and position is given
/// once.
#[derive(Debug, Clone, Copy)]
pub struct MaskedCopies<'a> {
    /// The distinct tokens, as ids.
    pub tokens: &'a [i64],
    /// The position of each distinct token, from 0.
    pub positions: &'a [i64],
    /// Copy after copy: the place of each of its tokens in `tokens`.
    pub cells: &'a [i64],
    /// The cell of each copy that is asked for, counted within the copy.
    pub asked: &'a [i64],
    /// The id whose probability each copy is asked for.
    pub targets: &'a [i64],
}

/// [`MaskedCopies`] on a device.
#[derive(Debug)]
pub(super) struct PackedCopies {
    /// `[distinct]`.
    pub(super) tokens: Tensor,
    /// `[distinct]`.
    pub(super) positions: Tensor,
    /// `[copies · length]`.
    pub(super) cells: Tensor,
    /// `[copies]`: the asked cell of each copy among the cells of all.
    pub(super) asked: Tensor,
    /// Number of copies.
    pub(super) copies: i64,
    /// Their length in tokens.
    pub(super) length: i64,
}

impl MaskedCopies<'_> {
    /// # Panics
    /// When the slices contradict each other.
    pub(super) fn pack(&self, device: Device) -> PackedCopies {
        let copies = self.asked.len();
        assert_eq!(copies, self.targets.len(), "invariant: every copy has a target");
        assert!(copies > 0 && self.cells.len().is_multiple_of(copies), "invariant: copies have the same length");
        let length = self.cells.len() / copies;
        let asked: Vec<i64> = (0..).zip(self.asked).map(|(copy, cell)| copy * length as i64 + cell).collect();
        let on_device = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        PackedCopies {
            tokens: on_device(self.tokens),
            positions: on_device(self.positions),
            cells: on_device(self.cells),
            asked: on_device(&asked),
            copies: copies as i64,
            length: length as i64,
        }
    }
}
