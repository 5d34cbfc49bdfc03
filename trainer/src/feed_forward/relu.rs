//! Rectifiers.
//!
//! At 0 their gradient is that of the piece below, but for [`erf_relu`], whose paper counts 0 to the piece above.

use tch::Tensor;

/// max(0, x) (Nair and Hinton 2010); `relu` in transformers.
pub fn relu(x: &Tensor) -> Tensor {
    x.relu()
}

/// max(0, x) + 0.01·min(0, x) (Maas et al. 2013); `leaky_relu` in transformers.
pub fn leaky_relu(x: &Tensor) -> Tensor {
    x.leaky_relu()
}

/// min(max(0, x), 6) (Krizhevsky 2010); `relu6` in transformers. The gradient at 6 is 0.
pub fn relu6(x: &Tensor) -> Tensor {
    x.relu6()
}

/// max(0, x)² (So et al. 2021, Primer, arXiv:2109.08668); `relu2` in transformers.
pub fn relu2(x: &Tensor) -> Tensor {
    x.relu().square()
}

/// scale·max(0, x)² + bias (Yu et al. 2022, MetaFormer baselines, arXiv:2210.13452).
///
/// It starts with mean 0 and variance 1 for x from N(0, 1): scale at 0.8944, bias at −0.4472. One of each a layer in
/// the paper.
pub fn star_relu(x: &Tensor, [scale, bias]: &[Tensor; 2]) -> Tensor {
    relu2(x) * scale + bias
}

/// max(0, x) + a·min(0, x) (He et al. 2015, arXiv:1502.01852).
///
/// `x` is `[T, width]`, the slope `a` is `[width]` or `[1]`; it starts at `model.prelu.slope`, 0.25 in the paper. The
/// study of 2024 started it at 0, and called it alpha: `delft-prelu`.
pub fn prelu(x: &Tensor, [slope]: &[Tensor; 1]) -> Tensor {
    x.prelu(slope)
}

/// x for x ≥ 0, else α·erf x (Rajanand and Singh 2023, arXiv:2306.01822).
///
/// One α a layer; the paper gives no start, and ours is 1.
pub fn erf_relu(x: &Tensor, [alpha]: &[Tensor; 1]) -> Tensor {
    x.where_self(&x.ge(0.0), &(x.erf() * alpha))
}

/// αₚx² + x/2 above 0, αₙx² + x/2 below (Huang and Schlag 2024, arXiv:2411.13010): the integral of an expanded PReLU.
///
/// What is learned is softplus⁻¹ of αₚ and αₙ, which keeps them positive; both α start at 0.8. One of each a layer in
/// the paper.
pub fn xiprelu(x: &Tensor, [positive, negative]: &[Tensor; 2]) -> Tensor {
    let square = x.square();
    (&square * positive.softplus()).where_self(&x.gt(0.0), &(square * negative.softplus())) + x * 0.5
}
