//! The masks of masked language modelling (Devlin et al. 2019, arXiv:1810.04805), drawn anew in every epoch.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::batch::PackedBatch;
use super::order::below;
use super::sampler::Draw;
use super::stories::Stories;
use super::tokenizer::SpecialIds;
use crate::streams;

/// Chooses what an encoder must guess.
///
/// Every token that is not special is chosen with the same probability. Of the chosen, 8 in 10 become `<mask>`, 1 in 10
/// any id of the vocabulary (special ones included), and 1 in 10 stay: as `transformers`'
/// `DataCollatorForLanguageModeling`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Masking {
    /// Part of the tokens that are chosen, in (0, 1).
    pub probability: f64,
    /// Number of ids.
    pub vocabulary: u32,
    /// The ids that are never chosen.
    pub specials: SpecialIds,
}

impl Masking {
    /// The batch of a training step: what is masked depends on the seed, the epoch and the story, and on nothing else.
    pub fn training(&self, stories: &Stories, draws: &[Draw], seed: u64) -> PackedBatch {
        let mut batch = PackedBatch::default();
        for draw in draws {
            let generator = streams::generator(seed, "mask", &[draw.epoch, u64::from(draw.story)]);
            self.push(&mut batch, stories.story(draw.story as usize), generator);
        }
        batch
    }

    /// The batch of held-out stories `range`: the same masks for every run, whatever its seed.
    pub fn validation(&self, stories: &Stories, range: std::ops::Range<usize>) -> PackedBatch {
        let mut batch = PackedBatch::default();
        for index in range {
            let generator = streams::generator(0, "validation mask", &[index as u64]);
            self.push(&mut batch, stories.story(index), generator);
        }
        batch
    }

