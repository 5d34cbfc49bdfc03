//! Activations in fp32 that have more coefficients than libtorch's operations can take at once: one pass each way
//! instead of one for each power or look-up.

use tch::{Device, Kind, Tensor};

/// Channels from which on a row is worth a call.
const ENOUGH: i64 = 16;

/// The entries' rows with these coefficients go to a kernel: rows of fp32 on the processor.
pub(super) fn is_fit(x: &Tensor, coefficients: &[&Tensor]) -> bool {
    x.kind() == Kind::Float
        && x.device() == Device::Cpu
        && x.dim() == 2
        && x.size()[1] >= ENOUGH
        && coefficients.iter().all(|one| one.kind() == Kind::Float && [1, x.size()[1]].contains(&one.size()[0]))
}

/// (a₀ + … + a₅x⁵) / (1 + |b₁x + … + b₄x⁴|) of rows that [fit](is_fit).
pub(super) fn rational(x: &Tensor, numerator: &Tensor, denominator: &Tensor) -> Tensor {
    let found = native::rational(x, numerator, denominator);
    found.unwrap_or_else(|error| panic!("invariant: coefficients fit their channels: {error}"))
}

/// Straight lines between values at anchors on [−reach, reach], of rows that [fit](is_fit).
pub(super) fn anchored(x: &Tensor, values: &Tensor, reach: f64) -> Tensor {
    let found = native::anchored(x, values, reach);
    found.unwrap_or_else(|error| panic!("invariant: values fit their channels: {error}"))
}
