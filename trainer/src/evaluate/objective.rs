//! What a model is trained for and asked about: the next token, or the masked one.

use spec::Study;

use crate::data::{Draw, Masking, PackedBatch, Stories, Tokenizer};

/// The question that a batch puts.
#[derive(Debug, Clone, Copy)]
pub enum Objective {
    /// Each token from those before it.
    NextToken,
    /// Masked tokens from all others.
    Masked(Masking),
}

impl Objective {
    /// The objective of a study.
    pub fn of(study: &Study, tokenizer: &Tokenizer) -> Self {
        match study.train.mask_probability {
            None => Self::NextToken,
            Some(probability) => Self::Masked(Masking {
                probability,
                vocabulary: study.model.vocabulary,
                specials: tokenizer.specials(),
            }),
        }
    }

    /// The batch of some training stories of a run with this seed.
    pub fn training(&self, seed: u64, stories: &Stories, draws: &[Draw]) -> PackedBatch {
        match self {
            Self::NextToken => PackedBatch::next_token(draws.iter().map(|draw| stories.story(draw.story as usize))),
            Self::Masked(masking) => masking.training(stories, draws, seed),
        }
    }

    /// The batch of the held-out stories `range`, the same for every run.
    pub fn validation(&self, stories: &Stories, range: std::ops::Range<usize>) -> PackedBatch {
        match self {
            Self::NextToken => PackedBatch::next_token(range.map(|index| stories.story(index))),
            Self::Masked(masking) => masking.validation(stories, range),
        }
    }
}
