//! What the network is given: whole stories end to end, without padding.

use super::sampler::Draw;
use super::stories::Stories;
use crate::model;

/// Stories laid end to end, and what is to be guessed in them.
///
/// A step of stories of any lengths is one row of tokens; attention stays between two `bounds`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedBatch {
    /// Input ids; length T.
    pub tokens: Vec<i64>,
    /// The place of each token in its story, from 0; length T.
    pub positions: Vec<i64>,
    /// Cumulative: story `i` is `bounds[i]..bounds[i + 1]`; from 0 to T.
    pub bounds: Vec<usize>,
    /// The places in `tokens` at which the network must guess, ascending.
    pub scored: Vec<i64>,
    /// The right answer at each place of `scored`.
    pub targets: Vec<i64>,
}

impl Default for PackedBatch {
    fn default() -> Self {
        Self { tokens: Vec::new(), positions: Vec::new(), bounds: vec![0], scored: Vec::new(), targets: Vec::new() }
    }
}

impl PackedBatch {
    /// A batch for a decoder: each token but a story's last must predict the one after it.
    pub fn next_token<'a>(stories: impl IntoIterator<Item = &'a [u16]>) -> Self {
        let mut batch = Self::default();
        for story in stories {
            let start = batch.push(story);
            for (offset, next) in story.iter().enumerate().skip(1) {
                batch.score(start + offset - 1, *next);
            }
        }
        batch
    }

    /// A batch for pseudo-log-likelihoods (Salazar et al. 2020, arXiv:1910.14659): for every token in `places` a copy
    /// of `story` in which `mask` stands in its place, and this one place scored.
    pub fn masked_at(story: &[u16], mask: u16, places: std::ops::Range<usize>) -> Self {
        let mut batch = Self::default();
        for hidden in places {
            let start = batch.push(story);
            batch.replace(start + hidden, mask);
            batch.score(start + hidden, story[hidden]);
        }
        batch
    }

    /// Lays the stories of `other` after these.
    pub fn append(&mut self, other: &Self) {
        let shift = self.len();
        self.tokens.extend_from_slice(&other.tokens);
        self.positions.extend_from_slice(&other.positions);
        self.bounds.extend(other.bounds[1..].iter().map(|bound| bound + shift));
        self.scored.extend(other.scored.iter().map(|place| place + shift as i64));
        self.targets.extend_from_slice(&other.targets);
    }

    /// The plain numbers, as a network takes them.
    pub fn view(&self) -> model::Stories<'_> {
        model::Stories {
            tokens: &self.tokens,
            positions: &self.positions,
            bounds: &self.bounds,
            scored: &self.scored,
            targets: &self.targets,
        }
    }

    /// The number of tokens.
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Whether the batch has no token.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The number of stories.
    pub fn stories(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The length of the longest story in tokens.
    pub fn longest(&self) -> usize {
        self.bounds.windows(2).map(|bound| bound[1] - bound[0]).max().unwrap_or(0)
    }

    /// Lays `story` at the end; gives the place of its first token.
    pub(super) fn push(&mut self, story: &[u16]) -> usize {
        let start = self.tokens.len();
        self.tokens.extend(story.iter().map(|&id| i64::from(id)));
        self.positions.extend(0..story.len() as i64);
        self.bounds.push(self.tokens.len());
        start
    }

    /// Puts another id into the input.
    pub(super) fn replace(&mut self, place: usize, id: u16) {
        self.tokens[place] = i64::from(id);
    }

    /// Asks for `target` at `place`.
    pub(super) fn score(&mut self, place: usize, target: u16) {
        self.scored.push(place as i64);
        self.targets.push(i64::from(target));
    }
}

