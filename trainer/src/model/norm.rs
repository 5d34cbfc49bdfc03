//! Layer normalisation.

use tch::Tensor;

use super::linear::Weights;

/// (x − mean) / √(variance + ε) · weight + bias over the last dimension (Ba et al. 2016, arXiv:1607.06450); in the kind of its weight,
/// which in training is fp32.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
}

impl LayerNorm {
    /// The normalisation `name`.
    pub fn new(name: &str, epsilon: f64, weights: &mut Weights<'_>) -> Self {
        Self { weight: weights.get(&format!("{name}.weight")), bias: weights.get(&format!("{name}.bias")), epsilon }
    }

    /// The normalised rows of `x`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        x.to_kind(self.weight.kind()).layer_norm(
            self.weight.size(),
            Some(&self.weight),
            Some(&self.bias),
            self.epsilon,
            /* cudnn_enable */ true,
        )
    }
}
