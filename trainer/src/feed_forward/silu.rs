//! Entries weighted by a gate of their own: the logistic function and its kin.

use tch::Tensor;

/// Where e^(−e⁻ˣ) is zero in double precision.
const GOMPERTZ_END: f64 = -7.0;

/// x·σ(x) (Hendrycks and Gimpel 2016, arXiv:1606.08415; Elfwing et al. 2017, arXiv:1702.03118); `silu` in transformers.
pub fn silu(x: &Tensor) -> Tensor {
    x.silu()
}

/// x·σ(βx) (Ramachandran et al. 2017, arXiv:1710.05941): linear at β = 0, [`silu`] at 1, nearing relu as β grows.
///
/// `x` is `[T, width]`, β is `[width]` or `[1]`; it starts at `model.swish.beta`, 1 in the paper.
pub fn swish(x: &Tensor, [beta]: &[Tensor; 1]) -> Tensor {
    x * (x * beta).sigmoid()
}

/// x·silu(βx) = βx²·σ(βx): what the study of 2024 ran under the name of Swish. It grows like a square.
///
/// Shapes and start are those of [`swish`].
pub fn delft_swish(x: &Tensor, [beta]: &[Tensor; 1]) -> Tensor {
    x * (x * beta).silu()
}

/// x·min(max(0, x + 3), 6)/6 (Howard et al. 2019, MobileNetV3, arXiv:1905.02244). The gradient is 0 at −3 and 1 at 3.
pub fn hardswish(x: &Tensor) -> Tensor {
    x.hardswish()
}

/// x·tanh(ln(1 + eˣ)) (Misra 2019, arXiv:1908.08681); `mish` in transformers.
pub fn mish(x: &Tensor) -> Tensor {
    x.mish()
}

/// x·exp(−e⁻ˣ) (Das et al. 2025, Gompertz linear unit, arXiv:2502.03654).
pub fn golu(x: &Tensor) -> Tensor {
    // Far below, e⁻ˣ overflows, and its gradient with it, though the gate is 0.
    x * x.clamp_min(GOMPERTZ_END).neg().exp().neg().exp()
}

/// x·((1 + 2α)·gate − α): a gate from (0, 1) stretched to (−α, 1 + α) (Huang 2024, arXiv:2405.20768).
///
/// One α a layer in the paper; it starts at 0.
pub fn expanded(x: &Tensor, gate: &Tensor, alpha: &Tensor) -> Tensor {
    x * ((alpha * 2.0 + 1.0) * gate - alpha)
}

/// [`silu`] with an [`expanded`] gate.
pub fn xsilu(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    expanded(x, &x.sigmoid(), alpha)
}

/// x times the gate (arctan x + π/2)/π, [`expanded`].
pub fn xatlu(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    // The angle of the point (−x, 1) is arctan x + π/2, without the loss of digits for x far below 0.
    let gate = x.ones_like().atan2(&x.neg()) * std::f64::consts::FRAC_1_PI;
    expanded(x, &gate, alpha)
}

/// (p₁ − p₂)x·σ(β(p₁ − p₂)x) + p₂x: a soft maximum of p₁x and p₂x (Ma et al. 2021, ACON, arXiv:2009.04759).
///
/// All three are `[width]` in the paper; in its authors' code p₁ and p₂ start at numbers from N(0, 1), β at 1.
pub fn acon_c(x: &Tensor, [first, second, beta]: &[Tensor; 3]) -> Tensor {
    // The same as p₁x·s + p₂x·(1 − s), without the loss of digits where s is near 1.
    let inner = x * (first - second) * beta;
    x * (inner.sigmoid() * first + inner.neg().sigmoid() * second)
}
