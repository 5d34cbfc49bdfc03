//! Rectifiers.

use tch::Tensor;

/// max(0, x) (Nair and Hinton 2010). The gradient at 0 is 0.
pub fn relu(x: &Tensor) -> Tensor {
    x.relu()
}

/// max(0, x) + a·min(0, x) (He et al. 2015, arXiv:1502.01852).
///
/// `x` is `[T, width]`, the slope `a` is `[width]` or `[1]`; it starts at `model.prelu.slope`, 0.25 in the paper.
pub fn prelu(x: &Tensor, slope: &Tensor) -> Tensor {
    x.prelu(slope)
}
