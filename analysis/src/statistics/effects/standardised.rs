//! The interval of a standardised mean difference.

use crate::statistics::estimate::Interval;
use crate::statistics::noncentral;

/// The interval of level 1 - `alpha` for an effect whose t statistic with `df` degrees of freedom is effect · `root`.
///
/// For d_z of n pairs `root` is √n; for d of groups of n and m it is √(nm / (n + m)). The ends are the noncentralities
/// at which `t` is the quantile of 1 - alpha/2 and of alpha/2, over `root`, to about 1e-8. Exact for normal values.
/// `None` for an alpha outside (0, 1), fewer than one degree of freedom, or a `t` that is not finite.
///
/// Source: Steiger and Fouladi (1997), "Noncentrality interval estimation and the evaluation of statistical models".
pub fn interval(t: f64, df: f64, root: f64, alpha: f64) -> Option<Interval> {
    if !t.is_finite() || df < 1.0 || root <= 0.0 || !(alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    // Mirrored, so that swapping the arms mirrors the interval to the last digit.
    if t < 0.0 {
        let mirrored = interval(-t, df, root, alpha)?;
        return Some(Interval { low: -mirrored.high, high: -mirrored.low });
    }
    let low = noncentrality(t, df, alpha / 2.0)?;
    let high = noncentrality(t, df, 1.0 - alpha / 2.0)?;
    Some(Interval { low: low / root, high: high / root })
}

/// The noncentrality at which `t` is exceeded with `probability`, which rises with it.
fn noncentrality(t: f64, df: f64, probability: f64) -> Option<f64> {
    let above = |noncentrality: f64| noncentral::upper_tail(t, df, noncentrality);
    let (mut low, mut high) = (t - 8.0, t + 8.0);
    let mut step = 8.0;
    while above(high) < probability {
        step *= 2.0;
        high += step;
        if step > 1e6 {
            return None;
        }
    }
    step = 8.0;
    while above(low) > probability {
        step *= 2.0;
        low -= step;
        if step > 1e6 {
            return None;
        }
    }
    while high - low > 1e-10 * (1.0 + high.abs()) {
        let middle = f64::midpoint(low, high);
        if above(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(f64::midpoint(low, high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrored_and_around_nothing() {
        let found = interval(0.0, 9.0, 1.0, 0.05).unwrap();
        // With t = 0 the noncentrality is a normal quantile.
        assert!((found.high - 1.959_963_985).abs() < 1e-6 && (found.low + found.high).abs() < 1e-6, "{found:?}");
        let (one, other) = (interval(2.5, 4.0, 2.0, 0.05).unwrap(), interval(-2.5, 4.0, 2.0, 0.05).unwrap());
        assert_eq!(one.low.to_bits(), (-other.high).to_bits());
        assert_eq!(interval(f64::INFINITY, 4.0, 2.0, 0.05), None);
        assert_eq!(interval(1.0, 4.0, 2.0, 0.0), None);
    }
}
