//! The standard normal distribution, to the last digits: that of statrs has ten of them.

use std::f64::consts::{PI, SQRT_2};

use libm::erfc;
use statrs::distribution::{ContinuousCDF, Normal};

/// The probability of a value above `z`.
pub fn upper_tail(z: f64) -> f64 {
    erfc(z / SQRT_2) / 2.0
}

/// The probability of a value at most `z`.
pub fn cumulative(z: f64) -> f64 {
    upper_tail(-z)
}

/// The probability of a value at least as far from 0 as `z`; for a finite `z` never 0, and the smallest normal number
/// where it would be.
pub fn two_sided(z: f64) -> f64 {
    let tail = erfc(z.abs() / SQRT_2);
    if z.is_finite() { tail.max(f64::MIN_POSITIVE) } else { tail }
}

/// The value that is exceeded with `probability`; `None` outside (0, 1).
///
/// The quantile of statrs, made good by two steps of Newton on the tail.
pub fn upper_quantile(probability: f64) -> Option<f64> {
    if !(probability > 0.0 && probability < 1.0) {
        return None;
    }
    if probability > 0.5 {
        return Some(-lower_half(1.0 - probability));
    }
    Some(lower_half(probability))
}

fn lower_half(probability: f64) -> f64 {
    let mut z = -Normal::standard().inverse_cdf(probability);
    for _ in 0..2 {
        let density = (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
        z += (upper_tail(z) - probability) / density;
    }
    z
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_turns_the_tail_around() {
        for probability in [1e-12, 1e-4, 0.025, 0.3, 0.5, 0.61, 0.975] {
            let back = upper_tail(upper_quantile(probability).unwrap());
            assert!((back / probability - 1.0).abs() < 1e-13, "{probability}: {back}");
        }
        assert_eq!(upper_quantile(0.0), None);
        assert_eq!(upper_quantile(f64::NAN), None);
    }
}
