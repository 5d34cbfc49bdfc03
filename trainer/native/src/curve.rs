//! Activations with many coefficients, over float32 in one pass each way.

use tch::Tensor;

use crate::TorchError;
use crate::shim;

/// (a₀ + a₁x + … + a₅x⁵) / (1 + |b₁x + … + b₄x⁴|) of each entry of `[T, width]` in float32 on the processor.
///
/// The numerator is `[owners, 6]`, the denominator `[owners, 4]`, both float32, lowest power first; an owner is a
/// channel, or one for all of them. Where b₁x + … is 0, the slope of its absolute value is 0. The sums over rows for
/// the coefficients are formed in the same order whatever the number of threads. It has no second derivative.
///
/// # Errors
///
/// When shapes or kinds do not fit.
pub fn rational(x: &Tensor, numerator: &Tensor, denominator: &Tensor) -> Result<Tensor, TorchError> {
    // SAFETY: all pointers are valid for the call, which makes a new tensor.
    unsafe {
        shim::tensor(|result| shim::seedbed_rational(x.as_ptr(), numerator.as_ptr(), denominator.as_ptr(), result))
    }
}

/// Straight lines between values at anchors evenly spaced on [−reach, reach], constant beyond, at each entry of `[T,
/// width]` in float32 on the processor.
///
/// The values are `[owners, anchors]` in float32, at least two of each owner: a channel, or one for all of them. What
/// is not a number stays so. Sums are formed as those of [`rational`], and there is no second derivative.
///
/// # Errors
///
/// When shapes or kinds do not fit.
pub fn anchored(x: &Tensor, values: &Tensor, reach: f64) -> Result<Tensor, TorchError> {
    // SAFETY: all pointers are valid for the call, which makes a new tensor.
    unsafe { shim::tensor(|result| shim::seedbed_anchored(x.as_ptr(), values.as_ptr(), reach, result)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{distance, entries, leaf};
    use tch::Kind;

    const SHAPES: [[i64; 2]; 6] = [[1, 1], [3, 7], [130, 33], [0, 4], [40, 64], [17, 300]];

    fn polynomial(x: &Tensor, coefficients: &Tensor) -> Tensor {
        let powers = coefficients.unbind(-1).into_iter().enumerate();
        powers.fold(x.zeros_like(), |sum, (power, coefficient)| sum + coefficient * x.pow_tensor_scalar(power as i64))
    }

    /// In double precision.
    fn quotient(x: &Tensor, numerator: &Tensor, denominator: &Tensor) -> Tensor {
        polynomial(x, numerator) / ((polynomial(x, denominator) * x).abs() + 1.0)
    }

    /// In double precision, as sums of hats.
    fn lines(x: &Tensor, values: &Tensor, reach: f64) -> Tensor {
        let anchors = values.size()[1];
        let place = ((x + reach) * ((anchors - 1) as f64 / (2.0 * reach))).clamp(0.0, (anchors - 1) as f64);
        let hats = (0..anchors).map(|anchor| {
            let hat = ((&place - anchor as f64).abs().neg() + 1.0).clamp_min(0.0);
            hat * values.select(1, anchor)
        });
        hats.fold(x.zeros_like(), |sum, hat| sum + hat)
    }

    fn agree(
        case: &str,
        start: &Tensor,
        coefficients: &[Tensor],
        ours: impl Fn(&Tensor, &[Tensor]) -> Tensor,
        formula: impl Fn(&Tensor, &[Tensor]) -> Tensor,
    ) {
        let upstream = entries(&start.size(), 2.0, 1.0);
        let (x, exact) = (leaf(start, Kind::Float), leaf(start, Kind::Double));
        let found: Vec<Tensor> = coefficients.iter().map(|one| leaf(one, Kind::Float)).collect();
        let double: Vec<Tensor> = coefficients.iter().map(|one| leaf(one, Kind::Double)).collect();
        let (y, expected) = (ours(&x, &found), formula(&exact, &double));
        // Of a place among 64 anchors float32 knows 4·10⁻⁶ of a cell.
        assert!(distance(&y, &expected) < 1e-5, "{case}: {}", distance(&y, &expected));
        (y * upstream.to_kind(Kind::Float)).sum(Kind::Float).backward();
        (expected * upstream).sum(Kind::Double).backward();
        assert!(distance(&x.grad(), &exact.grad()) < 5e-6, "{case}: by x {}", distance(&x.grad(), &exact.grad()));
        for (index, (found, double)) in found.iter().zip(&double).enumerate() {
            let far = distance(&found.grad(), &double.grad());
            assert!(far < 2e-5, "{case}: by coefficients {index}: {far}");
        }
    }

    #[test]
    fn quotients_agree_with_double_precision() {
        for [rows, width] in SHAPES {
            for owners in [[width, width], [1, 1], [1, width]] {
                let coefficients = [entries(&[owners[0], 6], 0.2, 0.8), entries(&[owners[1], 4], 1.1, 0.5)];
                agree(
                    &format!("[{rows}, {width}] {owners:?}"),
                    &entries(&[rows, width], 0.4, 4.0),
                    &coefficients,
                    |x, these| rational(x, &these[0], &these[1]).unwrap(),
                    |x, these| quotient(x, &these[0], &these[1]),
                );
            }
        }
    }

    #[test]
    fn lines_agree_with_double_precision() {
        for [rows, width] in SHAPES {
            for owners in [width, 1] {
                for (anchors, reach) in [(64, 15.0), (2, 1.0), (9, 3.0)] {
                    // A part of the entries lies beyond the anchors; none lies on one, where either slope would be
                    // right.
                    let start = entries(&[rows, width], 0.4, 1.3 * reach) + 0.013;
                    agree(
                        &format!("[{rows}, {width}] {owners} {anchors}"),
                        &start,
                        &[entries(&[owners, anchors], 0.2, 2.0)],
                        |x, these| anchored(x, &these[0], reach).unwrap(),
                        |x, these| lines(x, &these[0], reach),
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_stays_so_and_spoils_no_other_entry() {
        let x = Tensor::from_slice(&[f32::NAN, 0.3, f32::INFINITY, f32::NEG_INFINITY]).view([1, 4]);
        let values = Tensor::from_slice(&[1.0_f32, 2.0, 5.0]).view([1, 3]);
        let y = Vec::<f32>::try_from(anchored(&x, &values, 1.0).unwrap().view(-1)).unwrap();
        assert!(y[0].is_nan() && (y[1] - 2.9).abs() < 1e-6 && y[2..] == [5.0, 1.0], "{y:?}");
        let (one, other) = (Tensor::ones([1, 6], tch::kind::FLOAT_CPU), Tensor::ones([1, 4], tch::kind::FLOAT_CPU));
        let y = Vec::<f32>::try_from(rational(&x, &one, &other).unwrap().view(-1)).unwrap();
        assert!(y[0].is_nan() && y[1].is_finite(), "{y:?}");
    }

    #[test]
    fn sums_do_not_depend_on_the_number_of_threads() {
        let gradients = |threads| {
            tch::set_num_threads(threads);
            let x = entries(&[333, 20], 0.4, 4.0).to_kind(Kind::Float);
            let learned = [entries(&[1, 6], 0.2, 0.8), entries(&[1, 4], 1.1, 0.5), entries(&[1, 64], 0.2, 2.0)];
            let learned = learned.map(|one| leaf(&one, Kind::Float));
            let y = rational(&x, &learned[0], &learned[1]).unwrap() + anchored(&x, &learned[2], 15.0).unwrap();
            y.square().sum(Kind::Float).backward();
            learned.map(|one| one.grad())
        };
        let before = tch::get_num_threads();
        let (one, three) = (gradients(1), gradients(3));
        tch::set_num_threads(before);
        assert_eq!(one, three);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = Tensor::zeros([3, 4], tch::kind::FLOAT_CPU);
        let error = anchored(&x, &Tensor::ones([3, 8], tch::kind::FLOAT_CPU), 1.0).unwrap_err().to_string();
        let expected =
            "coefficients are Float[3, 8], not those of one curve, or of one for each of 4 channels, in float32";
        assert_eq!(error, format!("libtorch: {expected}"));
        assert!(anchored(&x, &Tensor::ones([1, 1], tch::kind::FLOAT_CPU), 1.0).is_err());
        assert!(rational(&x.to_kind(Kind::Double), &x.narrow(0, 0, 1), &x.narrow(0, 0, 1)).is_err());
    }
}
