//! One optimiser step: its stories become micro-batches, each passes forward and backward, then the weights move.

use native::stopwatch::{self, Phase};
use spec::RunSpec;
use spec::train::Averaging;
use tch::{Device, Tensor};

use crate::data::{DataError, LeakCheck, PackedBatch, Prepared};
use crate::evaluate::objective::Objective;
use crate::feed::Packer;
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
}

impl Workbench<'_> {
    /// How its steps become batches.
    pub fn packer(&self) -> Packer {
        Packer {
            stories: self.data.training.clone(),
            objective: self.objective,
            seed: self.run.seed,
            averaging: self.averaging,
            micro_batch_tokens: self.micro_batch_tokens,
        }
    }

    /// Takes step `step` (from 0) with these batches.
    ///
    /// The loss of a step is the mean over all its scored positions, however they fall into forward passes; or it is the mean
    /// of as many means as it has micro-batches, each over its own positions.
    ///
    /// # Errors
    /// When the labels of a masked-language run leak, or the update fails.
    pub fn step(
        &self,
        optimizer: &mut Optimizer,
        leaks: &mut LeakCheck,
        means: &[Vec<PackedBatch>],
        step: u64,
        learning_rate: f64,
    ) -> Result<Seen, StepError> {
        stopwatch::enter(Phase::Optimizer);
        self.parameters.clear_gradients();
        stopwatch::enter(Phase::Data);
        let (mut losses_of_means, mut passes) = (Vec::new(), 0);
        for batches in means {
            // Where nothing happens to be masked there is nothing to learn from; it then counts as one position of loss 0.
            let scored = batches.iter().map(|batch| batch.scored.len()).sum::<usize>().max(1);
            let mut losses = Vec::new();
            for (index, batch) in (passes..).zip(batches).filter(|(_, batch)| !batch.scored.is_empty()) {
                if let Objective::Masked(_) = self.objective {
                    leaks.observe(batch)?;
                }
                let packed = Packed::new(&batch.view(), self.device);
                let loss = self.model.loss(&packed, Dropout::at(self.run.seed, step, index));
                (&loss / (scored * means.len()) as f64).backward();
                losses.push(loss);
                stopwatch::enter(Phase::Data);
            }
            passes += batches.len() as u64;
            losses_of_means.push((losses, scored));
        }
        stopwatch::enter(Phase::Optimizer);
        let gradient_norm = optimizer.step(&self.parameters, learning_rate, step)?;
        stopwatch::enter(Phase::Data);
        // Read last: a GPU is handed all of a step before anything waits for it.
        let mean = |(losses, scored): &(Vec<Tensor>, usize)| {
            losses.iter().map(|loss| loss.double_value(&[])).sum::<f64>() / *scored as f64
        };
        let loss = losses_of_means.iter().map(mean).sum::<f64>() / means.len() as f64;
        let tokens = means.iter().flatten().map(|batch| batch.len() as u64).sum();
        Ok(Seen { loss, gradient_norm, tokens })
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
