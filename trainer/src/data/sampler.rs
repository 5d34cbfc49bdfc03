//! Which stories each optimiser step sees.
//!
//! With [`Batch::Tokens`] a step takes whole stories, in the epoch's order, while they fit the budget; where an epoch
//! ends the step goes on into the next one, so no step is partial and no story is left out.
//!
//! With [`Batch::Stories`] an epoch has ⌊stories / stories per step⌋ steps, and the stories that would make a partial
//! last step sit this epoch out; the next epoch's order brings them back. This is how the Hugging Face `Trainer`
//! counts, so one epoch of 2,119,719 stories at 256 a step is 8,280 steps.

use serde::{Deserialize, Serialize};
use spec::train::{Batch, Length};

use super::error::DataError;
use super::order::permutation;
use super::stories::Stories;

/// Where a run stands in its data: everything before this has been drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The pass over the stories, from 0.
    pub epoch: u64,
    /// The place in the epoch's order of the next story.
    pub position: u64,
}

/// One story of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Draw {
    /// The pass over the stories that it was drawn in: masks depend on it.
    pub epoch: u64,
    /// Its index in [`Stories`].
    pub story: u32,
}

/// Draws the stories of step after step.
#[derive(Debug, Clone)]
pub struct StepSampler {
    stories: Stories,
    batch: Batch,
    seed: u64,
    cursor: Cursor,
    /// The order of the cursor's epoch.
    order: Vec<u32>,
}

impl StepSampler {
    /// A sampler at the start of the run with `seed`.
    ///
    /// # Errors
    /// [`DataError::TooSmall`] when all stories together do not fill one step.
    pub fn new(stories: &Stories, batch: Batch, seed: u64) -> Result<Self, DataError> {
        let (found, needed, unit, setting) = match batch {
            Batch::Tokens(budget) => (stories.tokens(), budget, "tokens", "train.tokens-per-step"),
            Batch::Stories(count) => (stories.len() as u64, count, "stories", "train.stories-per-step"),
        };
        if found < needed.max(1) {
            return Err(DataError::TooSmall { found, needed, unit, setting });
        }
        let order = permutation(seed, 0, stories.len() as u32);
        Ok(Self { stories: stories.clone(), batch, seed, cursor: Cursor::default(), order })
    }

    /// Where the next step starts.
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Goes on from `cursor`, as if every step before it had been drawn here.
    ///
    /// # Errors
    /// [`DataError::ForeignCursor`] when this corpus has no such place.
    pub fn resume(&mut self, cursor: Cursor) -> Result<(), DataError> {
        let stories = self.order.len() as u64;
        if cursor.position > stories {
            return Err(DataError::ForeignCursor { position: cursor.position, stories });
        }
        if cursor.epoch != self.cursor.epoch {
            self.order = permutation(self.seed, cursor.epoch, stories as u32);
        }
        self.cursor = cursor;
        Ok(())
    }

    /// The stories of the next step: at least one.
    pub fn next_step(&mut self) -> Vec<Draw> {
        match self.batch {
            Batch::Stories(count) => self.next_stories(count),
            Batch::Tokens(budget) => self.next_tokens(budget),
        }
    }

    fn next_stories(&mut self, count: u64) -> Vec<Draw> {
        if self.order.len() as u64 - self.cursor.position < count {
            self.start_next_epoch();
        }
        (0..count).map(|_| self.take()).collect()
    }

    fn next_tokens(&mut self, budget: u64) -> Vec<Draw> {
        let mut step = Vec::new();
        let mut tokens = 0;
        loop {
            let next = self.peek();
            tokens += self.stories.length(next.story as usize);
            // A story alone may exceed the budget only if the context does, which the settings forbid; it is taken all
            // the same, so that a step is never empty.
            if tokens > budget && !step.is_empty() {
                return step;
            }
            step.push(self.take());
        }
    }

    fn peek(&mut self) -> Draw {
        if self.cursor.position == self.order.len() as u64 {
            self.start_next_epoch();
        }
        Draw { epoch: self.cursor.epoch, story: self.order[self.cursor.position as usize] }
    }

    fn take(&mut self) -> Draw {
        let draw = self.peek();
        self.cursor.position += 1;
        draw
    }

    fn start_next_epoch(&mut self) {
        self.cursor = Cursor { epoch: self.cursor.epoch + 1, position: 0 };
        self.order = permutation(self.seed, self.cursor.epoch, self.order.len() as u32);
    }

    /// The number of optimiser steps of a run of this length; at least 1.
    ///
    /// Epochs of whole stories count as in the Hugging Face `Trainer`: ⌈epochs × ⌊stories / stories per step⌋⌉. With a
    /// token budget they are the steps that end within the first ⌈epochs × stories⌉ draws, counted by walking the
    /// orders of this seed, so the number can differ by a few between seeds.
    pub fn steps_in(&self, length: Length) -> u64 {
        let stories = self.order.len() as u64;
        match (length, self.batch) {
            (Length::Steps(steps), _) => steps.max(1),
            (Length::Epochs(epochs), Batch::Stories(count)) => scaled(epochs, stories / count.max(1)).max(1),
            (Length::Epochs(epochs), Batch::Tokens(_)) => self.steps_within(scaled(epochs, stories)).max(1),
        }
    }

    /// How many steps end within the first `draws` draws of the run.
    fn steps_within(&self, draws: u64) -> u64 {
        let stories = self.order.len() as u64;
        let order = permutation(self.seed, 0, stories as u32);
        let mut walker = Self { cursor: Cursor::default(), order, ..self.clone() };
        let mut steps = 0;
        loop {
            walker.next_step();
            if walker.cursor.epoch * stories + walker.cursor.position > draws {
                return steps;
            }
            steps += 1;
        }
    }
}

