//! Entries weighted by their own logistic function.

use tch::Tensor;

/// x·σ(x) (Hendrycks and Gimpel 2016, arXiv:1606.08415; Elfwing et al. 2017, arXiv:1702.03118).
pub fn silu(x: &Tensor) -> Tensor {
    x.silu()
}

/// x·σ(βx) (Ramachandran et al. 2017, arXiv:1710.05941): linear at β = 0, [`silu`] at 1, nearing relu as β grows.
///
/// `x` is `[T, width]`, β is `[width]` or `[1]`; it starts at `model.swish.beta`, 1 in the paper.
pub fn swish(x: &Tensor, beta: &Tensor) -> Tensor {
    x * (x * beta).sigmoid()
}
