//! One optimiser step: its stories become micro-batches, each passes forward and backward, then the weights move.

use native::stopwatch::{self, Phase};
use spec::RunSpec;
use spec::train::Averaging;
use tch::Device;

use crate::collective::{CollectiveError, Team};
use crate::data::batch::micro_batches;
use crate::data::{DataError, Draw, LeakCheck, PackedBatch, Prepared};
use crate::evaluate::objective::Objective;
use crate::model::{Model, Packed};
use crate::optimizer::Optimizer;
use crate::parameters::Parameters;
use crate::streams::Dropout;

/// What training works on.
#[derive(Debug)]
pub struct Workbench<'a> {
    /// The run.
    pub run: &'a RunSpec,
    /// Its text.
    pub data: &'a Prepared,
    /// Most tokens in one forward pass.
    pub micro_batch_tokens: u64,
    /// What the loss of a step is the mean of.
    pub averaging: Averaging,
    /// What the model is asked.
    pub objective: Objective,
    /// Where it computes.
    pub device: Device,
    /// The network.
    pub model: Model,
    /// Its parameters.
    pub parameters: Parameters,
    /// The ranks that share its steps.
    pub team: Team,
}

/// What a step saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    /// Mean loss over the scored positions, in nats per token; or the mean of the means of micro-batches.
    pub loss: f64,
    /// Norm of the gradient before clipping.
    pub gradient_norm: f64,
    /// Tokens that passed.
    pub tokens: u64,
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The data is not what it says.
    #[error(transparent)]
    Data(#[from] DataError),
    /// libtorch refused the update.
    #[error("cannot update the weights")]
    Update(#[from] native::TorchError),
    /// Another rank is gone, or something is wrong between them.
    #[error(transparent)]
    Collective(#[from] CollectiveError),
}

impl Workbench<'_> {
    /// Takes step `step` (from 0) with the stories of `draws`.
    ///
    /// The loss of a step is the mean over all its scored positions, however they fall into forward passes; or it is the mean
    /// of as many means as it has micro-batches, each over its own positions.
    ///
    /// Several ranks deal the step's forward passes out in turn. Each pass is the one that a single rank would make, with the same
    /// stories, masks, dropout and divisor; only the order in which gradients are added differs. The gradients are summed after the
    /// last backward pass, all at once: libtorch tells nobody outside of C++ when a single one is ready, and while a rank has
    /// several passes to make nothing is ready before the last.
    ///
    /// # Errors
    /// When the labels of a masked-language run leak, the update fails or another rank is gone.
    pub fn step(
        &self,
        optimizer: &mut Optimizer,
        leaks: &mut LeakCheck,
        draws: &[Draw],
        step: u64,
        learning_rate: f64,
    ) -> Result<Seen, StepError> {
        let means = self.means(draws);
        stopwatch::enter(Phase::Optimizer);
        self.parameters.clear_gradients();
        stopwatch::enter(Phase::Data);
        // The sum of the losses of each forward pass; by mean, where its passes end and what their sum is divided by.
        let (mut totals, mut parts) = (Vec::new(), Vec::new());
        let mut tokens = 0;
        for draws in &means {
            let batches = self.batches(draws);
            // Where nothing happens to be masked there is nothing to learn from; it then counts as one position of loss 0.
            let scored = batches.iter().map(|batch| batch.scored.len()).sum::<usize>().max(1);
            for batch in &batches {
                let index = totals.len() as u64;
                let is_own = self.team.owns(index) && !batch.scored.is_empty();
                totals.push(if is_own { self.pass(leaks, batch, (step, index), scored * means.len())? } else { 0.0 });
                tokens += batch.len() as u64;
            }
            parts.push((totals.len(), scored as f64));
        }
        if self.team.world() > 1 {
            self.team.sum(&mut self.parameters.gradients().shallow_clone())?;
            self.team.fill_in(&mut totals)?;
        }
        stopwatch::enter(Phase::Optimizer);
        let gradient_norm = optimizer.step(&self.parameters, learning_rate, step)?;
        stopwatch::enter(Phase::Data);
        let (mut sum_of_means, mut begin) = (0.0, 0);
        for (end, scored) in parts {
            sum_of_means += totals[begin..end].iter().sum::<f64>() / scored;
            begin = end;
        }
        Ok(Seen { loss: sum_of_means / means.len() as f64, gradient_norm, tokens })
    }

    /// One pass forward and backward; the sum of its losses, whose gradients are divided by `divisor`.
    fn pass(
        &self,
        leaks: &mut LeakCheck,
        batch: &PackedBatch,
        (step, index): (u64, u64),
        divisor: usize,
    ) -> Result<f64, StepError> {
        if let Objective::Masked(_) = self.objective {
            leaks.observe(batch)?;
        }
        let packed = Packed::new(&batch.view(), self.device);
        let loss = self.model.loss(&packed, Dropout::at(self.run.seed, step, index));
        (&loss / divisor as f64).backward();
        let total = loss.double_value(&[]);
        stopwatch::enter(Phase::Data);
        Ok(total)
    }

    /// The parts of a step whose means are averaged.
    fn means<'a>(&self, draws: &'a [Draw]) -> Vec<&'a [Draw]> {
        match self.averaging {
            Averaging::Tokens => vec![draws],
            Averaging::MicroBatches { stories } => {
                draws.chunks(usize::try_from(stories).unwrap_or(usize::MAX)).collect()
            }
        }
    }

    fn batches(&self, draws: &[Draw]) -> Vec<PackedBatch> {
        let stories = &self.data.training;
        micro_batches(stories, draws, self.micro_batch_tokens)
            .into_iter()
            .map(|part| self.objective.training(self.run, stories, part))
            .collect()
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
