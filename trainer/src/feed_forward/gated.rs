//! Gated linear units.

use tch::Tensor;

use super::activation::Activation;
use crate::model::linear::Linear;

/// W₂(f(Wx + b) · (Vx + c)) + b₂ (Dauphin et al. 2017, arXiv:1612.08083; Shazeer 2020, arXiv:2002.05202).
///
/// The names by f: σ is `glu`, x `bilinear`, relu `reglu`, gelu `geglu`, silu `swiglu`, x·σ(βx) `learnable-swiglu`,
/// relu² `relu2-glu`. With relu on both halves it is `drelu` (Song et al. 2024, TurboSparse, arXiv:2406.05955). The
/// study of 2024 had gelu-tanh for f, W and V as the rows of one matrix, the gate in the second half: `delft-geglu`,
/// here as two matrices.
///
/// W and V are `[width, hidden]`, W₂ is `[hidden, width]`, all with biases. All start as linear maps of the network do.
#[derive(Debug)]
pub struct Gated {
    /// W and b.
    pub gate: Linear,
    /// f.
    pub activation: Activation,
    /// Whether f is on Vx + c too.
    pub on_both: bool,
    /// V and c.
    pub gated: Linear,
    /// W₂ and b₂.
    pub output: Linear,
}

impl Gated {
    /// The layer's output for the rows of `x`.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        let hidden = product(&self.activation, self.on_both, &self.gate.forward(x), &self.gated.forward(x));
        self.output.forward(&hidden)
    }
}

/// f(gate) · gated, or f(gate) · f(gated) with `on_both`.
pub fn product(activation: &Activation, on_both: bool, gate: &Tensor, gated: &Tensor) -> Tensor {
    let gate = activation.forward(gate);
    if on_both { gate * activation.forward(gated) } else { gate * gated }
}

#[cfg(test)]
mod tests {
    use spec::feed_forward::StaticFunction;
    use tch::Kind;

    use super::*;
    use crate::model::sample;

    #[test]
    fn the_activation_is_on_the_gate_and_not_on_the_gated() {
        let shapes = [("w", [5, 3]), ("v", [5, 3]), ("o", [3, 5])];
        let [gate, gated, out] = shapes.map(|(name, shape)| sample::tensor(name, &shape, Kind::Float));
        let [gate_bias, gated_bias, out_bias] =
            shapes.map(|(name, [outputs, _])| sample::tensor(&format!("{name}.bias"), &[outputs], Kind::Float));
        let map = |weight: &Tensor, bias: &Tensor| {
            Linear::new(weight.shallow_clone(), Some(bias.shallow_clone()), Kind::Float)
        };
        let layer = Gated {
            gate: map(&gate, &gate_bias),
            activation: Activation::of(StaticFunction::Relu),
            on_both: false,
            gated: map(&gated, &gated_bias),
            output: map(&out, &out_bias),
        };
        let x = sample::tensor("x", &[4, 3], Kind::Float);
        let found = layer.forward(&x);
        let entry = |weight: &Tensor, bias: &Tensor, row: &[f64], output: i64| {
            let products = row.iter().enumerate().map(|(input, x)| x * weight.double_value(&[output, input as i64]));
            products.sum::<f64>() + bias.double_value(&[output])
        };
        for index in 0..4 {
            let row: Vec<f64> = (0..3).map(|input| x.double_value(&[index, input])).collect();
            let hidden: Vec<f64> = (0..5)
                .map(|channel| {
                    entry(&gate, &gate_bias, &row, channel).max(0.0) * entry(&gated, &gated_bias, &row, channel)
                })
                .collect();
            for output in 0..3 {
                let expected = entry(&out, &out_bias, &hidden, output);
                let found = found.double_value(&[index, output]);
                assert!((found - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{found} {expected}");
            }
        }
    }
}
