//! Rom's correction.

use super::family::Family;

/// Halvings of the interval in which a level is looked for: it is then known to the last digits.
const HALVINGS: u32 = 60;

/// Rom's: Hochberg's with levels that are used up wholly, each p value answered by the smallest level at which it is rejected.
///
/// Of m comparisons at level alpha, the j-th largest p value is compared with c(j): c(1) = alpha, and c(j) = (Σ alphaⁱ over i from
/// 1 to j - 1, less Σ C(j, i) c(i + 1)^(j - i) over i from 1 to j - 2) / j. For .05 they are .05, .025, .0169, .0127 …, where
/// Hochberg has .05, .025, .0167, .0125 …
///
/// For independent comparisons only. Never above Hochberg's by more than rounding.
///
/// Source: Rom (1990), Biometrika 77.
pub fn rom(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size();
    family.falling(|rank, p| level(p, m - rank + 1))
}

/// The level at which the critical value of the `place`-th largest p value is `p`.
fn level(p: f64, place: usize) -> f64 {
    if place == 1 {
        return p;
    }
    // Bonferroni's level is enough, and p itself too little.
    let (mut low, mut high) = (p, (p * place as f64).min(1.0));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if critical(middle, place) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// c(`place`) at level `alpha`.
fn critical(alpha: f64, place: usize) -> f64 {
    let mut values = vec![alpha];
    for j in 2..=place {
        let powers: f64 = (1..j as i32).map(|i| alpha.powi(i)).sum();
        // C(j, i) from i = 1 on, with c(i + 1) beside it.
        let mut ways = 1.0;
        let mut taken = 0.0;
        for (i, value) in (1..j - 1).zip(&values[1..]) {
            ways *= (j - i + 1) as f64 / i as f64;
            taken += ways * value.powi((j - i) as i32);
        }
        values.push((powers - taken) / j as f64);
    }
    values[place - 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_of_the_paper() {
        // Table 1 of Rom (1990), for .05.
        for (place, expected) in [(1, 0.05), (2, 0.025), (3, 0.0169), (4, 0.0127), (5, 0.0102), (10, 0.0051)] {
            let found = critical(0.05, place);
            assert!((found - expected).abs() < 5.1e-5, "{place}: {found}");
        }
    }

    #[test]
    fn all_of_independent_comparisons_err_as_often_as_they_may() {
        // Of two: p is below c somewhere with 1 - (1 - c(2))² less what lies between, which is alpha: 2 c(2) - c(2)² + (alpha -
        // c(2))² = alpha.
        let (alpha, c) = (0.05, critical(0.05, 2));
        assert!((2.0 * c - c * c + (alpha - c).powi(2) - alpha).abs() < 1e-15);
    }
}
