//! Entries weighted by the normal distribution function Φ (Hendrycks and Gimpel 2016, arXiv:1606.08415).

use std::f64::consts::FRAC_1_SQRT_2;

use tch::Tensor;

/// x·Φ(x) with the exact error function; `gelu` in transformers.
pub fn gelu(x: &Tensor) -> Tensor {
    x.gelu("none")
}

/// 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))), the paper's approximation; `gelu_new` in transformers, the default of GPT-Neo.
pub fn gelu_tanh(x: &Tensor) -> Tensor {
    x.gelu("tanh")
}

/// x·Φ(βx): the paper's Φ((x − µ)/σ) with µ = 0 and β = 1/σ learned. Linear at β = 0, [`gelu`] at 1, nearing relu as β grows.
///
/// A learned factor before the function, a·gelu(x), would add nothing, since the next linear map can absorb it.
/// `x` is `[T, width]`, β is `[width]` or `[1]`; it starts at `model.learnable-gelu.beta`.
pub fn learnable_gelu(x: &Tensor, beta: &Tensor) -> Tensor {
    let distribution = ((x * beta * FRAC_1_SQRT_2).erf() + 1.0) * 0.5;
    x * distribution
}