    fn push(&self, batch: &mut PackedBatch, story: &[u16], mut generator: ChaCha8Rng) {
        let start = batch.push(story);
        for (offset, &id) in story.iter().enumerate() {
            if self.specials.contains(id) || streams::unit(generator.next_u64()) >= self.probability {
                continue;
            }
            batch.score(start + offset, id);
            match below(&mut generator, 10) {
                0..8 => batch.replace(start + offset, self.specials.mask),
                8 => batch.replace(start + offset, below(&mut generator, u64::from(self.vocabulary)) as u16),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::leak::LeakCheck;

    const SPECIALS: SpecialIds = SpecialIds { pad: 0, start: 1, end: 2, unknown: 3, mask: 999 };
    const MASKING: Masking = Masking { probability: 0.15, vocabulary: 1000, specials: SPECIALS };

    /// `count` stories of 102 tokens, with an unknown token in the middle of each.
    fn stories(count: usize) -> Stories {
        let mut ids = Vec::new();
        for index in 0..count {
            ids.push(1);
            ids.extend((0..100).map(|offset| 4 + ((index * 100 + offset) % 900) as u16));
            ids[index * 102 + 51] = 3;
            ids.push(2);
        }
        Stories::in_memory(ids, (0..=count as u64).map(|index| index * 102).collect())
    }

    fn draws(epoch: u64, stories: std::ops::Range<u32>) -> Vec<Draw> {
        stories.map(|story| Draw { epoch, story }).collect()
    }

    #[test]
    fn the_parts_are_those_of_bert() {
        let stories = stories(2000);
        let batch = MASKING.training(&stories, &draws(0, 0..2000), 0);
        let candidates = 2000.0 * 99.0;
        let scored = batch.scored.len() as f64;
        // 198,000 draws at 0.15: sd 159; five of them.
        assert!((scored - 0.15 * candidates).abs() < 800.0, "{scored}");
        let (mut masked, mut same, mut other, mut special) = (0.0, 0.0, 0.0, 0.0);
        for (&place, &target) in batch.scored.iter().zip(&batch.targets) {
            let original = stories.story(place as usize / 102)[place as usize % 102];
            assert_eq!(i64::from(original), target);
            assert!(!SPECIALS.contains(original));
            match batch.tokens[place as usize] {
                999 => masked += 1.0,
                input if input == target => same += 1.0,
                input => {
                    other += 1.0;
                    special += f64::from(u8::from(input < 4));
                }
            }
        }
        // 29,700 draws: sd of the part of masks 0.0023, of the others 0.0017; five of them.
        assert!((masked / scored - 0.8001).abs() < 0.012, "{masked}");
        assert!((same / scored - 0.1001).abs() < 0.009, "{same}");
        assert!((other / scored - 0.0998).abs() < 0.009, "{other}");
        assert!(special > 0.0, "a replacement may be any id, as in the collator");
    }

    /// The χ² of `degrees` degrees of freedom that chance exceeds once in a million times, within a percent (Wilson and
    /// Hilferty 1931): the deviate of the normal distribution is 4.7534.
    fn one_in_a_million(degrees: f64) -> f64 {
        let part = 2.0 / (9.0 * degrees);
        degrees * (1.0 - part + 4.7534 * part.sqrt()).powi(3)
    }

    fn chi_square(observed: &[f64], expected: &[f64]) -> f64 {
        observed.iter().zip(expected).map(|(observed, expected)| (observed - expected).powi(2) / expected).sum()
    }

    /// Three χ² tests, so that with another seed chance would fail them three times in a million.
    #[test]
    fn choice_and_replacement_are_those_of_the_collator() {
        let stories = stories(4000);
        let batch = MASKING.training(&stories, &draws(0, 0..4000), 0);
        let candidates = 4000.0 * 99.0;
        let mut kinds = [0.0; 4];
        let mut places = [0.0; 102];
        let mut replacements = vec![0.0; 1000];
        for (&place, &target) in batch.scored.iter().zip(&batch.targets) {
            places[place as usize % 102] += 1.0;
            match batch.tokens[place as usize] {
                999 => kinds[0] += 1.0,
                input if input == target => kinds[1] += 1.0,
                input => {
                    kinds[2] += 1.0;
                    replacements[input as usize] += 1.0;
                }
            }
        }
        kinds[3] = candidates - batch.scored.len() as f64;
        // Of the random ids one in a thousand is the mask, and one is the token itself.
        let expected = [0.8001, 0.1001, 0.0998].map(|part| part * 0.15 * candidates);
        let expected = [expected[0], expected[1], expected[2], 0.85 * candidates];
        let found = chi_square(&kinds, &expected);
        assert!(found < one_in_a_million(3.0), "80, 10 and 10 in 100 of 15 in 100: χ² = {found}, {kinds:?}");

        let ordinary: Vec<f64> = (1..101).filter(|place| *place != 51).map(|place| places[place]).collect();
        let found = chi_square(&ordinary, &[batch.scored.len() as f64 / 99.0; 99]);
        assert!(found < one_in_a_million(98.0), "every place alike: χ² = {found}");
        assert!(places[0] + places[51] + places[101] == 0.0, "a special token was chosen");

        replacements.pop();
        let found = chi_square(&replacements, &[kinds[2] / 999.0; 999]);
        assert!(found < one_in_a_million(998.0), "every id alike: χ² = {found}");
    }

    #[test]
    fn what_is_not_scored_is_left_alone() {
        let stories = stories(50);
        let batch = MASKING.training(&stories, &draws(0, 0..50), 0);
        let scored: std::collections::BTreeSet<i64> = batch.scored.iter().copied().collect();
        assert_eq!(scored.len(), batch.scored.len());
        for place in 0..batch.len() {
            if !scored.contains(&(place as i64)) {
                assert_eq!(batch.tokens[place], i64::from(stories.story(place / 102)[place % 102]));
            }
        }
    }

    #[test]
    fn masks_depend_on_seed_epoch_and_story_alone() {
        let stories = stories(20);
        let alone = MASKING.training(&stories, &draws(3, 7..8), 1);
        let together = MASKING.training(&stories, &draws(3, 5..9), 1);
        assert_eq!(alone.tokens, together.tokens[204..306]);
        assert_ne!(alone, MASKING.training(&stories, &draws(4, 7..8), 1));
        assert_ne!(alone, MASKING.training(&stories, &draws(3, 7..8), 2));
        let held_out = MASKING.validation(&stories, 0..20);
        assert_eq!(held_out.tokens[..204], MASKING.validation(&stories, 0..2).tokens);
        assert_ne!(held_out, MASKING.training(&stories, &draws(0, 0..20), 0));
    }

    #[test]
    fn a_story_with_nothing_to_guess_is_still_a_story() {
        let stories = Stories::in_memory(vec![1, 2, 1, 3, 2], vec![0, 2, 5]);
        let batch = MASKING.training(&stories, &draws(0, 0..2), 0);
        assert_eq!((batch.stories(), batch.scored.len()), (2, 0));
        assert_eq!(batch.tokens, [1, 2, 1, 3, 2]);
    }

    #[test]
    fn the_masks_pass_the_guard() {
        let batch = MASKING.training(&stories(500), &draws(0, 0..500), 0);
        let mut check = LeakCheck::default();
        check.observe(&batch).unwrap();
        assert!((check.rate() - 0.1).abs() < 0.03, "{}", check.rate());
    }
}
