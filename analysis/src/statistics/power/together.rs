//! The probability that several t tests of one difference all do what is asked of them.
//!
//! Tests of one difference that take their error from different runs share its deviate Z, and each has a spread Sₖ =
//! √(χ²/dfₖ) of its own. Given Z the spreads are taken as independent: ∫ φ(z) Πₖ P(Sₖ < room of test k at z) dz. Spreads
//! of the same runs vary together, and then the probability is larger, so that what is told is a lower bound.
//!
//! By the trapezoidal rule over x, with z = low + (high - low)·(x - sin(2πx) / 2π): its slope vanishes at both ends, so
//! that an integrand which does not costs no digits. Eight of them, from two degrees of freedom to a thousand; six for
//! one.

use crate::statistics::distributions::chi_squared;
use crate::statistics::student;

/// Where φ(z) is below 1e-9 of its maximum.
const REACH: f64 = 6.5;
/// The most steps of the integral: enough for a thousand degrees of freedom.
const STEPS: f64 = 4000.0;

/// A t test that is to be carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Planned {
    /// The true difference, or the margin, in its standard errors.
    pub(crate) size: f64,
    /// Its degrees of freedom, at least 1.
    pub(crate) df: f64,
    /// Its alpha: of both sides to find a difference, of each of two tests to show that it is within a margin.
    pub(crate) alpha: f64,
}

/// The probability that all `tests` reject a difference of 0: |δₖ + Z| > cₖ Sₖ for each, with cₖ the quantile of 1 -
/// α/2. Of one test it is [`crate::statistics::detectable::power`]. `None` where a quantile of t is not defined.
pub(crate) fn all_reject(tests: &[Planned]) -> Option<f64> {
    let room = |size: f64, critical: f64, z: f64| (size + z).abs() / critical;
    over_deviates(tests, (-REACH, REACH), |alpha| 1.0 - alpha / 2.0, room)
}

/// The probability that all `tests` show a difference of 0 to be within their margins, by two one-sided tests each: |Z| +
/// cₖ Sₖ < margin, with cₖ the quantile of 1 - α. Of one test it is [`super::equivalence::shows`].
pub(crate) fn all_show(tests: &[Planned]) -> Option<f64> {
    let room = |margin: f64, critical: f64, z: f64| (margin - z) / critical;
    let nearest = tests.iter().fold(REACH, |nearest, test| nearest.min(test.size));
    over_deviates(tests, (0.0, nearest), |alpha| 1.0 - alpha, room).map(|half| 2.0 * half)
}

fn over_deviates(
    tests: &[Planned],
    (low, high): (f64, f64),
    level: fn(f64) -> f64,
    room: fn(f64, f64, f64) -> f64,
) -> Option<f64> {
    let critical: Vec<f64> =
        tests.iter().map(|test| student::quantile(level(test.alpha), test.df)).collect::<Option<_>>()?;
    // A test passes or fails within a few c/√(2 df) of z.
    let widths = tests.iter().zip(&critical).map(|(test, critical)| critical / (2.0 * test.df).sqrt());
    let wanted = widths.fold(0.125, |step: f64, width| step.min(0.5 * width));
    let steps = (2.0 * (high - low) / wanted).ceil().clamp(64.0, STEPS);
    let at = |index: u32| {
        let turn = std::f64::consts::TAU * f64::from(index) / steps;
        let z = low + (high - low) * (turn - turn.sin()) / std::f64::consts::TAU;
        let slope = (high - low) * (1.0 - turn.cos());
        let passes = tests.iter().zip(&critical).map(|(test, critical)| {
            let spread = room(test.size, *critical, z).max(0.0);
            chi_squared::upper_tail(spread * spread * test.df, test.df).map(|tail| 1.0 - tail)
        });
        passes
            .product::<Option<f64>>()
            .map(|passed| passed * slope * (-0.5 * z * z).exp() / std::f64::consts::TAU.sqrt())
    };
    let sum: f64 = (0..steps as u32).map(at).sum::<Option<f64>>()?;
    Some((sum / steps).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::detectable::power;
    use crate::statistics::power::equivalence::shows;

    #[test]
    fn of_one_test_it_is_its_power() {
        for (size, df, alpha) in [(3.0, 2.0, 0.05), (3.8, 32.0, 0.006), (0.0, 7.0, 0.05), (2.5, 400.0, 0.01)] {
            let test = [Planned { size, df, alpha }];
            let [found, expected] = [all_reject(&test), power(size, df, alpha)].map(Option::unwrap);
            assert!((found - expected).abs() < 1e-8, "{size} {df}: {found} {expected}");
            let [found, expected] = [all_show(&test), shows(size, 0.0, df, alpha)].map(Option::unwrap);
            assert!((found - expected).abs() < 1e-8, "{size} {df}: {found} {expected}");
        }
    }

    #[test]
    fn of_two_it_is_at_most_either_and_at_least_what_their_failures_leave() {
        // SciPy 1.17.1 (integrate.quad over stats.norm.pdf and the products of stats.chi2.cdf).
        let cases = [
            ([(3.8, 32.0, 0.05 / 8.0), (3.2, 4.0, 0.05)], 0.618_594_216_702_026_9, 0.585_036_130_010_476),
            ([(5.0, 8.0, 0.05), (4.0, 2.0, 0.05)], 0.563_169_031_260_438_5, 0.684_096_428_155_131_5),
        ];
        for (tests, rejected, shown) in cases {
            let tests = tests.map(|(size, df, alpha)| Planned { size, df, alpha });
            for (all, expected) in [(all_reject as fn(&[Planned]) -> Option<f64>, rejected), (all_show, shown)] {
                let found = all(&tests).unwrap();
                assert!((found - expected).abs() < 1e-8, "{tests:?}: {found} {expected}");
                let each = tests.map(|test| all(&[test]).unwrap());
                assert!(found < each[0].min(each[1]) && found > each[0] + each[1] - 1.0, "{tests:?}");
            }
        }
    }
}
