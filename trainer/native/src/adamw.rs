//! AdamW in one pass over flat buffers.

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// What an update of AdamW reads and writes: contiguous tensors of one shape, kind and device.
///
/// Views into larger buffers serve too, so that a part without weight decay is updated on its own.
#[derive(Debug)]
pub struct AdamWBuffers<'a> {
    /// The weights θ. Written.
    pub parameters: &'a Tensor,
    /// Their gradients g.
    pub gradients: &'a Tensor,
    /// The running mean m of g. Written.
    pub first_moments: &'a Tensor,
    /// The running mean v of g². Written.
    pub second_moments: &'a Tensor,
    /// The number t of this update, from 1: one float32 on the device of the others.
    pub step: &'a Tensor,
}

/// The constants of an update of AdamW.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// η, of this step.
    pub learning_rate: f64,
    /// β₁ in [0, 1).
    pub beta1: f64,
    /// β₂ in [0, 1).
    pub beta2: f64,
    /// ε > 0, added to √v̂.
    pub epsilon: f64,
    /// λ ≥ 0, decoupled from the gradient.
    pub weight_decay: f64,
}

/// One update of AdamW (Loshchilov & Hutter 2019, algorithm 2, with λ scaled by η as in PyTorch):
///
/// θ ← θ − ηλθ; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; θ ← θ − η · m/(1−β₁ᵗ) / (√(v/(1−β₂ᵗ)) + ε).
///
/// # Errors
///
/// When the buffers differ in shape, kind or device, or are not contiguous, or the step is not one float32.
pub fn fused_adamw(buffers: &AdamWBuffers<'_>, step: &AdamWStep) -> Result<(), TorchError> {
    // SAFETY: all pointers are valid for the call, and the shim keeps none. That tensors are written through shared
    // references is libtorch's view of a tensor: a handle to shared memory, as in every in-place operation of tch.
    unsafe {
        shim::check(shim::seedbed_fused_adamw(
            buffers.parameters.as_ptr(),
            buffers.gradients.as_ptr(),
            buffers.first_moments.as_ptr(),
            buffers.second_moments.as_ptr(),
            buffers.step.as_ptr(),
            step.learning_rate,
            step.beta1,
            step.beta2,
            step.epsilon,
            step.weight_decay,
        ))
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "small whole numbers are exact")]
mod tests {
    use super::*;
    use crate::testing::has_packed_maps;
    use tch::{Device, Kind};

    const STEP: AdamWStep =
        AdamWStep { learning_rate: 1e-2, beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weight_decay: 0.1 };

    /// Entries of no special form, among them zero, for more than one vector register and a tail.
    fn entries(length: usize, scale: f64, shift: f64) -> Vec<f64> {
        (0..length).map(|index| scale * (index as f64 * 0.7 + shift).sin() * f64::from(index as u32 % 7)).collect()
    }

    fn tensor(values: &[f64]) -> Tensor {
        Tensor::from_slice(values).to_kind(Kind::Float)
    }

    /// The formula of [`fused_adamw`] in double precision.
    fn reference(weights: &mut [f64], moments: &mut [(f64, f64)], gradients: &[f64], number: i32) {
        for ((weight, (first, second)), gradient) in weights.iter_mut().zip(moments).zip(gradients) {
            *weight -= STEP.learning_rate * STEP.weight_decay * *weight;
            *first = STEP.beta1 * *first + (1.0 - STEP.beta1) * gradient;
            *second = STEP.beta2 * *second + (1.0 - STEP.beta2) * gradient * gradient;
            let mean = *first / (1.0 - STEP.beta1.powi(number));
            let square = *second / (1.0 - STEP.beta2.powi(number));
            *weight -= STEP.learning_rate * mean / (square.sqrt() + STEP.epsilon);
        }
    }

