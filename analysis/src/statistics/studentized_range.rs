//! The distribution of the studentized range, which Tukey's, Games and Howell's and Nemenyi's comparisons rest on.

use statrs::function::erf::erfc;
use std::f64::consts::{PI, SQRT_2};

/// Step and reach of the rule over the smallest of the values, in standard deviations.
const STEP: f64 = 0.1;
const REACH: i32 = 90;

/// Probability that the range of `arms` standard normal values, over an independent estimate of their standard deviation with
/// `df` degrees of freedom, is at most `q`; an infinite `df` is the range itself.
///
/// P = ∫ f(s) W(q s) ds, with W(r) = k ∫ φ(z) (Φ(z + r) - Φ(z))ᵏ⁻¹ dz and f the density of √(χ²/ν), both by the trapezoidal
/// rule, over z and over ln s. It converges faster than any power of the step for such smooth, fast decaying functions.
///
/// The error is below 1e-9, absolute: not for tail probabilities smaller than that. `None` for fewer than two arms, for `df`
/// below 1 or for a `q` that is not a number.
///
/// Source: Lund and Lund (1983), Applied Statistics 32 (the integrals); Trefethen and Weideman (2014), SIAM Review 56.
pub fn cumulative(q: f64, arms: u32, df: f64) -> Option<f64> {
    if arms < 2 || q.is_nan() || df.is_nan() || df < 1.0 {
        return None;
    }
    if q <= 0.0 {
        return Some(0.0);
    }
    if df.is_infinite() {
        return Some(range(q, arms));
    }
    // ln s has a standard deviation of about 1 / √(2 ν); with few degrees of freedom its left tail falls as e^(ν ln s) only.
    let deviation = (2.0 * df).sqrt().recip();
    let step = deviation / 6.0;
    let (mut weights, mut total) = (0.0, 0.0);
    for index in -360..=72 {
        let log = f64::from(index) * step;
        // The density up to its constant, which the sum of the weights gives without the cancellation of large logarithms.
        let weight = (df * (log - (2.0 * log).exp_m1() / 2.0)).exp();
        if weight > 1e-18 {
            weights += weight;
            total += weight * range(q * log.exp(), arms);
        }
    }
    Some((total / weights).clamp(0.0, 1.0))
}

/// W(r): the probability that the range of `arms` standard normal values is at most r.
fn range(r: f64, arms: u32) -> f64 {
    let arms = f64::from(arms);
    let node = |index: i32| {
        let z = f64::from(index) * STEP;
        let density = (-z * z / 2.0).exp() / (2.0 * PI).sqrt();
        density * (upper(z) - upper(z + r)).powf(arms - 1.0)
    };
    let total: f64 = (-REACH..=REACH).map(node).sum();
    (arms * total * STEP).clamp(0.0, 1.0)
}

/// The upper tail of the standard normal distribution.
fn upper(z: f64) -> f64 {
    erfc(z / SQRT_2) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_small_and_large_degrees_of_freedom() {
        // SciPy 1.17.1: studentized_range.cdf(q, k, df) (reference case studentized_range)
        let cases = [
            (3.5, 3, 10.0, 0.922_896_689_161_589_6),
            (4.2, 5, 20.0, 0.947_646_423_326_438_7),
            (2.0, 2, 3.0, 0.747_784_503_644_495_8),
            (5.0, 10, 60.0, 0.974_715_780_240_921_5),
            // SciPy takes 100000 degrees of freedom for infinitely many, so this is the answer to that.
            (3.858, 5, f64::INFINITY, 0.950_033_440_447_824_2),
            (8.0, 3, 2.0, 0.946_008_999_723_081),
            (6.0, 20, 5.0, 0.839_245_250_847_392_3),
        ];
        for (q, arms, df, expected) in cases {
            let found = cumulative(q, arms, df).unwrap();
            assert!((found - expected).abs() < 1e-9, "{q} {arms} {df}: {found} {expected}");
        }
    }

    #[test]
    fn two_arms_are_student_s_test() {
        for df in [1.0, 2.0, 7.5, 40.0, 1000.0, 1e5] {
            for q in [0.1, 1.0, 3.0, 10.0] {
                let expected = 1.0 - super::super::student::two_sided(q / SQRT_2, df).unwrap();
                let found = cumulative(q, 2, df).unwrap();
                assert!((found - expected).abs() < 1e-9, "{q} {df}: {found} {expected}");
            }
        }
    }

    #[test]
    fn quantiles_of_the_range_itself() {
        // SciPy 1.17.1: studentized_range.ppf(0.95, k, inf) (reference case studentized_range_ppf)
        for (arms, q) in [(5, 3.857_655_510_378_623), (20, 5.011_688_794_118_442_5)] {
            assert!((cumulative(q, arms, f64::INFINITY).unwrap() - 0.95).abs() < 1e-9);
        }
    }

    #[test]
    fn many_degrees_of_freedom_come_near_to_infinitely_many_as_one_over_them() {
        let gap = |df| cumulative(3.858, 5, f64::INFINITY).unwrap() - cumulative(3.858, 5, df).unwrap();
        assert!((gap(1e4) / gap(1e5) - 10.0).abs() < 0.01, "{} {}", gap(1e4), gap(1e5));
        assert!(gap(1e10).abs() < 1e-9);
    }

    #[test]
    fn ends_and_what_has_no_answer() {
        assert_eq!(cumulative(0.0, 3, 5.0), Some(0.0));
        assert_eq!(cumulative(1.0, 1, 5.0), None);
        assert_eq!(cumulative(1.0, 3, 0.5), None);
        assert_eq!(cumulative(f64::NAN, 3, 5.0), None);
    }
}
