//! AdamW over the flat buffers: one norm, one clip, two fused updates, whatever the number of parameters.

use native::{AdamWBuffers, AdamWStep, TorchError};
use spec::train::{AdamW, TrainSpec};
use tch::{Kind, Tensor};

use crate::parameters::Parameters;

/// The optimiser and its state.
#[derive(Debug)]
pub struct Optimizer {
    settings: AdamW,
    clip: Option<f64>,
    first_moment: Tensor,
    second_moment: Tensor,
}

impl Optimizer {
    /// A fresh optimiser for `parameters`: both moments zero.
    pub fn new(train: &TrainSpec, parameters: &Parameters) -> Self {
        Self {
            settings: train.optimizer,
            clip: train.clip,
            first_moment: parameters.weights().zeros_like(),
            second_moment: parameters.weights().zeros_like(),
        }
    }

    /// The running means of gradient and squared gradient, in the layout of the parameters: the state to be saved.
    pub fn moments(&self) -> (&Tensor, &Tensor) {
        (&self.first_moment, &self.second_moment)
    }

    /// Takes optimiser step `step` (from 0) and returns the gradient's norm before clipping.
    ///
    /// The gradient is scaled by min(1, clip/(norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_` does.
    ///
    /// # Errors
    /// When the fused update fails.
    pub fn step(&mut self, parameters: &Parameters, learning_rate: f64, step: u64) -> Result<f64, TorchError> {
        let norm = parameters.gradients().norm();
        if let Some(clip) = self.clip {
            let factor = ((&norm + 1e-6).reciprocal() * clip).clamp_max(1.0);
            let _ = parameters.gradients().shallow_clone().g_mul_(&factor);
        }
        // Adam's bias correction counts steps from one.
        let count = Tensor::full([], (step + 1) as f64, (Kind::Float, parameters.weights().device()));
        let decayed = parameters.decayed();
        let rest = parameters.size() - decayed;
        for (start, length, weight_decay) in [(0, decayed, self.settings.weight_decay), (decayed, rest, 0.0)] {
            if length == 0 {
                continue;
            }
            let part = |flat: &Tensor| flat.narrow(0, start, length);
            let update = AdamWStep {
                learning_rate,
                beta1: self.settings.beta1,
                beta2: self.settings.beta2,
                epsilon: self.settings.epsilon,
                weight_decay,
            };
            let buffers = AdamWBuffers {
                parameters: &part(parameters.weights()),
                gradients: &part(parameters.gradients()),
                first_moments: &part(&self.first_moment),
                second_moments: &part(&self.second_moment),
                step: &count,
            };
            native::fused_adamw(&buffers, &update)?;
        }
        Ok(norm.double_value(&[]))
    }
}
