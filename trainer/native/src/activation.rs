//! Activations over bfloat16 in one pass each way.

use std::ffi::c_int;
use std::ptr;

use tch::Tensor;
use torch_sys::C_tensor;

use crate::TorchError;
use crate::shim;

/// How many numbers bfloat16 has, those that are none among them.
pub const NUMBERS: i64 = 1 << 16;

/// A function whose channels may have parameters of their own; σ is the logistic, Φ the normal distribution function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelFunction {
    /// max(0, x) + a·min(0, x).
    Prelu,
    /// γ·tanh(αx) + β, of α, γ, β.
    Dyt,
    /// x + sin²(αx)/α; x where α is 0.
    Snake,
    /// x·σ(βx).
    Swish,
    /// βx²·σ(βx).
    DelftSwish,
    /// x·(p₁·σ(z) + p₂·σ(−z)), z = β(p₁ − p₂)x, of p₁, p₂, β.
    AconC,
    /// α·x·Φ(x).
    ScaledGelu,
    /// α times the tanh approximation of x·Φ(x).
    ScaledGeluTanh,
    /// x·Φ(β(x − µ)), of β, µ.
    ShiftedGelu,
    /// x·Φ(βx).
    LearnableGelu,
    /// α·x·Φ(βx), of α, β.
    ScaledLearnableGelu,
    /// Σ wᵢ·xⁱ/√(mean of x²ⁱ over the row + 10⁻⁶) + b, i = 1, 2, 3, of w₁, w₂, w₃, b: a function of the whole row.
    PolyNorm,
}

/// f of each entry of `[T, width]` in bfloat16, computed in float32.
///
/// Each parameter is float32, `[width]` or `[1]`, in the order of the function. Values up to ±10⁴ of a function of a
/// channel alone are within 10⁻⁶ of the formula, relatively, before they are rounded. The sums over rows for the
/// parameters are formed in the same order whatever the number of threads.
///
/// # Errors
///
/// When shapes or kinds do not fit.
pub fn by_channel(x: &Tensor, function: ChannelFunction, parameters: &[&Tensor]) -> Result<Tensor, TorchError> {
    let pointers: Vec<*const C_tensor> = parameters.iter().map(|parameter| parameter.as_ptr()).collect();
    // SAFETY: all pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| {
            shim::seedbed_by_channel(x.as_ptr(), function as c_int, pointers.len() as c_int, pointers.as_ptr(), result)
        })
    }
}

