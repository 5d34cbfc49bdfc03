//! Hommel's correction.

use super::family::Family;

/// Hommel's: closed testing with Simes' test of every subset.
///
/// For each size s from m down, Simes' test of the s largest p values decides how far the others must be raised; the
/// adjusted value is the largest that any size asks for. Never above Hochberg's, under the same condition: independent
/// or positively dependent comparisons.
///
/// Source: Hommel (1988), Biometrika 75; in the form of Wright (1992), Biometrics 48.
pub fn hommel(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let sorted = &family.sorted;
    let m = sorted.len();
    let simes = (1..=m).map(|rank| m as f64 * sorted[rank - 1] / rank as f64).fold(f64::INFINITY, f64::min);
    let mut adjusted: Vec<f64> = sorted.iter().map(|p| p.max(simes)).collect();
    for size in (2..m).rev() {
        let factor = size as f64;
        // The s - 1 largest, at ranks 2 to s of a subset of s.
        let largest = &sorted[m - size + 1..];
        let bound = (2..=size).zip(largest).map(|(rank, p)| factor * p / rank as f64).fold(f64::INFINITY, f64::min);
        let at = |p: f64| (factor * p).min(bound);
        let raised = at(sorted[m - size]);
        for (index, value) in adjusted.iter_mut().enumerate() {
            *value = value.max(if index <= m - size { at(sorted[index]) } else { raised });
        }
    }
    family.restore(&adjusted)
}
