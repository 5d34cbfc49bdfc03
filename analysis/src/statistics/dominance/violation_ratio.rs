//! How far one sample is from dominating another.

use crate::statistics::refusal::Refusal;

/// The share of the squared distance between the quantiles of two samples in which `level` lies below `baseline`: 0
/// when it is above or equal at every quantile, 1 when it is below or equal at every one.
///
/// ε = ∫ (F⁻¹ - G⁻¹)²₋ / ∫ (F⁻¹ - G⁻¹)², with the quantile functions of the samples. They are steps, so that the
/// integrals are finite sums and exact.
///
/// It describes two samples; what it says about the arms is [`super::almost_stochastic`].
///
/// Source: del Barrio, Cuesta-Albertos and Matrán (2018), "An optimal transportation approach for assessing almost
/// stochastic order", in The Mathematics of the Uncertain.
///
/// # Errors
/// A [`Refusal`] for an empty sample, a value that is not finite, and samples with equal quantiles.
pub fn violation_ratio(level: &[f64], baseline: &[f64]) -> Result<f64, Refusal> {
    Refusal::unless_groups(&[level, baseline], 1)?;
    let [level, baseline] = [level, baseline].map(|values| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    });
    let largest = level.iter().chain(&baseline).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let scale = if largest > 0.0 { largest.recip() } else { 1.0 };
    ratio(level.len(), baseline.len(), |i, j| (level[i] - baseline[j]) * scale).ok_or(Refusal::Identical)
}

/// The ratio from the differences between the i-th lowest of n values and the j-th lowest of m; `None` where all are 0.
pub(super) fn ratio(n: usize, m: usize, difference: impl Fn(usize, usize) -> f64) -> Option<f64> {
    let (mut i, mut j, mut done) = (0, 0, 0);
    let (mut violated, mut total) = (0.0, 0.0);
    // In units of 1 / (n m), a step of one ends at (i + 1) m and of the other at (j + 1) n.
    while i < n && j < m {
        let end = ((i + 1) * m).min((j + 1) * n);
        let gap = difference(i, j);
        let part = gap * gap * (end - done) as f64;
        total += part;
        if gap < 0.0 {
            violated += part;
        }
        i += usize::from(end == (i + 1) * m);
        j += usize::from(end == (j + 1) * n);
        done = end;
    }
    (total > 0.0).then(|| violated / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turned_around_it_is_the_rest() {
        let (x, y) = ([0.3, 0.9, 0.5], [0.4, 0.6]);
        let sum = violation_ratio(&x, &y).unwrap() + violation_ratio(&y, &x).unwrap();
        assert!((sum - 1.0).abs() < 1e-15);
        // Quantiles up to 1/3, 1/2, 2/3 and 1: 0.3, 0.5, 0.5, 0.9 against 0.4, 0.4, 0.6, 0.6.
        let found = violation_ratio(&x, &y).unwrap();
        let (below, above) = (0.01 * 2.0 + 0.01, 0.01 + 0.09 * 2.0);
        assert!((found - below / (below + above)).abs() < 1e-14, "{found}");
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(violation_ratio(&[1.0, 2.0], &[2.0, 1.0]), Err(Refusal::Identical));
        assert_eq!(violation_ratio(&[], &[2.0]), Err(Refusal::TooFewValues { group: 0, needed: 1, found: 0 }));
        assert_eq!(violation_ratio(&[f64::NAN], &[2.0]), Err(Refusal::NotFinite { row: 0, place: 0 }));
    }
}