/// `draws` in parts of at most `most_tokens` tokens, whole stories in their order; a longer story is a part by itself.
pub fn micro_batches<'a>(stories: &Stories, draws: &'a [Draw], most_tokens: u64) -> Vec<&'a [Draw]> {
    let mut parts = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for (index, draw) in draws.iter().enumerate() {
        let length = stories.length(draw.story as usize);
        if index > start && tokens + length > most_tokens {
            parts.push(&draws[start..index]);
            (start, tokens) = (index, 0);
        }
        tokens += length;
    }
    if start < draws.len() {
        parts.push(&draws[start..]);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decoder_guesses_every_token_but_the_first_of_each_story() {
        let batch = PackedBatch::next_token([&[1, 7, 8, 2][..], &[1, 2][..]]);
        assert_eq!(batch.tokens, [1, 7, 8, 2, 1, 2]);
        assert_eq!(batch.positions, [0, 1, 2, 3, 0, 1]);
        assert_eq!(batch.bounds, [0, 4, 6]);
        assert_eq!(batch.scored, [0, 1, 2, 4]);
        assert_eq!(batch.targets, [7, 8, 2, 2]);
        assert_eq!((batch.len(), batch.stories(), batch.longest()), (6, 2, 4));
        let none = PackedBatch::next_token([]);
        assert_eq!((none.len(), none.stories(), none.longest(), none.is_empty()), (0, 0, 0, true));
    }

    #[test]
    fn each_token_of_a_sentence_is_hidden_once() {
        let batch = PackedBatch::masked_at(&[1, 7, 8, 2], 99, 1..3);
        assert_eq!(batch.tokens, [1, 99, 8, 2, 1, 7, 99, 2]);
        assert_eq!((batch.scored, batch.targets), (vec![1, 6], vec![7, 8]));
        assert_eq!(batch.bounds, [0, 4, 8]);
        assert!(PackedBatch::masked_at(&[1, 2], 99, 1..1).is_empty());
    }

    #[test]
    fn appending_is_packing_together() {
        let stories = [&[1, 7, 8, 2][..], &[1, 2], &[1, 9, 2]];
        let mut batch = PackedBatch::next_token(stories[..1].iter().copied());
        batch.append(&PackedBatch::default());
        batch.append(&PackedBatch::next_token(stories[1..].iter().copied()));
        assert_eq!(batch, PackedBatch::next_token(stories));
    }

    proptest! {
        #[test]
        fn packing_loses_and_mixes_nothing(texts in prop::collection::vec(prop::collection::vec(any::<u16>(), 0..40), 0..20)) {
            let batch = PackedBatch::next_token(texts.iter().map(Vec::as_slice));
            prop_assert_eq!(batch.stories(), texts.len());
            let mut scored = 0;
            for (index, text) in texts.iter().enumerate() {
                let place = batch.bounds[index]..batch.bounds[index + 1];
                let ids: Vec<i64> = text.iter().map(|&id| i64::from(id)).collect();
                prop_assert_eq!(&batch.tokens[place.clone()], &ids);
                let positions: Vec<i64> = (0..text.len() as i64).collect();
                prop_assert_eq!(&batch.positions[place.clone()], &positions);
                for (offset, &id) in ids.iter().enumerate().skip(1) {
                    prop_assert_eq!(batch.scored[scored], (place.start + offset - 1) as i64);
                    prop_assert_eq!(batch.targets[scored], id);
                    scored += 1;
                }
            }
            prop_assert_eq!(scored, batch.scored.len());
        }

        #[test]
        fn parts_are_the_step_cut_where_it_is_full(lengths in prop::collection::vec(1_u64..30, 0..40), most in 1_u64..80) {
            let mut bounds = vec![0];
            for length in &lengths {
                bounds.push(bounds[bounds.len() - 1] + length);
            }
            let stories = Stories::in_memory(vec![0; bounds[lengths.len()] as usize], bounds);
            let draws: Vec<Draw> = (0..lengths.len() as u32).rev().map(|story| Draw { epoch: 0, story }).collect();
            let parts = micro_batches(&stories, &draws, most);
            prop_assert_eq!(&parts.concat(), &draws);
            let tokens = |part: &[Draw]| part.iter().map(|draw| stories.length(draw.story as usize)).sum::<u64>();
            for (index, part) in parts.iter().enumerate() {
                prop_assert!(tokens(part) <= most || part.len() == 1);
                if let Some(next) = parts.get(index + 1) {
                    prop_assert!(tokens(part) + tokens(&next[..1]) > most);
                }
            }
        }
    }
}
