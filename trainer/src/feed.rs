//! The batches of a step, made a step ahead on a thread of their own, while the device computes.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use spec::train::Averaging;

use crate::data::batch::micro_batches;
use crate::data::{Cursor, Draw, PackedBatch, StepSampler, Stories};
use crate::evaluate::objective::Objective;

/// How the stories of a step become batches.
#[derive(Debug, Clone)]
pub struct Packer {
    /// The training stories.
    pub stories: Stories,
    /// What the model is asked about them.
    pub objective: Objective,
    /// The run's seed, which masks depend on.
    pub seed: u64,
    /// What the loss of a step is the mean of.
    pub averaging: Averaging,
    /// Most tokens in one forward pass.
    pub micro_batch_tokens: u64,
}

/// What the network is given in one optimiser step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepBatches {
    /// The parts of a step whose means are averaged, each as its forward passes.
    pub means: Vec<Vec<PackedBatch>>,
    /// Where the step after this one starts.
    pub next: Cursor,
}

impl StepBatches {
    /// Tokens that pass.
    pub fn tokens(&self) -> u64 {
        self.means.iter().flatten().map(|batch| batch.len() as u64).sum()
    }
}

impl Packer {
    /// The batches of a step that sees these stories, each part of it as its forward passes.
    pub fn pack(&self, draws: &[Draw]) -> Vec<Vec<PackedBatch>> {
        let parts: Vec<&[Draw]> = match self.averaging {
            Averaging::Tokens => vec![draws],
            Averaging::MicroBatches { stories } => {
                draws.chunks(usize::try_from(stories).unwrap_or(usize::MAX)).collect()
            }
        };
        parts.into_iter().map(|part| self.passes(part)).collect()
    }

    fn passes(&self, draws: &[Draw]) -> Vec<PackedBatch> {
        let parts = micro_batches(&self.stories, draws, self.micro_batch_tokens);
        parts.into_iter().map(|part| self.objective.training(self.seed, &self.stories, part)).collect()
    }
}

/// Step after step from a sampler's place on.
#[derive(Debug)]
pub struct Feed {
    ready: Receiver<StepBatches>,
}

impl Feed {
    /// Starts making batches. The thread ends with the feed.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(packer: Packer, mut sampler: StepSampler) -> std::io::Result<Self> {
        // One is ready while the next is being made: more would only take memory.
        let (sender, ready) = sync_channel(1);
        thread::Builder::new().name("batches".to_owned()).spawn(move || {
            loop {
                let draws = sampler.next_step();
                let step = StepBatches { means: packer.pack(&draws), next: sampler.cursor() };
                if sender.send(step).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { ready })
    }

    /// The batches of the next step.
    ///
    /// # Panics
    /// When the thread did, which has printed why.
    pub fn next_step(&self) -> StepBatches {
        self.ready.recv().expect("invariant: the thread makes batches for as long as somebody asks")
    }
}

#[cfg(test)]
mod tests {
    use spec::train::Batch;

    use super::*;

    #[test]
    fn a_feed_gives_what_its_sampler_would_draw_and_where_the_next_step_starts() {
        let stories = Stories::in_memory((0..40).collect(), vec![0, 3, 9, 14, 20, 27, 33, 40]);
        let sampler = StepSampler::new(&stories, Batch::Stories(3), 7).unwrap();
        for averaging in [Averaging::Tokens, Averaging::MicroBatches { stories: 2 }] {
            let packer = Packer {
                stories: stories.clone(),
                objective: Objective::NextToken,
                seed: 7,
                averaging,
                micro_batch_tokens: 12,
            };
            let feed = Feed::start(packer.clone(), sampler.clone()).unwrap();
            let mut by_hand = sampler.clone();
            // Over the end of an epoch.
            for _ in 0..5 {
                let means = packer.pack(&by_hand.next_step());
                let expected = StepBatches { means, next: by_hand.cursor() };
                assert_eq!(feed.next_step(), expected);
                assert_eq!(expected.means.len(), if averaging == Averaging::Tokens { 1 } else { 2 });
                assert!(expected.means.iter().flatten().all(|batch| batch.len() <= 12));
            }
        }
    }
}
