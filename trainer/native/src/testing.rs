//! What the tests of several kernels need.

use std::io::Write as _;

use tch::{Kind, Tensor};

use crate::PackedMap;

/// Whether [`PackedMap`]s can be tested here; says so where they cannot. With `SEEDBED_REQUIRE_BFLOAT16` set that is a
/// failure, so that a machine that is meant to test them cannot leave them out unnoticed.
pub(crate) fn has_packed_maps() -> bool {
    if PackedMap::is_available() {
        return true;
    }
    assert!(
        std::env::var_os("SEEDBED_REQUIRE_BFLOAT16").is_none(),
        "SEEDBED_REQUIRE_BFLOAT16 is set, but this processor does not multiply bfloat16"
    );
    let thread = std::thread::current();
    // Past the test's capture, which would keep it of a test that passes.
    let said = format!("not tested: {}: no bfloat16 products here\n", thread.name().unwrap_or("a test"));
    let _ = std::io::stderr().write_all(said.as_bytes());
    false
}

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
