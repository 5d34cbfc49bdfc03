//! Loss on the held-out stories.

use tch::Kind;

use super::examiner::Examiner;
use crate::collective::{CollectiveError, Team};
use crate::data::Stories;

/// What the held-out stories say about a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Validation {
    /// Sum of −ln p over the scored tokens, in nats.
    pub nats: f64,
    /// Scored tokens.
    pub tokens: u64,
    /// Bytes of text that the scored tokens stand for.
    pub bytes: u64,
}

impl Validation {
    /// Mean loss in nats per scored token.
    pub fn loss(&self) -> f64 {
        self.nats / self.tokens as f64
    }

    /// Bits per byte of text: nats / (ln 2 · bytes). Unlike the loss it does not depend on how text is cut into tokens.
    /// For an encoder the bytes are those of the masked tokens.
    pub fn bits_per_byte(&self) -> f64 {
        self.nats / (std::f64::consts::LN_2 * self.bytes as f64)
    }

    /// e to the loss.
    pub fn perplexity(&self) -> f64 {
        self.loss().exp()
    }
}

impl Examiner<'_> {
    /// Measures the model on all held-out stories, the passes dealt out to the ranks in turn. The order of summation is
    /// fixed, so the same model gives the same bits, however many ranks there are.
    ///
    /// # Errors
    /// When another rank is gone.
    pub fn validate(&self, stories: &Stories, team: &Team) -> Result<Validation, CollectiveError> {
        let mut result = Validation { nats: 0.0, tokens: 0, bytes: 0 };
        let ranges = ranges(stories, self.most_tokens);
        let mut nats = vec![0.0; ranges.len()];
        for (index, range) in ranges.into_iter().enumerate() {
            let batch = self.objective.validation(stories, range);
            if batch.scored.is_empty() {
                continue;
            }
            if team.owns(index as u64) {
                nats[index] = self.log_probabilities(&batch).sum(Kind::Double).double_value(&[]);
            }
            result.tokens += batch.scored.len() as u64;
            result.bytes += batch.targets.iter().map(|id| u64::from(self.token_bytes[*id as usize])).sum::<u64>();
        }
        team.fill_in(&mut nats)?;
        result.nats = nats.into_iter().fold(0.0, |sum, part| sum - part);
        Ok(result)
    }

    /// Whether the held-out stories ask anything that [`Self::validate`] could measure: one scored token, one byte of
    /// text.
    pub fn can_validate(&self, stories: &Stories) -> bool {
        ranges(stories, self.most_tokens).into_iter().any(|range| {
            let batch = self.objective.validation(stories, range);
            batch.targets.iter().any(|id| self.token_bytes[*id as usize] > 0)
        })
    }
}

/// Runs of stories that hold at most `most_tokens` tokens each.
fn ranges(stories: &Stories, most_tokens: u64) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut tokens) = (0, 0);
    for index in 0..stories.len() {
        let length = stories.length(index);
        if index > start && tokens + length > most_tokens {
            ranges.push(start..index);
            (start, tokens) = (index, 0);
        }
        tokens += length;
    }
    if start < stories.len() {
        ranges.push(start..stories.len());
    }
    ranges
}
