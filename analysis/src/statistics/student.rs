//! Student's t distribution, guarded.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

use super::distributions::beta::{Share, cumulative};

/// Up to here the tail is that of statrs, beyond it our own: statrs loses a digit for each tenfold of degrees of freedom.
const FEW: f64 = 1000.0;

/// The probability that a t variable with `df` degrees of freedom exceeds `t`.
///
/// Relative error below 1e-12 for `df` up to 10⁷, by the incomplete beta function. statrs panics on NaN; here
/// that is `None`, as is `df <= 0`. An infinite `t` has the tail 0 or 1.
pub fn upper_tail(t: f64, df: f64) -> Option<f64> {
    if t.is_nan() || df.is_nan() || df <= 0.0 || df.is_infinite() {
        return None;
    }
    if t.is_infinite() {
        return Some(if t > 0.0 { 0.0 } else { 1.0 });
    }
    if df <= FEW {
        return Some(distribution(df)?.sf(t));
    }
    let tail = cumulative(Share::of(df, t * t), df / 2.0, 0.5) / 2.0;
    Some(if t < 0.0 { 1.0 - tail } else { tail })
}

/// The two-sided p value of a t statistic; for a finite `t` never 0, and the smallest normal number where it would be.
pub fn two_sided(t: f64, df: f64) -> Option<f64> {
    let least = if t.is_finite() { f64::MIN_POSITIVE } else { 0.0 };
    upper_tail(t.abs(), df).map(|tail| (2.0 * tail).clamp(least, 1.0))
}

/// The value that a t variable with `df` degrees of freedom stays below with probability `probability`, in (0, 1).
pub fn quantile(probability: f64, df: f64) -> Option<f64> {
    let valid = probability > 0.0 && probability < 1.0 && df > 0.0 && df.is_finite();
    if !valid {
        return None;
    }
    let distribution = distribution(df)?;
    let mut t = distribution.inverse_cdf(probability);
    if df > FEW {
        // statrs has seven digits of it and fewer: Newton's steps on the tail give the others.
        for _ in 0..3 {
            t += (upper_tail(t, df)? - (1.0 - probability)) / distribution.pdf(t);
        }
    }
    Some(t)
}

fn distribution(df: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, df).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // In closed form for 1, 2 and 4 degrees of freedom: tan(0.475 π); 0.95 √(2 / (1 - 0.95²)); 2 √(cos(x / 3) / √a - 1) with
        // a = 4 · 0.975 · 0.025 and x = arccos √a.
        let share: f64 = 4.0 * 0.975 * 0.025;
        let closed = [
            (1.0, (0.475 * std::f64::consts::PI).tan()),
            (2.0, 0.95 * (2.0 / (1.0 - 0.95_f64.powi(2))).sqrt()),
            (4.0, 2.0 * ((share.sqrt().acos() / 3.0).cos() / share.sqrt() - 1.0).sqrt()),
        ];
        for (df, expected) in closed {
            let found = quantile(0.975, df).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-11, "df {df}: {found} {expected}");
        }
    }

    #[test]
    fn what_is_not_a_number_has_no_tail() {
        assert_eq!(upper_tail(f64::NAN, 3.0), None);
        assert_eq!(upper_tail(1.0, 0.0), None);
        assert_eq!(two_sided(f64::NEG_INFINITY, 3.0), Some(0.0));
        assert_eq!(quantile(1.0, 3.0), None);
        assert_eq!(two_sided(1e9, 200.0), Some(f64::MIN_POSITIVE));
    }
}
