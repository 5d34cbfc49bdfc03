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

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;
    use crate::model::sample;

    #[test]
    fn the_activation_is_on_the_gate_and_not_on_the_gated() {
        let map = |name: &str, outputs: i64, inputs: i64| Linear {
            weight: sample::tensor(name, &[outputs, inputs], Kind::Float),
            bias: Some(sample::tensor(&format!("{name}.bias"), &[outputs], Kind::Float)),
            kind: Kind::Float,
        };
        let layer =
            Gated { gate: map("w", 5, 3), activation: Activation::Relu, gated: map("v", 5, 3), output: map("o", 3, 5) };
        let x = sample::tensor("x", &[4, 3], Kind::Float);
        let found = layer.forward(&x);
        let entry = |map: &Linear, row: &[f64], output: i64| {
            let products =
                row.iter().enumerate().map(|(input, x)| x * map.weight.double_value(&[output, input as i64]));
            products.sum::<f64>() + map.bias.as_ref().unwrap().double_value(&[output])
        };
        for index in 0..4 {
            let row: Vec<f64> = (0..3).map(|input| x.double_value(&[index, input])).collect();
            let hidden: Vec<f64> = (0..5)
                .map(|channel| entry(&layer.gate, &row, channel).max(0.0) * entry(&layer.gated, &row, channel))
                .collect();
            for output in 0..3 {
                let expected = entry(&layer.output, &hidden, output);
                let found = found.double_value(&[index, output]);
                assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}
