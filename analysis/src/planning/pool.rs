//! One spread for several comparisons, and how well it is known.
//!
//! The variance is the mean of those of the comparisons, weighted with their degrees of freedom, so that an arm which
//! is compared with nothing has no part in it and a noisy baseline has as large a part as it has in every comparison.
//! Comparisons with one baseline share its runs: their degrees of freedom must not be added up. A sum of squares is
//! taken for a multiple of χ² with the same mean and variance.
//!
//! Source: Satterthwaite (1946), Biometrics Bulletin 2; for correlated differences Box (1954), Annals of Mathematical
//! Statistics 25.

use std::collections::BTreeMap;

/// The differences of two arms: how far each lies from their mean, by the number of its seed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Deviations(pub(super) Vec<(usize, f64)>);

impl Deviations {
    fn freedom(&self) -> f64 {
        self.0.len() as f64 - 1.0
    }
}

/// The pooled variance of paired differences, and its degrees of freedom (Σ dᵢ·dᵢ)² / Σᵢⱼ (dᵢ·dⱼ)² / √(fᵢ fⱼ), where d
/// are the deviations of a comparison, of `seeds` seeds in all, and f its own degrees of freedom: f for comparisons
/// that move alike, and exact where all have the same seeds.
///
/// `None` without a comparison of two seeds, and without any spread.
pub(super) fn of_pairs(comparisons: &[Deviations], seeds: usize) -> Option<(f64, f64)> {
    let comparisons: Vec<&Deviations> = comparisons.iter().filter(|one| one.0.len() > 1).collect();
    let all = comparisons.iter().flat_map(|one| &one.0);
    // Fourth powers follow, which neither large nor small values would survive.
    let unit = all.fold(0.0_f64, |largest, (_, deviation)| largest.max(deviation.abs()));
    if unit <= 0.0 {
        return None;
    }
    let (mut squares, mut freedom) = (0.0, 0.0);
    let mut rows = vec![vec![0.0; seeds]; comparisons.len()];
    for (row, one) in rows.iter_mut().zip(&comparisons) {
        freedom += one.freedom();
        let root = one.freedom().sqrt().sqrt();
        for (seed, deviation) in &one.0 {
            let deviation = deviation / unit;
            squares += deviation.powi(2);
            row[*seed] = deviation / root;
        }
    }
    // The products of rows and those of columns have the same squares.
    if seeds < rows.len() {
        rows = (0..seeds).map(|seed| rows.iter().map(|row| row[seed]).collect()).collect();
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let shared: f64 = rows.iter().map(|a| rows.iter().map(|b| dot(a, b).powi(2)).sum::<f64>()).sum();
    Some((squares / freedom * unit * unit, squares.powi(2) / shared))
}

/// The pooled variance of arms that are compared without pairing, and its degrees of freedom by Satterthwaite.
/// `compared` has for either arm of every comparison its number, its variance and its degrees of freedom.
pub(super) fn of_arms(compared: &[(usize, f64, f64)]) -> Option<(f64, f64)> {
    let mut arms: BTreeMap<usize, (f64, f64, f64)> = BTreeMap::new();
    for (arm, variance, df) in compared.iter().filter(|(.., df)| *df > 0.0) {
        arms.entry(*arm).or_insert((*variance, *df, 0.0)).2 += df;
    }
    let weights: f64 = arms.values().map(|(.., weight)| weight).sum();
    let unit = arms.values().fold(0.0_f64, |largest, (variance, ..)| largest.max(*variance));
    if unit <= 0.0 {
        return None;
    }
    let part = |(variance, _, weight): &(f64, f64, f64)| variance / unit * weight / weights;
    let variance: f64 = arms.values().map(part).sum();
    let uncertainty: f64 = arms.values().map(|arm| part(arm).powi(2) / arm.1).sum();
    Some((variance * unit, variance.powi(2) / uncertainty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deviations(of: &[f64]) -> Deviations {
        Deviations(of.iter().copied().enumerate().collect())
    }

    #[test]
    fn what_moves_alike_is_counted_once() {
        let one = deviations(&[-1.0, 0.0, 1.0]);
        let other = deviations(&[1.0, -2.0, 1.0]);
        for copies in [1, 2, 5] {
            let (variance, df) = of_pairs(&vec![one.clone(); copies], 3).unwrap();
            assert!((variance - 1.0).abs() < 1e-12 && (df - 2.0).abs() < 1e-12, "{variance} {df}");
        }
        // Orthogonal deviations: (2 + 6)² / ((2² + 6²) / 2) by hand.
        let (variance, df) = of_pairs(&[one, other], 3).unwrap();
        assert!((variance - 2.0).abs() < 1e-12 && (df - 3.2).abs() < 1e-12, "{variance} {df}");
        assert_eq!(of_pairs(&[deviations(&[0.0, 0.0])], 2), None);
    }

    #[test]
    fn the_size_of_values_changes_no_freedom() {
        let scaled = |by: f64| of_pairs(&[deviations(&[-by, 0.0, by]), deviations(&[by, -2.0 * by, by])], 3).unwrap();
        for by in [1e-100, 1e75] {
            assert!((scaled(by).1 - 3.2).abs() < 1e-9 && (scaled(by).0 / by / by - 2.0).abs() < 1e-9, "{by}");
        }
    }

    #[test]
    fn a_baseline_weighs_as_much_as_it_does_in_comparisons() {
        // Twice the baseline and two arms: (2 · 4 + 1 + 1) / 4, and 2.5² / ((2² + .25² + .25²) / 3) by hand.
        let (variance, df) = of_arms(&[(0, 4.0, 3.0), (1, 1.0, 3.0), (0, 4.0, 3.0), (2, 1.0, 3.0)]).unwrap();
        assert!((variance - 2.5).abs() < 1e-12 && (df - 18.75 / 4.125).abs() < 1e-12, "{variance} {df}");
    }
}
