//! Kolmogorov-Arnold layers with radial basis functions on their edges (Li 2024, FastKAN, arXiv:2405.06721).

use spec::feed_forward::{KanStart, RadialGrid};
use tch::{Device, Kind, Tensor};

use super::silu::silu;
use crate::model::declare::Declarations;
use crate::model::linear::{Linear, Weights, linear};
use crate::model::norm::LayerNorm;
use crate::parameters::Start;

/// ε of the normalisation: PyTorch's default.
const EPSILON: f64 = 1e-5;

/// Standard deviation with which coefficients start. Its authors cut the distribution at ±2, twenty of these away:
/// never.
const COEFFICIENT_STD: f64 = 0.1;

/// y_o = b_o + Σᵢ W_oi·silu(xᵢ) + Σᵢ Σₘ C_oim·exp(−((zᵢ − cₘ)/h)²), z the layer-normalised x, as in the authors'
/// package fast-kan.
///
/// The cₘ are evenly spaced, 8 on [−2, 2] by default, and h is their distance. `layernorm` has a weight and a bias
/// `[inputs]`; W and b are `base_linear`, `[outputs, inputs]` and `[outputs]`; C is `spline_linear.weight`, `[outputs,
/// inputs · centres]`, the centres of one input side by side. C starts as N(0, 0.1²). W and b start as linear maps of
/// the network do, or with `source` as PyTorch's: U(±1/√inputs).
#[derive(Debug)]
pub struct RadialBasisLayer {
    /// From x to z.
    pub norm: LayerNorm,
    /// W and b.
    pub base: Linear,
    /// C.
    pub coefficients: Tensor,
    /// `[centres]`, in double precision.
    pub centres: Tensor,
    /// h.
    pub distance: f64,
}

/// Declares one layer `[inputs, outputs]`.
pub fn declare(
    name: &str,
    [inputs, outputs]: [u32; 2],
    grid: RadialGrid,
    start: KanStart,
    declarations: &mut Declarations,
) {
    declarations.norm(&format!("{name}.layernorm"), inputs);
    let coefficients = format!("{name}.spline_linear.weight");
    declarations.coefficients(&coefficients, &[outputs, inputs * grid.centres], Start::Normal { std: COEFFICIENT_STD });
    let base = format!("{name}.base_linear");
    match start {
        KanStart::Source => declarations.linear_of_torch(&base, inputs, outputs),
        KanStart::Network | KanStart::Delft => declarations.linear(&base, inputs, outputs),
    }
}

impl RadialBasisLayer {
    /// The layer `name` over these weights.
    pub fn new(name: &str, grid: RadialGrid, weights: &mut Weights<'_>) -> Self {
        let coefficients = weights.get(&format!("{name}.spline_linear.weight"));
        Self {
            norm: LayerNorm::new(&format!("{name}.layernorm"), EPSILON, weights),
            base: weights.linear(&format!("{name}.base_linear")),
            centres: centres(grid, coefficients.device()),
            distance: grid.distance(),
            coefficients,
        }
    }

    /// `[T, outputs]` for `[T, inputs]`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let x = x.to_kind(self.coefficients.kind());
        let z = self.norm.forward(&x).unsqueeze(-1);
        let bells = ((z - self.centres.to_kind(x.kind())) / self.distance).square().neg().exp().flatten(1, 2);
        self.base.forward(&silu(&x)) + linear(&bells, &self.coefficients, None, self.base.kind())
    }
}

fn centres(grid: RadialGrid, device: Device) -> Tensor {
    Tensor::linspace(grid.low, grid.high, i64::from(grid.centres), (Kind::Double, device))
}
