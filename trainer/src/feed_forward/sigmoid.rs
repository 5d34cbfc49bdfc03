//! Sigmoids, and what is made of one: bounded curves, and the integral of the logistic function.

use std::f64::consts::SQRT_2;

use tch::Tensor;

/// tanh x.
pub fn tanh(x: &Tensor) -> Tensor {
    x.tanh()
}

/// σ(x) = 1/(1 + e⁻ˣ).
pub fn sigmoid(x: &Tensor) -> Tensor {
    x.sigmoid()
}

/// ln(1 + eˣ) (Dugas et al. 2001); x itself above 20, less than 3·10⁻⁹ away.
pub fn softplus(x: &Tensor) -> Tensor {
    x.softplus()
}

/// Φ((x − µ)/σ), µ = 0.707107, σ = 0.282095 (Ma et al. 2022, MEGA, arXiv:2209.10655): near relu2 in value and slope at
/// µ + σ, but bounded; `laplace` in transformers. Like the authors we round µ = √½ and σ = √(1/4π).
#[expect(clippy::approx_constant, reason = "six digits are what the authors have")]
pub fn laplace(x: &Tensor) -> Tensor {
    ((x - 0.707_107) / (-0.282_095 * SQRT_2)).erfc() * 0.5
}

/// exp(−x²).
pub fn gaussian(x: &Tensor) -> Tensor {
    x.square().neg().exp()
}

/// γ·tanh(αx) + β (Zhu et al. 2025, dynamic tanh, arXiv:2503.10622), which its authors put in place of a normalisation.
///
/// α is `[1]` and starts at 0.5; γ (weight) and β (bias) are `[width]` or `[1]` and start at 1 and 0.
pub fn dyt(x: &Tensor, [alpha, weight, bias]: &[Tensor; 3]) -> Tensor {
    (x * alpha).tanh() * weight + bias
}