/// What a table says at each entry of `[T, width]` in bfloat16.
///
/// `values` (bfloat16) and `slopes` (float32) are `[65536]`: the function and its derivative at every number of
/// bfloat16, in the order of their bits. `learned`, if given, is `[65536]`, the values again in float32 as a function
/// of what is learned: the gradients that arrive at each number are summed up as its gradient.
///
/// # Errors
///
/// When shapes or kinds do not fit.
pub fn look_up(x: &Tensor, values: &Tensor, slopes: &Tensor, learned: Option<&Tensor>) -> Result<Tensor, TorchError> {
    let learned = learned.map_or(ptr::null::<C_tensor>(), Tensor::as_ptr);
    // SAFETY: all pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| shim::seedbed_look_up(x.as_ptr(), values.as_ptr(), slopes.as_ptr(), learned, result))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distance, entries, leaf};
    use tch::{Device, Kind};

    /// Those of a channel alone.
    const ALL: [(ChannelFunction, usize); 11] = [
        (ChannelFunction::Prelu, 1),
        (ChannelFunction::Dyt, 3),
        (ChannelFunction::Snake, 1),
        (ChannelFunction::Swish, 1),
        (ChannelFunction::DelftSwish, 1),
        (ChannelFunction::AconC, 3),
        (ChannelFunction::ScaledGelu, 1),
        (ChannelFunction::ScaledGeluTanh, 1),
        (ChannelFunction::ShiftedGelu, 2),
        (ChannelFunction::LearnableGelu, 1),
        (ChannelFunction::ScaledLearnableGelu, 2),
    ];

    fn gate(x: &Tensor) -> Tensor {
        (x * -std::f64::consts::FRAC_1_SQRT_2).erfc() * 0.5
    }

    /// The formulas in double precision.
    fn formula(function: ChannelFunction, x: &Tensor, p: &[Tensor]) -> Tensor {
        match function {
            ChannelFunction::Prelu => x.clamp_min(0.0) + x.clamp_max(0.0) * &p[0],
            ChannelFunction::Dyt => (x * &p[0]).tanh() * &p[1] + &p[2],
            ChannelFunction::Snake => x + (x * &p[0]).sin().square() / &p[0],
            ChannelFunction::Swish => x * (x * &p[0]).sigmoid(),
            ChannelFunction::DelftSwish => x.square() * &p[0] * (x * &p[0]).sigmoid(),
            ChannelFunction::AconC => {
                let z = x * (&p[0] - &p[1]) * &p[2];
                x * (&p[0] * z.sigmoid() + &p[1] * z.neg().sigmoid())
            }
            ChannelFunction::ScaledGelu => x * gate(x) * &p[0],
            ChannelFunction::ScaledGeluTanh => x.gelu("tanh") * &p[0],
            ChannelFunction::ShiftedGelu => x * gate(&((x - &p[1]) * &p[0])),
            ChannelFunction::LearnableGelu => x * gate(&(x * &p[0])),
            ChannelFunction::ScaledLearnableGelu => x * gate(&(x * &p[1])) * &p[0],
            ChannelFunction::PolyNorm => {
                let normalised = |power: i32| {
                    let entries = x.pow_tensor_scalar(i64::from(power));
                    &entries / (entries.square().mean_dim(-1, true, None::<Kind>) + 1e-6).sqrt()
                };
                normalised(1) * &p[0] + normalised(2) * &p[1] + normalised(3) * &p[2] + &p[3]
            }
        }
    }

    #[test]
    fn functions_agree_with_double_precision() {
        for (function, count) in ALL {
            for [rows, width] in [[1, 1], [3, 7], [130, 33], [0, 4], [40, 64]] {
                for owners in [width, 1] {
                    let upstream = entries(&[rows, width], 2.0, 1.0);
                    let start = entries(&[rows, width], 0.4, 6.0);
                    let (x, exact) = (leaf(&start, Kind::BFloat16), leaf(&start, Kind::Double));
                    let starts: Vec<Tensor> =
                        (0..count).map(|index| entries(&[owners], index as f64, 0.7) + 1.0).collect();
                    let found: Vec<Tensor> = starts.iter().map(|start| leaf(start, Kind::Float)).collect();
                    let double: Vec<Tensor> = starts.iter().map(|start| leaf(start, Kind::Double)).collect();
                    let y = by_channel(&x, function, &found.iter().collect::<Vec<_>>()).unwrap();
                    let expected = formula(function, &exact, &double);
                    let case = format!("{function:?} [{rows}, {width}] {owners}");
                    assert!(distance(&y, &expected) < 4e-3, "{case}");
                    (y.to_kind(Kind::Double) * &upstream).sum(Kind::Double).backward();
                    (expected * &upstream).sum(Kind::Double).backward();
                    assert!(distance(&x.grad(), &exact.grad()) < 4e-3, "{case}: by x");
                    for (index, (found, double)) in found.iter().zip(&double).enumerate() {
                        // A sum of so many terms of either sign is about as large as the root of their number, if not
                        // by chance.
                        let usual = ((rows * width / owners) as f64).sqrt().max(1.0);
                        let far = (found.grad().to_kind(Kind::Double) - double.grad()).abs();
                        let far = (far / double.grad().abs().clamp_min(usual)).max().double_value(&[]);
                        assert!(far < 2e-5, "{case}: by parameter {index}: {far}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_row_of_normalised_powers_agrees_with_double_precision() {
        for ([rows, width], size) in
            [([3, 7], 6.0), ([130, 33], 1e-4), ([0, 4], 1.0), ([40, 64], 6.0), ([9, 48], 1e15), ([2, 64], 1e37)]
        {
            for owners in [width, 1] {
                let upstream = entries(&[rows, width], 2.0, 1.0);
                let start = entries(&[rows, width], 0.4, size);
                let (x, exact) = (leaf(&start, Kind::BFloat16), leaf(&start, Kind::Double));
                let starts: Vec<Tensor> = (0..4).map(|index| entries(&[owners], f64::from(index), 0.7) + 0.5).collect();
                let found: Vec<Tensor> = starts.iter().map(|start| leaf(start, Kind::Float)).collect();
                let double: Vec<Tensor> = starts.iter().map(|start| leaf(start, Kind::Double)).collect();
                let y = by_channel(&x, ChannelFunction::PolyNorm, &found.iter().collect::<Vec<_>>()).unwrap();
                let expected = formula(ChannelFunction::PolyNorm, &exact, &double);
                let case = format!("[{rows}, {width}] of {size} {owners}");
                assert!(distance(&y, &expected) < 4e-3, "{case}");
                (y.to_kind(Kind::Double) * &upstream).sum(Kind::Double).backward();
                (expected * &upstream).sum(Kind::Double).backward();
                assert!(distance(&x.grad(), &exact.grad()) < 4e-3, "{case}: by x");
                for (index, (found, double)) in found.iter().zip(&double).enumerate() {
                    let far = distance(&found.grad(), &double.grad());
                    assert!(far < 2e-5, "{case}: by parameter {index}: {far}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_spoils_its_own_row_of_normalised_powers_only() {
        let one = Tensor::from_slice(&[0.5_f32]);
        for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let x = entries(&[3, 40], 0.4, 2.0);
            let _ = x.get(1).get(17).fill_(wrong);
            let y = by_channel(&x.to_kind(Kind::BFloat16), ChannelFunction::PolyNorm, &[&one; 4]).unwrap();
            let spoilt =
                Vec::<i64>::try_from(y.isfinite().logical_not().sum_dim_intlist(1, false, Kind::Int64)).unwrap();
            assert_eq!(spoilt, [0, 40, 0], "{wrong}");
        }
    }

    #[test]
    fn functions_are_exact_to_the_last_place_of_bfloat16() {
        // Every number from 2⁻⁶ to 2³, with both signs.
        let bits = (0x3c80_u32..0x4100).flat_map(|bits| [bits, bits | 0x8000]);
        let numbers: Vec<f32> = bits.map(|bits| f32::from_bits(bits << 16)).collect();
        let x = Tensor::from_slice(&numbers).view([-1, 1]).to_kind(Kind::BFloat16);
        for (function, count) in ALL {
            let parameters: Vec<Tensor> = (0..count).map(|index| Tensor::from_slice(&[1.25 + index as f32])).collect();
            let double: Vec<Tensor> = parameters.iter().map(|one| one.to_kind(Kind::Double)).collect();
            let found = by_channel(&x, function, &parameters.iter().collect::<Vec<_>>()).unwrap();
            let expected = formula(function, &x.to_kind(Kind::Double), &double);
            let far = (found.to_kind(Kind::Double) - &expected).abs() / (expected.abs() + 1e-5);
            let far = far.max().double_value(&[]);
            assert!(far < 4.2e-3, "{function:?}: {far}");
        }
    }

    #[test]
    fn a_table_is_looked_up_and_gathers_its_gradients() {
        let bits: Vec<f32> = (0..=u16::MAX).map(|bits| f32::from_bits(u32::from(bits) << 16)).collect();
        let values = Tensor::from_slice(&bits).to_kind(Kind::BFloat16);
        let slopes = Tensor::arange(NUMBERS, (Kind::Float, Device::Cpu));
        let learned = Tensor::zeros([NUMBERS], (Kind::Float, Device::Cpu)).set_requires_grad(true);
        for rows in [1, 700] {
            let x = leaf(&entries(&[rows, 5], 0.3, 2.0), Kind::BFloat16);
            let y = look_up(&x, &values, &slopes, Some(&learned)).unwrap();
            assert_eq!(y, x);
            let upstream = entries(&[rows, 5], 0.9, 1.0).to_kind(Kind::BFloat16);
            (y * &upstream).sum(Kind::Float).backward();
            let places = x.detach().view_dtype(Kind::Int16).to_kind(Kind::Int64).remainder(NUMBERS).flatten(0, 1);
            let expected = slopes.index_select(0, &places) * upstream.flatten(0, 1);
            assert_eq!(x.grad().flatten(0, 1), expected.to_kind(Kind::BFloat16));
            let sums = Tensor::zeros([NUMBERS], (Kind::Double, Device::Cpu));
            let sums = sums.index_add(0, &places, &upstream.flatten(0, 1).to_kind(Kind::Double));
            assert!((learned.grad().to_kind(Kind::Double) - sums).abs().max().double_value(&[]) < 1e-5);
            let mut gradient = learned.grad();
            let _ = gradient.zero_();
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = Tensor::zeros([3, 4], (Kind::BFloat16, Device::Cpu));
        let beta = Tensor::ones([3], (Kind::Float, Device::Cpu));
        let error = by_channel(&x, ChannelFunction::Swish, &[&beta]).unwrap_err().to_string();
        assert_eq!(
            error,
            "libtorch: a parameter is Float[3], not one number in float32, or one for each of 4 channels"
        );
        let error = look_up(&x, &x, &beta, None).unwrap_err().to_string();
        assert_eq!(error, "libtorch: values are BFloat16[3, 4] on cpu, not one in bfloat16 on cpu for each number");
        let values = Tensor::zeros([NUMBERS], (Kind::BFloat16, Device::Cpu));
        let error = look_up(&x, &values, &beta, None).unwrap_err().to_string();
        assert_eq!(error, "libtorch: slopes are Float[3] on cpu, not one in float32 on cpu for each number");
    }
}
