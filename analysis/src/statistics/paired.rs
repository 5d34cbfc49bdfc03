//! The paired t test.

use super::describe::{mean, standard_deviation};
use super::estimate::{Conclusion, Estimate, is_rounding, tested};

/// Compares two arms run by run: `pairs` holds (level, baseline) of the same seed.
///
/// With differences dᵢ = levelᵢ - baselineᵢ, their mean d̄ and sample standard deviation s:
/// t = d̄ / (s / √n) with n - 1 degrees of freedom; the interval is d̄ ± t(1 - alpha/2, n - 1) · s / √n.
///
/// Assumes that seeds are a random sample and that differences are roughly normal; with few seeds this cannot be
/// checked, and the test is exact only if it holds. It does not assume that the two arms are correlated: where they
/// are, it gains power. Not for pairs made by the order of rows. `None` without pairs.
///
/// Source: Student (1908), "The probable error of a mean", Biometrika 6.
pub fn paired_t(pairs: &[(f64, f64)], alpha: f64) -> Option<Estimate> {
    let differences: Vec<f64> = pairs.iter().map(|(level, baseline)| level - baseline).collect();
    let difference = mean(&differences)?;
    let estimate = |conclusion| Some(Estimate { difference, conclusion });
    if differences.iter().all(|difference| difference.abs() <= 0.0) {
        return estimate(Conclusion::Identical);
    }
    let Some(spread) = standard_deviation(&differences) else { return estimate(Conclusion::TooFew) };
    let largest = pairs.iter().map(|(level, baseline)| level.abs().max(baseline.abs())).fold(0.0, f64::max);
    if is_rounding(spread, largest) {
        return estimate(Conclusion::NoSpread);
    }
    let n = differences.len() as f64;
    let df = n - 1.0;
    tested(difference, spread / n.sqrt(), df, alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A5: [f64; 5] = [0.712, 0.734, 0.721, 0.745, 0.729];
    const B5: [f64; 5] = [0.701, 0.722, 0.715, 0.731, 0.726];
    const A10: [f64; 10] = [0.8123, 0.8056, 0.8201, 0.7988, 0.8147, 0.8075, 0.819, 0.8112, 0.8034, 0.8166];
    const B10: [f64; 10] = [0.8067, 0.8071, 0.812, 0.7935, 0.8119, 0.8042, 0.8098, 0.8131, 0.8001, 0.8092];

    fn pairs(a: &[f64], b: &[f64]) -> Vec<(f64, f64)> {
        a.iter().copied().zip(b.iter().copied()).collect()
    }

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-10, "{found} is not {expected}");
    }

    #[test]
    fn five_and_ten_seeds() {
        // SciPy 1.17.1: r = ttest_rel(a, b); r.statistic, r.pvalue, *r.confidence_interval(0.95). The statistic is
        // compared at 1e-10 relative: 0.712 - 0.701 loses four digits in either program.
        let cases = [
            (
                pairs(&A5, &B5),
                [
                    4.521_553_322_083_513,
                    0.010_645_696_227_996_217,
                    0.003_550_769_934_954_689,
                    0.014_849_230_065_045_328,
                ],
            ),
            (
                pairs(&A10, &B10),
                [
                    3.503_572_870_017_326_8,
                    0.006_685_840_288_935_432,
                    0.001_474_006_545_211_657,
                    0.006_845_993_454_788_314_5,
                ],
            ),
        ];
        for (pairs, [t, p, low, high]) in cases {
            let test = *paired_t(&pairs, 0.05).unwrap().test().unwrap();
            close(test.t, t);
            close(test.p, p);
            close(test.interval.low, low);
            close(test.interval.high, high);
        }
    }

    #[test]
    fn two_seeds_have_one_degree_of_freedom() {
        // SciPy 1.17.1: ttest_rel([.61, .64], [.58, .60])
        let test = *paired_t(&[(0.61, 0.58), (0.64, 0.60)], 0.05).unwrap().test().unwrap();
        close(test.t, 7.0);
        close(test.p, 0.090_334_470_601_733_2);
        close(test.interval.low, -0.028_531_023_680_873_5);
    }

    #[test]
    fn equal_differences_have_no_p_value() {
        // SciPy gives t = 2.7e15, p = 1.4e-31 and t = inf, p = 0 here.
        for pairs in [vec![(0.6, 0.5), (0.7, 0.6), (0.8, 0.7)], vec![(2.0, 1.0), (3.0, 2.0), (4.0, 3.0)]] {
            let estimate = paired_t(&pairs, 0.05).unwrap();
            assert_eq!(estimate.conclusion, Conclusion::NoSpread);
            close(estimate.difference, pairs[0].0 - pairs[0].1);
        }
        assert_eq!(paired_t(&[(0.5, 0.5), (0.6, 0.6)], 0.05).unwrap().conclusion, Conclusion::Identical);
    }

    #[test]
    fn one_pair_is_an_estimate_and_none_is_nothing() {
        let estimate = paired_t(&[(0.6, 0.5)], 0.05).unwrap();
        assert_eq!(estimate.conclusion, Conclusion::TooFew);
        assert!((estimate.difference - 0.1).abs() < 1e-15);
        assert_eq!(paired_t(&[], 0.05), None);
    }

    #[test]
    fn swapping_the_arms_flips_the_sign_and_nothing_else() {
        let forth = paired_t(&pairs(&A5, &B5), 0.05).unwrap();
        let back = paired_t(&pairs(&B5, &A5), 0.05).unwrap();
        let (one, other) = (forth.test().unwrap(), back.test().unwrap());
        assert_eq!(forth.difference.to_bits(), (-back.difference).to_bits());
        assert_eq!(one.p.to_bits(), other.p.to_bits());
        assert_eq!(one.interval.low.to_bits(), (-other.interval.high).to_bits());
    }
}
