//! A batch of whole stories, one after the other, without padding.

use tch::{Device, Tensor};

use super::attention::AttentionLayout;

/// The plain numbers of a batch of T tokens with S scored positions.
#[derive(Debug, Clone, Copy)]
pub struct Stories<'a> {
    /// T token ids.
    pub tokens: &'a [i64],
    /// T positions, each counted from 0 at the start of its story.
    pub positions: &'a [i64],
    /// Where stories start and end: story `k` is `bounds[k]..bounds[k + 1]`, so the first is 0 and the last is T.
    pub bounds: &'a [usize],
    /// S indices into `tokens`: the positions whose output is scored.
    pub scored: &'a [i64],
    /// S token ids: what each scored position should say.
    pub targets: &'a [i64],
}

/// A batch on a device.
#[derive(Debug)]
pub struct Packed {
    /// `[T]` token ids, int64.
    pub tokens: Tensor,
    /// `[T]` positions within the story, from 0, int64.
    pub positions: Tensor,
    /// `[S]` indices of the scored tokens, int64.
    pub scored: Tensor,
    /// `[S]` ids that the scored positions should say, int64.
    pub targets: Tensor,
    /// Which tokens belong together.
    pub attention: AttentionLayout,
}

impl Packed {
    /// The batch of these stories, on `device`.
    ///
    /// # Panics
    /// When the slices contradict each other; whoever packs stories keeps them together.
    pub fn new(stories: &Stories<'_>, device: Device) -> Self {
        assert_eq!(stories.tokens.len(), stories.positions.len(), "invariant: every token has a position");
        assert_eq!(stories.scored.len(), stories.targets.len(), "invariant: every scored position has a target");
        assert_eq!(stories.bounds.last(), Some(&stories.tokens.len()), "invariant: the last story ends the batch");
        let on_device = |numbers: &[i64]| Tensor::from_slice(numbers).to_device(device);
        Self {
            tokens: on_device(stories.tokens),
            positions: on_device(stories.positions),
            scored: on_device(stories.scored),
            targets: on_device(stories.targets),
            attention: AttentionLayout::new(stories.bounds, device),
        }
    }
}
