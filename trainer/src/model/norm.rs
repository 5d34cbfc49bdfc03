//! Layer normalisation, alone and with the sum before it.

use native::gpu::kernels::MOST_NORM_COLUMNS;
use native::{AddNorm, Goes};
use tch::{Kind, Tensor};

use super::linear::{Weights, is_on_gpu, is_packed};
use crate::streams::Dropout;

/// (x − mean) / √(variance + ε) · weight + bias over the last dimension (Ba et al. 2016, arXiv:1607.06450); in the kind
/// of its weight, which in training is fp32.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Tensor,
    bias: Tensor,
    epsilon: f64,
    kind: Kind,
}

/// What a half of a block adds to what came into it.
#[derive(Debug)]
pub struct Addend {
    /// `[T, hidden]`, before dropout.
    pub rows: Tensor,
    /// Dropout of this pass.
    pub dropout: Dropout,
    /// The site of the dropout.
    pub place: String,
    /// Probability that an entry is dropped.
    pub probability: f64,
}

impl Addend {
    /// The sum.
    pub fn add_to(self, x: &Tensor) -> Tensor {
        x + self.dropout.apply(&self.place, self.rows, self.probability)
    }

    fn key(&self) -> Option<(f64, u64)> {
        self.dropout.key(&self.place).filter(|_| self.probability > 0.0).map(|key| (self.probability, key))
    }
}

/// A sum on its way through the network, and its normalised rows.
#[derive(Debug)]
pub struct Normalised {
    /// `[T, hidden]`, what the next sum adds to.
    pub going: Tensor,
    /// `[T, hidden]`, what the next map is given: rounded to bf16 where products are ours.
    pub normal: Tensor,
}

impl LayerNorm {
    /// The normalisation `name`.
    pub fn new(name: &str, epsilon: f64, weights: &mut Weights<'_>) -> Self {
        let (weight, bias) = (weights.get(&format!("{name}.weight")), weights.get(&format!("{name}.bias")));
        Self { weight, bias, epsilon, kind: weights.kind() }
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

    /// The sum, if anything is added to `x`, and its normalised rows: the sum goes on.
    pub fn of_sum(&self, x: Tensor, added: Option<Addend>) -> Normalised {
        if self.is_fused(&x) {
            return self.fused(&x, added.as_ref(), Goes::Sum);
        }
        let going = match added {
            Some(added) => added.add_to(&x),
            None => x,
        };
        Normalised { normal: self.forward(&going), going }
    }

    /// The normalised rows of the sum, which go on themselves.
    pub fn after_sum(&self, x: &Tensor, added: Addend) -> Normalised {
        if self.is_fused(x) {
            return self.fused(x, Some(&added), Goes::Normal);
        }
        let normal = self.forward(&added.add_to(x));
        Normalised { going: normal.shallow_clone(), normal }
    }

    fn is_fused(&self, x: &Tensor) -> bool {
        let is_narrow_enough = || self.weight.size()[0] <= MOST_NORM_COLUMNS;
        let is_ours = is_packed(self.kind, &self.weight) || (is_on_gpu(self.kind, &self.weight) && is_narrow_enough());
        is_ours && x.kind() == Kind::Float
    }

    fn fused(&self, x: &Tensor, added: Option<&Addend>, goes: Goes) -> Normalised {
        let how = AddNorm {
            weight: &self.weight,
            bias: &self.bias,
            epsilon: self.epsilon,
            dropout: added.and_then(Addend::key),
            goes,
        };
        let found = native::add_norm(x, added.map(|added| &added.rows), &how);
        let found = found.unwrap_or_else(|error| panic!("invariant: rows fit their norm: {error}"));
        Normalised { going: found.going, normal: found.normal }
    }
}
