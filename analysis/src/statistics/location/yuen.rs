//! Yuen's test of trimmed means.

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::{Conclusion, Estimate, finite, satterthwaite, tested, without_spread};

/// Compares the trimmed means of two independent groups, a `trim` (in [0, 0.5)) of each group cut off at either end.
///
/// With g = ⌊trim · n⌋ values cut at each end, h = n - 2g left, and s_w the standard deviation after the cut values are
/// set to the outermost that were kept: d = (n - 1) s_w² / (h (h - 1)), t = (x̄_trim - ȳ_trim) / √(d₁ + d₂), and
/// Satterthwaite's degrees of freedom with h - 1 in place of n - 1. Without a cut it is Welch's test.
///
/// For heavy tails and single outlying seeds. It compares trimmed means, which for skewed values are not the means; and
/// a seed that failed is an outcome, not an outlier. With fewer than 1 / trim values in a group nothing is cut from it.
/// `None` if a group is empty or `trim` is out of range.
///
/// Source: Yuen (1974), "The two-sample trimmed t for unequal population variances", Biometrika 61.
pub fn yuen_t(level: &[f64], baseline: &[f64], trim: f64, alpha: f64) -> Option<Estimate> {
    if !(0.0..0.5).contains(&trim) {
        return None;
    }
    let (one, other) = (Trimmed::of(level, trim)?, Trimmed::of(baseline, trim)?);
    let difference = finite(one.mean - other.mean)?;
    let (Some(spread), Some(other_spread)) = (one.spread, other.spread) else {
        return Some(Estimate { difference, conclusion: Conclusion::TooFew });
    };
    let largest = level.iter().chain(baseline).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if let Some(untested) = without_spread(difference, spread.max(other_spread), largest) {
        return Some(untested);
    }
    let (share, other_share) = (one.share(spread), other.share(other_spread));
    let df = satterthwaite(&[(share, one.kept - 1.0), (other_share, other.kept - 1.0)]);
    tested(difference, (share + other_share).sqrt(), df, alpha)
}

struct Trimmed {
    mean: f64,
    kept: f64,
    n: f64,
    /// After winsorising; `None` where fewer than two values were kept.
    spread: Option<f64>,
}

impl Trimmed {
    fn of(values: &[f64], trim: f64) -> Option<Self> {
        if values.iter().any(|value| !value.is_finite()) {
            return None;
        }
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        let cut = (trim * n as f64).floor() as usize;
        let kept = n.checked_sub(2 * cut)?;
        let mean = mean(&sorted[cut..n - cut])?;
        let (low, high) = (sorted[cut], sorted[n - cut - 1]);
        let drawn: Vec<f64> = sorted.iter().map(|value| value.clamp(low, high)).collect();
        let spread = if kept < 2 { None } else { standard_deviation(&drawn) };
        Some(Self { mean, kept: kept as f64, n: n as f64, spread })
    }

    fn share(&self, spread: f64) -> f64 {
        (self.n - 1.0) * spread * spread / (self.kept * (self.kept - 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::welch::welch_t;

    #[test]
    fn without_a_cut_it_is_welchs() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let (yuen, welch) = (yuen_t(&x, &y, 0.0, 0.05).unwrap(), welch_t(&x, &y, 0.05).unwrap());
        assert!((yuen.test().unwrap().t - welch.test().unwrap().t).abs() < 1e-12);
        assert!((yuen.test().unwrap().df - welch.test().unwrap().df).abs() < 1e-12);
    }

    #[test]
    fn what_cannot_be_tested() {
        assert_eq!(yuen_t(&[1.0, 2.0], &[], 0.2, 0.05), None);
        assert_eq!(yuen_t(&[1.0, 2.0], &[2.0, 3.0], 0.5, 0.05), None);
        assert_eq!(yuen_t(&[1.0, 2.0, 3.0], &[4.0], 0.2, 0.05).unwrap().conclusion, Conclusion::TooFew);
    }
}
