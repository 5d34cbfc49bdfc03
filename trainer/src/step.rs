//! One optimiser step: its stories become micro-batches, each passes forward and backward, then the weights move.

use native::stopwatch::{self, Phase};
use spec::RunSpec;
use spec::train::Averaging;
use tch::{Device, Tensor};

use crate::collective::{CollectiveError, GradientSums, Team};
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
    /// The ranks that share its steps.
    pub team: Team,
    /// How they sum their gradients.
    pub sums: GradientSums,
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

/// The passes of a step, as far as they are this rank's.
#[derive(Debug, Default)]
struct Passes {
    /// The sum of the losses of each.
    losses: Vec<Option<Tensor>>,
    /// By mean, where its passes end and what their sum is divided by.
    means: Vec<(usize, f64)>,
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
    /// The loss of a step is the mean over all its scored positions, however they fall into forward passes; or it is
    /// the mean of as many means as it has micro-batches, each over its own positions.
    ///
    /// Several ranks deal the step's forward passes out in turn. Each pass is the one that a single rank would make,
    /// with the same stories, masks, dropout and divisor; only the order in which gradients are added differs. The sums
    /// over the ranks begin while a rank's last backward pass goes on.
    ///
    /// # Errors
    /// When the labels of a masked-language run leak, the update fails or another rank is gone.
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
        let on = (&self.team, self.parameters.gradients());
        let passes = self.sums.during(on, || self.passes(leaks, means, step))?;
        stopwatch::enter(Phase::Optimizer);
        let gradient_norm = optimizer.step(&self.parameters, learning_rate, step)?;
        stopwatch::enter(Phase::Data);
        // Read last: a rank alone hands its GPU all of a step before anything waits for it.
        let mut totals: Vec<f64> =
            passes.losses.iter().map(|loss| loss.as_ref().map_or(0.0, |loss| loss.double_value(&[]))).collect();
        if self.team.world() > 1 {
            self.team.fill_in(&mut totals)?;
        }
        let (mut sum_of_means, mut begin) = (0.0, 0);
        for (end, scored) in passes.means {
            sum_of_means += totals[begin..end].iter().sum::<f64>() / scored;
            begin = end;
        }
        let tokens = means.iter().flatten().map(|batch| batch.len() as u64).sum();
        Ok(Seen { loss: sum_of_means / means.len() as f64, gradient_norm, tokens })
    }

    /// Makes the passes of a step that are this rank's.
    fn passes(&self, leaks: &mut LeakCheck, means: &[Vec<PackedBatch>], step: u64) -> Result<Passes, StepError> {
        let batches = means.iter().flatten().enumerate();
        let is_own: Vec<bool> =
            batches.map(|(index, batch)| self.team.owns(index as u64) && !batch.scored.is_empty()).collect();
        let last = is_own.iter().rposition(|is_own| *is_own);
        let mut passes = Passes::default();
        for batches in means {
            // Where nothing happens to be masked there is nothing to learn from; it then counts as one position of loss
            // 0.
            let scored = batches.iter().map(|batch| batch.scored.len()).sum::<usize>().max(1);
            for batch in batches {
                let index = passes.losses.len();
                if last == Some(index) {
                    self.sums.last_pass();
                }
                passes.losses.push(if is_own[index] {
                    Some(self.pass(leaks, batch, (step, index as u64), scored * means.len())?)
                } else {
                    None
                });
            }
            passes.means.push((passes.losses.len(), scored as f64));
        }
        Ok(passes)
    }

    /// One pass forward and backward; the sum of its losses, whose gradients are divided by `divisor`.
    fn pass(
        &self,
        leaks: &mut LeakCheck,
        batch: &PackedBatch,
        (step, index): (u64, u64),
        divisor: usize,
    ) -> Result<Tensor, StepError> {
        if let Objective::Masked(_) = self.objective {
            leaks.observe(batch)?;
        }
        let packed = Packed::new(&batch.view(), self.device);
        let loss = self.model.loss(&packed, Dropout::at(self.run.seed, step, index));
        (&loss / divisor as f64).backward();
        stopwatch::enter(Phase::Data);
        Ok(loss)
    }
}

#[cfg(test)]
#[path = "step_tests.rs"]
mod tests;
