//! AdamW over the flat buffers: one norm, one clip, two fused updates, whatever the number of parameters.

use native::{AdamWBuffers, AdamWStep, TorchError};
use spec::train::{AdamW, TrainSpec};
use tch::{Kind, Tensor};

use crate::parameters::Parameters;

/// Entries whose squares are summed in single precision, before double precision takes over.
const NORM_CHUNK: i64 = 1024;

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
    /// The gradient is scaled by min(1, clip/(norm + 1e-6)), as `torch.nn.utils.clip_grad_norm_` does. Its norm is
    /// right to 1e-6 whatever the number of entries, and the same for any number of threads.
    ///
    /// # Errors
    /// When the fused update fails.
    pub fn step(&mut self, parameters: &Parameters, learning_rate: f64, step: u64) -> Result<f64, TorchError> {
        let norm = norm(parameters.gradients());
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

/// √(Σ x²) of a flat fp32 tensor, as a double-precision scalar: the norm of the norms of its chunks.
///
/// One sum over all entries in single precision is wrong by 5e-4 at ten million of them, since each square is rounded
/// to the grain of a sum that has grown large.
fn norm(flat: &Tensor) -> Tensor {
    let whole = flat.size()[0] / NORM_CHUNK * NORM_CHUNK;
    let chunks = flat.narrow(0, 0, whole).view([whole / NORM_CHUNK, NORM_CHUNK]).norm_scalaropt_dim(2, 1, false);
    let rest = flat.narrow(0, whole, flat.size()[0] - whole).norm_scalaropt_dim(2, 0, true);
    Tensor::cat(&[chunks, rest], 0).to_kind(Kind::Double).norm()
}

#[cfg(test)]
mod tests {
    use spec::train::{Averaging, Batch, Length, Precision, Schedule, ScheduleShape};
    use tch::Device;

    use super::*;
    use crate::parameters::{Declaration, Start};

    fn train(clip: Option<f64>, weight_decay: f64) -> TrainSpec {
        TrainSpec {
            length: Length::Steps(1),
            batch: Batch::Stories(1),
            micro_batch_tokens: 64,
            averaging: Averaging::Tokens,
            schedule: Schedule { peak: 0.1, warmup_steps: 0, shape: ScheduleShape::Constant, final_fraction: 1.0 },
            optimizer: AdamW { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay },
            clip,
            precision: Precision::Fp32,
            mask_probability: None,
        }
    }

    /// Two decaying and two other parameters of value 1 each, with gradients 3, 4, 0, 0.
    fn parameters() -> Parameters {
        let declaration = |name: &str, decays: bool| Declaration {
            name: name.to_owned(),
            shape: vec![2],
            start: Start::Constant(1.0),
            decays,
        };
        let declarations = vec![declaration("bias", false), declaration("weight", true)];
        let parameters = Parameters::new(declarations, 0, Device::Cpu).unwrap();
        parameters.gradients().shallow_clone().copy_(&Tensor::from_slice(&[3.0_f32, 4.0, 0.0, 0.0]));
        parameters
    }

    fn numbers(tensor: &Tensor) -> Vec<f64> {
        Vec::try_from(tensor.to_kind(Kind::Double)).unwrap()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        let far = found.iter().zip(expected).map(|(found, expected)| (found - expected).abs()).fold(0.0, f64::max);
        assert!(found.len() == expected.len() && far < 1e-6, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn the_norm_is_that_before_clipping_and_the_gradient_that_after() {
        // torch.nn.utils.clip_grad_norm_ gives norm 5 and gradients 3/5, 4/5 for a bound of 1, and leaves them for one
        // of 10.
        for (clip, expected) in
            [(Some(1.0), [0.6, 0.8, 0.0, 0.0]), (Some(10.0), [3.0, 4.0, 0.0, 0.0]), (None, [3.0, 4.0, 0.0, 0.0])]
        {
            let parameters = parameters();
            let norm = Optimizer::new(&train(clip, 0.0), &parameters).step(&parameters, 0.1, 0).unwrap();
            assert_close(&[norm], &[5.0]);
            assert_close(&numbers(parameters.gradients()), &expected);
        }
    }

    #[test]
    fn the_norm_of_ten_million_entries_is_that_in_double_precision() {
        for size in [1, 1023, 1024, 1025, 9_585_664] {
            // From 1e-3 to 2e-3, so that no sum can hide behind zeros.
            let entries = (Tensor::arange(size, (Kind::Double, Device::Cpu)) * 0.618_033_988_749_895).frac();
            let entries = ((entries + 1.0) * 1e-3).to_kind(Kind::Float);
            let exact = entries.to_kind(Kind::Double).square().sum(Kind::Double).sqrt().double_value(&[]);
            let found = norm(&entries).double_value(&[]);
            assert!((found / exact - 1.0).abs() < 1e-6, "{size} entries: {found}, exactly {exact}");
        }
    }

    #[test]
    fn only_what_decays_decays() {
        let parameters = parameters();
        parameters.clear_gradients();
        Optimizer::new(&train(None, 0.5), &parameters).step(&parameters, 0.1, 0).unwrap();
        // Without a gradient AdamW leaves θ(1 − ηλ) = 0.95 of a decaying parameter, and all of another.
        assert_close(&numbers(&parameters.leaf("weight").detach()), &[0.95, 0.95]);
        assert_close(&numbers(&parameters.leaf("bias").detach()), &[1.0, 1.0]);
    }

    #[test]
    fn the_first_step_is_the_learning_rate_long() {
        let parameters = parameters();
        Optimizer::new(&train(None, 0.0), &parameters).step(&parameters, 0.1, 0).unwrap();
        // Bias correction makes the first update η·g/|g|; a count from 0 would divide by zero.
        assert_close(&numbers(&parameters.leaf("weight").detach()), &[0.9, 0.9]);
    }
}