/// ⌈`epochs` × `count`⌉.
fn scaled(epochs: f64, count: u64) -> u64 {
    (epochs * count as f64).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stories of the given lengths.
    fn stories(lengths: &[u64]) -> Stories {
        let mut bounds = vec![0];
        for length in lengths {
            bounds.push(bounds[bounds.len() - 1] + length);
        }
        Stories::in_memory(vec![5; bounds[lengths.len()] as usize], bounds)
    }

    fn varied(count: u64) -> Stories {
        stories(&(0..count).map(|index| 3 + index * 7 % 30).collect::<Vec<_>>())
    }

    fn tokens(stories: &Stories, step: &[Draw]) -> u64 {
        step.iter().map(|draw| stories.length(draw.story as usize)).sum()
    }

    #[test]
    fn the_studys_epoch_has_8280_steps() {
        let sampler = StepSampler::new(&stories(&vec![1; 2_119_719]), Batch::Stories(256), 0).unwrap();
        assert_eq!(sampler.steps_in(Length::Epochs(1.0)), 8280);
        assert_eq!(sampler.steps_in(Length::Epochs(0.5)), 4140);
        assert_eq!(sampler.steps_in(Length::Epochs(0.0001)), 1);
        assert_eq!(sampler.steps_in(Length::Steps(7)), 7);
    }

    #[test]
    fn steps_of_stories_never_cross_an_epoch() {
        let mut sampler = StepSampler::new(&varied(10), Batch::Stories(4), 1).unwrap();
        for epoch in 0..5 {
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..2 {
                let step = sampler.next_step();
                assert_eq!(step.len(), 4);
                for draw in step {
                    assert_eq!(draw.epoch, epoch);
                    assert!(seen.insert(draw.story));
                }
            }
        }
    }

    #[test]
    fn steps_of_tokens_fill_their_budget_and_flow_across_epochs() {
        let stories = varied(50);
        let mut sampler = StepSampler::new(&stories, Batch::Tokens(100), 1).unwrap();
        let steps: Vec<Vec<Draw>> = (0..40).map(|_| sampler.next_step()).collect();
        let mut draws = Vec::new();
        for (step, next) in steps.iter().zip(&steps[1..]) {
            assert!(tokens(&stories, step) <= 100);
            assert!(
                tokens(&stories, step) + stories.length(next[0].story as usize) > 100,
                "one more would have fitted"
            );
            draws.extend_from_slice(step);
        }
        for epoch in 0..3 {
            let order: Vec<u32> = draws.iter().filter(|draw| draw.epoch == epoch).map(|draw| draw.story).collect();
            assert_eq!(order, permutation(1, epoch, 50), "every story once, in order");
        }
    }

    #[test]
    fn epochs_of_a_token_budget_end_with_the_last_whole_step() {
        let equal = stories(&[10; 12]);
        let steps = |budget, epochs| {
            StepSampler::new(&equal, Batch::Tokens(budget), 0).unwrap().steps_in(Length::Epochs(epochs))
        };
        assert_eq!(steps(30, 1.0), 4, "four steps of three stories");
        assert_eq!(steps(59, 1.0), 2, "two steps of five; the third would reach into the next epoch");
        assert_eq!(steps(59, 2.0), 4, "and there it is whole");
        assert_eq!(steps(30, 0.5), 2);
        assert_eq!(steps(120, 0.01), 1, "never none");

        let stories = varied(200);
        let mut sampler = StepSampler::new(&stories, Batch::Tokens(77), 3).unwrap();
        let counted = sampler.steps_in(Length::Epochs(2.7));
        sampler.next_step();
        assert_eq!(sampler.steps_in(Length::Epochs(2.7)), counted, "wherever the sampler stands");
        for _ in 1..counted {
            sampler.next_step();
        }
        let drawn = |cursor: Cursor| cursor.epoch * 200 + cursor.position;
        assert!(drawn(sampler.cursor()) <= 540);
        sampler.next_step();
        assert!(drawn(sampler.cursor()) > 540);
    }

    #[test]
    fn any_step_resumes_exactly() {
        for batch in [Batch::Tokens(90), Batch::Stories(7)] {
            let stories = varied(40);
            let mut sampler = StepSampler::new(&stories, batch, 5).unwrap();
            let mut past = Vec::new();
            for _ in 0..60 {
                past.push((sampler.cursor(), sampler.next_step()));
            }
            let mut other = StepSampler::new(&stories, batch, 5).unwrap();
            for (cursor, step) in past.into_iter().rev() {
                let text = serde_json::to_string(&cursor).unwrap();
                other.resume(serde_json::from_str(&text).unwrap()).unwrap();
                assert_eq!(other.next_step(), step, "{text}");
            }
        }
    }

    #[test]
    fn a_corpus_too_small_for_a_step_and_a_foreign_cursor_are_refused() {
        let error = |batch| StepSampler::new(&varied(10), batch, 0).unwrap_err().to_string();
        insta::assert_snapshot!(error(Batch::Stories(11)), @"the training stories hold 10 stories, too few for one step of 11 (train.stories-per-step)");
        insta::assert_snapshot!(error(Batch::Tokens(1000)), @"the training stories hold 165 tokens, too few for one step of 1000 (train.tokens-per-step)");
        assert!(StepSampler::new(&stories(&[]), Batch::Stories(0), 0).is_err());
        let mut sampler = StepSampler::new(&varied(10), Batch::Stories(2), 0).unwrap();
        let error = sampler.resume(Cursor { epoch: 0, position: 11 }).unwrap_err();
        assert!(matches!(error, DataError::ForeignCursor { position: 11, stories: 10 }));
    }
}
