//! The test of Shapiro and Wilk for normal values.

use serde::Serialize;

use crate::statistics::describe::mean;
use crate::statistics::distributions::normal;
use crate::statistics::estimate::is_rounding;
use crate::statistics::refusal::{Refusal, usable};

/// The most values for which the approximation was fitted.
pub const MOST: usize = 5000;

/// How close the values lie to what normal values would.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ShapiroWilk {
    /// W, at most 1, which would be a perfect fit.
    pub w: f64,
    /// p value against normal values: a small one speaks against them, a large one is no proof of them.
    pub p: f64,
}

/// Tests whether values come from a normal distribution, for 3 to [`MOST`] of them.
///
/// W = (Σ aᵢ x₍ᵢ₎)² / Σ (x - x̄)², with weights a from the expected order statistics of normal values; a transform of 1 - W is
/// nearly normal, with a mean and a spread that depend on n. For three values p is exact.
///
/// With few values it sees next to nothing: of ten from a lognormal distribution it misses a third. Ties from rounding
/// count against normality.
///
/// Source: Shapiro and Wilk (1965), Biometrika 52; Royston (1995), algorithm AS R94, Applied Statistics 44.
///
/// # Errors
/// A [`Refusal`] for fewer than three values, more than [`MOST`], one that is not finite, and values that are all equal
/// (which are not "normal").
pub fn shapiro_wilk(values: &[f64]) -> Result<ShapiroWilk, Refusal> {
    let found = values.len();
    if found < 3 {
        return Err(Refusal::TooFewValues { group: 0, needed: 3, found });
    }
    if found > MOST {
        return Err(Refusal::TooManyValues { most: MOST, found });
    }
    Refusal::unless_all(&[values], usable)?;
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let largest = sorted[0].abs().max(sorted[found - 1].abs());
    let range = sorted[found - 1] - sorted[0];
    if is_rounding(range, largest) {
        return Err(Refusal::Identical);
    }
    // In units of the range and from the middle one, so that nothing overflows or cancels.
    let middle = sorted[found / 2];
    let scaled: Vec<f64> = sorted.iter().map(|value| (value - middle) / range).collect();
    let centre = mean(&scaled).ok_or(Refusal::Identical)?;
    let weights = weights(found);
    let weighted: f64 =
        weights.iter().enumerate().map(|(i, weight)| weight * (scaled[found - 1 - i] - scaled[i])).sum();
    let squares: f64 = scaled.iter().map(|value| (value - centre).powi(2)).sum();
    // The squares of all weights sum to 1, so that 1 - W = (√SS - Σ)(√SS + Σ) / SS keeps its digits near a perfect fit.
    let root = squares.sqrt();
    let rest = ((root - weighted) * (root + weighted) / squares).clamp(0.0, 1.0);
    Ok(ShapiroWilk { w: 1.0 - rest, p: p_value(rest, found) })
}

/// The weights of the highest value, the second highest and so on; those of the lowest are the same with the other
/// sign.
fn weights(n: usize) -> Vec<f64> {
    if n == 3 {
        return vec![0.5_f64.sqrt()];
    }
    let half = n / 2;
    let count = n as f64;
    let score = |index: usize| {
        let share = (index as f64 + 0.625) / (count + 0.25);
        normal::upper_quantile(share).unwrap_or(0.0)
    };
    let scores: Vec<f64> = (0..half).map(score).collect();
    let squares = 2.0 * scores.iter().map(|score| score * score).sum::<f64>();
    let root = count.sqrt().recip();
    let polynomial = |coefficients: [f64; 5]| polynomial(&coefficients, root) * root;
    let first = scores[0] / squares.sqrt() + polynomial([0.221_157, -0.147_981, -2.071_19, 4.434_685, -2.706_056]);
    let mut weights = vec![first];
    let rest = if n > 5 {
        let second =
            scores[1] / squares.sqrt() + polynomial([0.042_981, -0.293_762, -1.752_461, 5.682_633, -3.582_633]);
        weights.push(second);
        (squares - 2.0 * (scores[0].powi(2) + scores[1].powi(2))) / (1.0 - 2.0 * (first * first + second * second))
    } else {
        (squares - 2.0 * scores[0].powi(2)) / (1.0 - 2.0 * first * first)
    };
    let taken = weights.len();
    weights.extend(scores[taken..].iter().map(|score| score / rest.sqrt()));
    weights
}

/// p of a given 1 - W.
fn p_value(rest: f64, n: usize) -> f64 {
    if n == 3 {
        let w = 1.0 - rest;
        return (6.0 / std::f64::consts::PI * (w.sqrt().asin() - 0.75_f64.sqrt().asin())).clamp(f64::MIN_POSITIVE, 1.0);
    }
    let count = n as f64;
    let log = count.ln();
    let (transformed, mean, deviation) = if n <= 11 {
        let gamma = 0.459 * count - 2.273;
        let below = gamma - rest.ln();
        if below <= 0.0 {
            // W is as small as it can be: the transform ends there.
            return f64::MIN_POSITIVE;
        }
        let deviation = polynomial(&[1.3822, -0.778_57, 0.062_767, -0.002_032_2], count).exp();
        (-below.ln(), polynomial(&[0.544, -0.399_78, 0.025_054, -6.714e-4], count), deviation)
    } else {
        let deviation = polynomial(&[-0.4803, -0.082_676, 0.003_030_2], log).exp();
        (rest.ln(), polynomial(&[-1.5861, -0.310_82, -0.083_751, 0.003_891_5], log), deviation)
    };
    normal::upper_tail((transformed - mean) / deviation).clamp(f64::MIN_POSITIVE, 1.0)
}

/// The polynomial with these coefficients, the constant first.
fn polynomial(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_applicable() {
        // Edge cases shapiro_const and shapiro_n2.
        assert_eq!(shapiro_wilk(&[1.0; 4]), Err(Refusal::Identical));
        assert_eq!(shapiro_wilk(&[1.0, 2.0]), Err(Refusal::TooFewValues { group: 0, needed: 3, found: 2 }));
        assert_eq!(shapiro_wilk(&[1.0, 2.0, f64::NAN]), Err(Refusal::NotFinite { row: 0, place: 2 }));
        assert_eq!(shapiro_wilk(&vec![1.0; 5001]), Err(Refusal::TooManyValues { most: 5000, found: 5001 }));
    }

    #[test]
    fn scale_and_place_change_nothing() {
        let values = [2.0, 3.5, 1.0, 7.0, 2.5, 2.75, 9.0];
        let moved: Vec<f64> = values.iter().map(|value| 1e6 - 4.0 * value).collect();
        let (one, other) = (shapiro_wilk(&values).unwrap(), shapiro_wilk(&moved).unwrap());
        assert!((one.w - other.w).abs() < 1e-12 && (one.p / other.p - 1.0).abs() < 1e-9);
    }

    #[test]
    fn normal_scores_fit_and_an_outlier_does_not() {
        for n in [4_u32, 6, 11, 12, 100, 5000] {
            let scores: Vec<f64> =
                (1..=n).map(|i| normal::upper_quantile((f64::from(i) - 0.5) / f64::from(n)).unwrap()).collect();
            let fit = shapiro_wilk(&scores).unwrap();
            assert!(fit.w > 0.98 && fit.p > 0.5, "{n}: {fit:?}");
            let mut far = scores;
            far[0] += 1e9;
            let fit = shapiro_wilk(&far).unwrap();
            assert!(fit.p > 0.0 && fit.p < 0.01, "{n}: {fit:?}");
        }
    }
}
