//! Layer normalisation.

use tch::{Kind, Tensor};

use super::linear::Weights;

/// (x − mean) / √(variance + ε) · weight + bias over the last dimension (Ba et al. 2016, arXiv:1607.06450); always in fp32.
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
        x.to_kind(Kind::Float).layer_norm(
            self.weight.size(),
            Some(&self.weight),
            Some(&self.bias),
            self.epsilon,
            /* cudnn_enable */ true,
        )
    }
}
