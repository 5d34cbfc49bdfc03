//! What the tests of several kernels need.

use tch::{Kind, Tensor};

/// `size` times numbers of no special form between −1 and 1, rounded to bfloat16, in double precision.
pub(crate) fn entries(shape: &[i64], seed: f64, size: f64) -> Tensor {
    let count: i64 = shape.iter().product();
    let numbers: Vec<f64> = (0..count)
        .map(|index| size * (index as f64 * 0.731 + seed).sin() * (index as f64 * 0.0117 + seed).cos())
        .collect();
    Tensor::from_slice(&numbers).view(shape).to_kind(Kind::BFloat16).to_kind(Kind::Double)
}

/// A parameter of these numbers in another kind.
pub(crate) fn leaf(tensor: &Tensor, kind: Kind) -> Tensor {
    tensor.to_kind(kind).detach().copy().set_requires_grad(true)
}

/// Largest distance as a part of the largest magnitude; 0 where there is nothing.
pub(crate) fn distance(found: &Tensor, expected: &Tensor) -> f64 {
    assert_eq!(found.size(), expected.size());
    if expected.numel() == 0 {
        return 0.0;
    }
    let far = (found.to_kind(Kind::Double) - expected).abs().max().double_value(&[]);
    far / expected.abs().max().double_value(&[]).max(1e-30)
}
