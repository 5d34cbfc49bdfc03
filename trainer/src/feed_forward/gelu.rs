//! Entries weighted by the normal distribution function Φ (Hendrycks and Gimpel 2016, arXiv:1606.08415).
//!
//! Learned tensors are `[width]`, or `[1]` where a layer has one.

use std::f64::consts::FRAC_1_SQRT_2;

use tch::Tensor;

use super::silu::expanded;

/// x·Φ(x) with the exact error function; `gelu` in transformers.
pub fn gelu(x: &Tensor) -> Tensor {
    x.gelu("none")
}

/// 0.5x(1 + tanh(√(2/π)(x + 0.044715x³))), the paper's approximation; `gelu_new` in transformers, the default of
/// GPT-Neo.
pub fn gelu_tanh(x: &Tensor) -> Tensor {
    x.gelu("tanh")
}

/// x·σ(1.702x), the paper's other approximation; `quick_gelu` in transformers.
pub fn quick_gelu(x: &Tensor) -> Tensor {
    x * (x * 1.702).sigmoid()
}

/// α·x·Φ(x), α starting at 1.
///
/// It adds no functions to [`gelu`], since the next linear map can absorb α: it only changes how fast that map learns.
pub fn scaled_gelu(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    gelu(x) * alpha
}

/// α times [`gelu_tanh`], α starting at 1: what the study of 2024 ran as learnable GELU. See [`scaled_gelu`].
pub fn delft_learnable_gelu(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    gelu_tanh(x) * alpha
}

/// x·Φ(βx): the paper's Φ((x − µ)/σ) with µ = 0 and β = 1/σ learned. Linear at β = 0, [`gelu`] at 1, nearing relu as β
/// grows.
///
/// β starts at `model.learnable-gelu.beta`.
pub fn learnable_gelu(x: &Tensor, [beta]: &[Tensor; 1]) -> Tensor {
    x * normal_distribution(&(x * beta))
}

/// x·Φ(β(x − µ)): the paper's Φ((x − µ)/σ), both learned. β = 1/σ, so that nothing happens where σ would be infinite.
///
/// β starts at `model.learnable-gelu.beta`, µ at 0.
pub fn shifted_gelu(x: &Tensor, [beta, mu]: &[Tensor; 2]) -> Tensor {
    x * normal_distribution(&((x - mu) * beta))
}

/// α·x·Φ(βx): [`learnable_gelu`] with the factor of [`scaled_gelu`].
pub fn scaled_learnable_gelu(x: &Tensor, [alpha, beta]: &[Tensor; 2]) -> Tensor {
    x * normal_distribution(&(x * beta)) * alpha
}

/// [`gelu`] with a gate [`expanded`] to (−α, 1 + α).
pub fn xgelu(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    expanded(x, &normal_distribution(x), alpha)
}

/// Φ, by the complementary error function: 1 + erf has no digits left far below 0.
fn normal_distribution(x: &Tensor) -> Tensor {
    (x * -FRAC_1_SQRT_2).erfc() * 0.5
}
