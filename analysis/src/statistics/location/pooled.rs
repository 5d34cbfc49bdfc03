//! Student's t test for two independent groups of equal spread.

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::{Conclusion, Estimate, finite, tested, without_spread};

/// Compares two independent groups that are taken to have one variance.
///
/// With means x̄, ȳ, sizes n, m and the pooled variance s² = ((n - 1) sₓ² + (m - 1) s_y²) / (n + m - 2):
/// t = (x̄ - ȳ) / (s √(1/n + 1/m)) with n + m - 2 degrees of freedom.
///
/// Assumes independent groups, each roughly normal, of equal variance. Where sizes differ and variances may, its error
/// rate is off in either direction: Welch's test is the one to use, and this one is for comparison with older tables.
/// `None` if a group is empty.
///
/// Source: Student (1908), Biometrika 6; Fisher (1925), Metron 5.
pub fn pooled_t(level: &[f64], baseline: &[f64], alpha: f64) -> Option<Estimate> {
    let difference = finite(mean(level)? - mean(baseline)?)?;
    let (Some(spread), Some(other_spread)) = (standard_deviation(level), standard_deviation(baseline)) else {
        return Some(Estimate { difference, conclusion: Conclusion::TooFew });
    };
    let largest = level.iter().chain(baseline).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if let Some(untested) = without_spread(difference, spread.max(other_spread), largest) {
        return Some(untested);
    }
    let (n, m) = (level.len() as f64, baseline.len() as f64);
    let df = n + m - 2.0;
    let variance = ((n - 1.0) * spread * spread + (m - 1.0) * other_spread * other_spread) / df;
    tested(difference, (variance * (1.0 / n + 1.0 / m)).sqrt(), df, alpha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_spread_there_is_no_p_value() {
        assert_eq!(pooled_t(&[1.0, 1.0], &[2.0, 2.0], 0.05).unwrap().conclusion, Conclusion::NoSpread);
        assert_eq!(pooled_t(&[2.0, 2.0], &[2.0, 2.0], 0.05).unwrap().conclusion, Conclusion::Identical);
        assert_eq!(pooled_t(&[1.0], &[2.0, 3.0], 0.05).unwrap().conclusion, Conclusion::TooFew);
        assert_eq!(pooled_t(&[], &[2.0, 3.0], 0.05), None);
    }
}
