//! A guard against masked-language runs whose inputs hold the answers.

use serde::{Deserialize, Serialize};

use super::batch::PackedBatch;
use super::error::DataError;

/// Counts how often the input at a masked position is its own target: about 1 in 10 by design.
///
/// For masked batches only; in a decoder's batch the target is the next token. Its counts are part of a checkpoint.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LeakCheck {
    same: u64,
    scored: u64,
}

impl LeakCheck {
    /// Judged only from so many positions on: chance alone then stays far below [`Self::MOST`].
    const LEAST_SCORED: u64 = 1000;
    /// Three times what masking leaves in place.
    const MOST: f64 = 0.3;

    /// Counts `batch` in.
    ///
    /// # Errors
    /// [`DataError::LabelsLeak`] when, over all batches so far, more than 3 in 10 of at least 1,000 inputs are their
    /// targets.
    pub fn observe(&mut self, batch: &PackedBatch) -> Result<(), DataError> {
        let answered = |(place, target): &(&i64, &i64)| batch.tokens[**place as usize] == **target;
        self.same += batch.scored.iter().zip(&batch.targets).filter(answered).count() as u64;
        self.scored += batch.scored.len() as u64;
        if self.scored >= Self::LEAST_SCORED && self.rate() > Self::MOST {
            return Err(DataError::LabelsLeak { same: self.same, scored: self.scored });
        }
        Ok(())
    }

    /// Whether it has seen nothing yet.
    pub fn is_unused(&self) -> bool {
        *self == Self::default()
    }

    /// The part of the inputs that are their targets; 0 before the first.
    pub fn rate(&self) -> f64 {
        if self.scored == 0 { 0.0 } else { self.same as f64 / self.scored as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scored` positions, of which the first `same` hold their target.
    fn batch(scored: i64, same: i64) -> PackedBatch {
        PackedBatch {
            tokens: (0..scored).map(|place| if place < same { 7 } else { 9 }).collect(),
            scored: (0..scored).collect(),
            targets: vec![7; scored as usize],
            ..PackedBatch::default()
        }
    }

    #[test]
    fn a_leak_is_told_once_there_is_enough_to_tell_it_from() {
        let mut check = LeakCheck::default();
        check.observe(&batch(600, 600)).unwrap();
        let error = check.observe(&batch(400, 0)).unwrap_err();
        insta::assert_snapshot!(error, @"labels leak: at 600 of 1000 masked positions the input is the answer itself (about one in ten is right)");
    }

    #[test]
    fn what_masking_leaves_is_no_leak() {
        let mut check = LeakCheck::default();
        for _ in 0..100 {
            check.observe(&batch(100, 10)).unwrap();
        }
        assert!((check.rate() - 0.1).abs() < 1e-12);
        check.observe(&batch(2000, 0)).unwrap();
    }
}
