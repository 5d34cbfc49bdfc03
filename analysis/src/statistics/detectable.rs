//! What a design could have seen: the power of the t test turned around.

use super::{noncentral, student};

/// The power that a design is asked for, by convention.
pub const POWER: f64 = 0.8;

/// The power of the two-sided t test at `alpha` when the true difference is `noncentrality` standard errors.
///
/// P(T > c) + P(T < -c) for a noncentral t variable T, with c the quantile of 1 - alpha/2 of Student's t. `None` for an
/// alpha outside (0, 1) or fewer than one degree of freedom.
pub fn power(noncentrality: f64, df: f64, alpha: f64) -> Option<f64> {
    if df < 1.0 || !(alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    let critical = student::quantile(1.0 - alpha / 2.0, df)?;
    let above = noncentral::upper_tail(critical, df, noncentrality);
    // The wrong tail is below 1e-15 from there on.
    let below = if noncentrality < 8.0 { noncentral::upper_tail(critical, df, -noncentrality) } else { 0.0 };
    Some((above + below).min(1.0))
}

/// How many standard errors a true difference must measure to be found with probability [`POWER`], to ten digits.
///
/// Times the standard error that was seen, it is the smallest difference that a design can resolve: exact for the
/// paired t test under its assumptions; an approximation for Welch's, whose degrees of freedom are estimated. It does
/// not reinterpret the result at hand, and it inherits the uncertainty of a standard error that comes from few seeds.
pub fn detectable_noncentrality(df: f64, alpha: f64) -> Option<f64> {
    reached(|noncentrality| power(noncentrality, df, alpha))
}

/// The size of an effect from which on a power that grows with it is at least [`POWER`], to ten digits.
///
/// The root is enclosed by doubling and closed in by false position with the Illinois rule, which halves the weight of
/// an end that stays. `None` where the power is not defined, or not reached by any size up to a thousand million.
pub fn reached(power: impl Fn(f64) -> Option<f64>) -> Option<f64> {
    let excess = |size| power(size).map(|power| power - POWER);
    let mut low = (0.0, excess(0.0)?);
    let mut high = (4.0, excess(4.0)?);
    while high.1 < 0.0 {
        low = high;
        high = (high.0 * 2.0, excess(high.0 * 2.0)?);
        if high.0 > 1e9 {
            return None;
        }
    }
    for _ in 0..60 {
        let next = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        let found = (next, excess(next)?);
        if (high.0 - low.0).abs() < 1e-10 * high.0 || found.1.abs() < 1e-12 {
            return Some(next);
        }
        if (found.1 < 0.0) == (low.1 < 0.0) {
            (low, high.1) = (found, high.1 / 2.0);
        } else {
            (high, low.1) = (found, low.1 / 2.0);
        }
    }
    Some(f64::midpoint(low.0, high.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paired_designs() {
        // statsmodels 0.15.0: TTestPower().solve_power(nobs=n, power=0.8, alpha=0.05)
        for (n, expected) in [
            (3.0_f64, 3.264_043_552_819_638),
            (5.0, 1.681_997_083_323_267_4),
            (10.0, 0.996_001_910_762_417_8),
            (20.0, 0.660_441_654_438_031_2),
        ] {
            let found = detectable_noncentrality(n - 1.0, 0.05).unwrap() / n.sqrt();
            assert!((found / expected - 1.0).abs() < 1e-6, "{n}: {found} {expected}");
        }
    }

    #[test]
    fn independent_groups_of_equal_size() {
        // statsmodels 0.15.0: TTestIndPower().solve_power(nobs1=n, power=0.8, alpha=0.05)
        for (n, expected) in [(3.0_f64, 3.070_892_269_599_019), (10.0, 1.324_947_368_330_822)] {
            let found = detectable_noncentrality(2.0 * n - 2.0, 0.05).unwrap() * (2.0 / n).sqrt();
            assert!((found / expected - 1.0).abs() < 1e-6, "{n}: {found} {expected}");
        }
    }

    #[test]
    fn power_of_a_known_effect() {
        // statsmodels 0.15.0: TTestPower().power(0.8, n, 0.05)
        for (n, expected) in
            [(3.0_f64, 0.134_885_399_230_904_9), (5.0, 0.280_992_063_517_373_5), (20.0, 0.923_898_755_388_578_1)]
        {
            let found = power(0.8 * n.sqrt(), n - 1.0, 0.05).unwrap();
            assert!((found - expected).abs() < 1e-8, "{n}: {found} {expected}");
        }
        for alpha in [0.0, 1.0, 1.5, f64::NAN] {
            assert_eq!((power(2.0, 4.0, alpha), detectable_noncentrality(4.0, alpha)), (None, None));
        }
    }
}