    #[test]
    fn three_steps_agree_with_double_precision() {
        // More than a thread takes at once.
        const LENGTH: usize = 20_003;
        let mut weights = entries(LENGTH, 0.3, 0.1);
        let mut moments = vec![(0.0, 0.0); LENGTH];
        let parameters = tensor(&weights);
        let (first, second) = (parameters.zeros_like(), parameters.zeros_like());
        for number in 1..=3 {
            let gradients = entries(LENGTH, 0.01, f64::from(number));
            reference(&mut weights, &mut moments, &gradients, number);
            let buffers = AdamWBuffers {
                parameters: &parameters,
                gradients: &tensor(&gradients),
                first_moments: &first,
                second_moments: &second,
                step: &Tensor::from(number as f32),
            };
            fused_adamw(&buffers, &STEP).unwrap();
        }
        let difference = |ours: &Tensor, theirs: Vec<f64>| {
            (ours.to_kind(Kind::Double) - Tensor::from_slice(&theirs)).abs().max().double_value(&[])
        };
        // Single precision: weights up to 2, moments up to 0.06 and 0.004, a few roundings each.
        assert!(difference(&parameters, weights) < 1e-6);
        assert!(difference(&first, moments.iter().map(|pair| pair.0).collect()) < 1e-8);
        assert!(difference(&second, moments.iter().map(|pair| pair.1).collect()) < 1e-9);
    }

    #[test]
    fn a_map_sees_the_update_of_its_weight() {
        if !has_packed_maps() {
            return;
        }
        let flat = Tensor::ones([8], (Kind::Float, Device::Cpu));
        let weight = flat.narrow(0, 0, 6).view([3, 2]).detach().set_requires_grad(true);
        let map = crate::PackedMap::default();
        let value = || map.apply(&Tensor::ones([1, 2], (Kind::Float, Device::Cpu)), &[&weight], &[]).unwrap();
        assert_eq!(value().double_value(&[0, 0]), 2.0);
        let part = flat.narrow(0, 0, 6);
        let (gradients, first, second) = (part.ones_like(), part.zeros_like(), part.zeros_like());
        let buffers = AdamWBuffers {
            parameters: &part,
            gradients: &gradients,
            first_moments: &first,
            second_moments: &second,
            step: &Tensor::from(1f32),
        };
        fused_adamw(&buffers, &AdamWStep { learning_rate: 0.5, weight_decay: 0.0, ..STEP }).unwrap();
        // The first step is the learning rate long.
        assert!((value().double_value(&[0, 0]) - 1.0).abs() < 1e-2);
    }

    #[test]
    fn a_view_is_updated_and_nothing_beside_it() {
        let parameters = Tensor::ones([10], (Kind::Float, Device::Cpu));
        let gradients = Tensor::ones([10], (Kind::Float, Device::Cpu));
        let (first, second) = (parameters.zeros_like(), parameters.zeros_like());
        let part = |tensor: &Tensor| tensor.narrow(0, 2, 5);
        let buffers = AdamWBuffers {
            parameters: &part(&parameters),
            gradients: &part(&gradients),
            first_moments: &part(&first),
            second_moments: &part(&second),
            step: &Tensor::from(1f32),
        };
        fused_adamw(&buffers, &STEP).unwrap();
        let changed = parameters.ne(1.0).to_kind(Kind::Int64);
        assert_eq!(Vec::<i64>::try_from(changed).unwrap(), [0, 0, 1, 1, 1, 1, 1, 0, 0, 0]);
        assert_eq!(first.ne(0.0).sum(Kind::Int64).int64_value(&[]), 5);
    }

    #[test]
    fn buffers_that_do_not_fit_are_refused() {
        let long = Tensor::zeros([4], (Kind::Float, Device::Cpu));
        let short = Tensor::zeros([3], (Kind::Float, Device::Cpu));
        let step = Tensor::from(1f32);
        let fit = AdamWBuffers {
            parameters: &long,
            gradients: &long,
            first_moments: &long,
            second_moments: &long,
            step: &step,
        };
        let error = fused_adamw(&AdamWBuffers { second_moments: &short, ..fit }, &STEP).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: second moments are Float[3] on cpu, the parameters Float[4] on cpu");
        let strided = Tensor::zeros([8], (Kind::Float, Device::Cpu)).slice(0, 0, 8, 2);
        let error = fused_adamw(&AdamWBuffers { gradients: &strided, ..fit }, &STEP).unwrap_err();
        assert_eq!(error.to_string(), "libtorch: gradients are not contiguous");
        let whole = Tensor::from(1i64);
        assert!(fused_adamw(&AdamWBuffers { step: &whole, ..fit }, &STEP).is_err());
    }
}
