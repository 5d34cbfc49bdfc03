//! Gated linear units.

use tch::Tensor;

use super::activation::Activation;
use crate::model::linear::Linear;

/// W₂(f(Wx + b) · (Vx + c)) + b₂ (Dauphin et al. 2017, arXiv:1612.08083; with f = gelu it is GeGLU, Shazeer 2020,
/// arXiv:2002.05202).
///
/// W and V are `[width, hidden]`, W₂ is `[hidden, width]`, all with biases. All start as linear maps of the network do.
#[derive(Debug)]
pub struct Gated {
    /// W and b.
    pub gate: Linear,
    /// f.
    pub activation: Activation,
    /// V and c.
    pub gated: Linear,
    /// W₂ and b₂.
    pub output: Linear,
}

impl Gated {
    /// The layer's output for the rows of `x`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let gate = self.activation.forward(&self.gate.forward(x));
        self.output.forward(&(gate * self.gated.forward(x)))
    }
}
