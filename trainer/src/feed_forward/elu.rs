//! Functions that are linear or steeper above zero and exponential below.

use tch::Tensor;

/// x above 0, eˣ − 1 below (Clevert et al. 2016, arXiv:1511.07289).
pub fn elu(x: &Tensor) -> Tensor {
    x.elu()
}

/// λx above 0, λα(eˣ − 1) below, λ ≈ 1.0507, α ≈ 1.6733: layers of it keep mean 0 and variance 1 (Klambauer et al.
/// 2017, arXiv:1706.02515).
pub fn selu(x: &Tensor) -> Tensor {
    x.selu()
}

/// max(0, x) + min(0, α(exp(x/α) − 1)) with α = 1 (Barron 2017, arXiv:1704.07483): the same function as [`elu`].
///
/// The two part at other α only, and there CELU is α·elu(x/α): a change of units that the linear maps around it can
/// undo.
pub fn celu(x: &Tensor) -> Tensor {
    x.celu()
}

/// αₚx² + x/2 above 0, αₙ(eˣ − 1 − x) + x/2 below (Huang and Schlag 2024, arXiv:2411.13010): the integral of an
/// expanded ELU; `xielu` in transformers.
///
/// What is learned is softplus⁻¹ of αₚ and of αₙ − ½, so that αₚ > 0 and the slope below 0 can turn negative; both α
/// start at 0.8. One of each a layer in the paper. Transformers puts min(x, −10⁻⁶) for x in the exponential, which
/// moves values by less than 10⁻⁶αₙ, and it keeps what is learned in bf16, whose softplus moves logits by some
/// thousandths; here the formula stands as it is, in fp32.
pub fn xielu(x: &Tensor, [positive, negative]: &[Tensor; 2]) -> Tensor {
    let negative = negative.softplus() + 0.5;
    let below = x.clamp_max(0.0);
    let curve = (x.square() * positive.softplus()).where_self(&x.gt(0.0), &((below.expm1() - &below) * negative));
    curve + x * 0.5
}
