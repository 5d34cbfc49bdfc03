//! What the device could do at best: matrix products and nothing else.

use std::time::Instant;

use spec::train::Precision;
use tch::{Cuda, Device, Kind, Tensor};

/// Rows, inner size and columns of the products that are tried: sizes at which libraries are at their best, on a
/// processor …
const SIZES: [[i64; 3]; 2] = [[4096, 1024, 1024], [2048, 2048, 2048]];

/// … and on a GPU, which smaller ones do not fill.
const SIZES_ON_GPU: [[i64; 3]; 2] = [[16384, 4096, 4096], [8192, 8192, 8192]];

/// How often each is tried; the best counts.
const TRIES: usize = 5;

/// Floating-point operations a second of the fastest product of matrices in this precision, here and now.
pub fn product_flops(precision: Precision, device: Device) -> f64 {
    let kind = match precision {
        Precision::Fp32 => Kind::Float,
        Precision::Bf16 => Kind::BFloat16,
    };
    let best = |[rows, inner, columns]: [i64; 3]| {
        // Not ones or zeros, which a GPU multiplies faster than what comes in training.
        let make = |shape: [i64; 2]| Tensor::randn(shape, (Kind::Float, device)).to_kind(kind);
        let (left, right) = (make([rows, inner]), make([columns, inner]).tr());
        let flops = 2.0 * (rows * inner * columns) as f64;
        let seconds = (0..=TRIES).map(|_| time(device, || left.matmul(&right))).fold(f64::INFINITY, f64::min);
        flops / seconds
    };
    let sizes = if device == Device::Cpu { SIZES } else { SIZES_ON_GPU };
    sizes.into_iter().map(best).fold(0.0, f64::max)
}

fn time<T>(device: Device, work: impl FnOnce() -> T) -> f64 {
    let began = Instant::now();
    let result = work();
    synchronize(device);
    let seconds = began.elapsed().as_secs_f64();
    drop(result);
    seconds
}

/// Waits for what the device has been given.
pub fn synchronize(device: Device) {
    if let Device::Cuda(index) = device {
        Cuda::synchronize(index as i64);
    }
}
