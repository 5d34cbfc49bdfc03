//! A linear map, and where a network's tensors come from.

use spec::train::Precision;
use tch::{Kind, Tensor};

/// The tensors of a network by name, and the precision in which it multiplies them.
pub struct Weights<'a> {
    /// The leaf tensor of a declared name.
    pub tensor: &'a mut dyn FnMut(&str) -> Tensor,
    /// The precision of matrix products.
    pub precision: Precision,
}

impl Weights<'_> {
    /// The tensor of that name.
    pub fn get(&mut self, name: &str) -> Tensor {
        (self.tensor)(name)
    }

    /// The kind of number in which matrices are multiplied.
    pub fn kind(&self) -> Kind {
        match self.precision {
            Precision::Fp32 => Kind::Float,
            Precision::Bf16 => Kind::BFloat16,
        }
    }

    /// The map `name` with a bias.
    pub fn linear(&mut self, name: &str) -> Linear {
        let bias = Some(self.get(&format!("{name}.bias")));
        Linear { bias, ..self.linear_without_bias(name) }
    }

    /// The map `name` without a bias.
    pub fn linear_without_bias(&mut self, name: &str) -> Linear {
        Linear { weight: self.get(&format!("{name}.weight")), bias: None, kind: self.kind() }
    }
}

/// x·Wᵀ + b over the last dimension, W as `[outputs, inputs]`.
#[derive(Debug)]
pub struct Linear {
    /// `[outputs, inputs]`.
    pub weight: Tensor,
    /// `[outputs]`.
    pub bias: Option<Tensor>,
    /// The kind of the product's factors and result.
    pub kind: Kind,
}

impl Linear {
    /// The map of `x`, in the precision of the network.
    pub fn forward(&self, x: &Tensor) -> Tensor {
        linear(x, &self.weight, self.bias.as_ref(), self.kind)
    }
}

/// x·Wᵀ + b with all three cast to `kind`; sums are formed in fp32 whatever the kind.
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, kind: Kind) -> Tensor {
    let bias = bias.map(|bias| bias.to_kind(kind));
    x.to_kind(kind).linear(&weight.to_kind(kind), bias)
}
