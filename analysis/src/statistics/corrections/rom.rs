//! Rom's correction.

use super::family::Family;

/// Steps after which halving alone would have found a level to its last digits; false position takes about eight.
const STEPS: u32 = 60;

/// Rom's: Hochberg's with levels that are used up wholly, each p value answered by the smallest level at which it is
/// rejected.
///
/// Of m comparisons at level alpha, the j-th largest p value is compared with c(j): c(1) = alpha, and c(j) = (Σ alphaⁱ
/// over i from 1 to j - 1, less Σ C(j, i) c(i + 1)^(j - i) over i from 1 to j - 2) / j. For .05 they are .05, .025,
/// .0169, .0127 …, where Hochberg has .05, .025, .0167, .0125 …
///
/// For independent comparisons only. Never above Hochberg's by more than rounding.
///
/// Source: Rom (1990), Biometrika 77.
pub fn rom(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size();
    let mut adjusted = vec![0.0; m];
    // The smallest level so far, and what it compares with: only a p value below that lowers it.
    let mut smallest = 1.0;
    let mut critical = critical_values(smallest, m);
    for (index, p) in family.sorted.iter().enumerate().rev() {
        let place = m - index;
        if *p < critical[place - 1] {
            smallest = level(*p, place, smallest);
            critical = critical_values(smallest, m);
        }
        adjusted[index] = smallest;
    }
    family.restore(&adjusted)
}

/// The level, at most `highest`, at which the critical value of the `place`-th largest p value is `p`: by false
/// position with the Illinois rule.
fn level(p: f64, place: usize, highest: f64) -> f64 {
    if place == 1 {
        return p;
    }
    let excess = |alpha: f64| critical_values(alpha, place)[place - 1] - p;
    // Bonferroni's level is enough, and p itself too little.
    let bonferroni = (p * place as f64).min(highest);
    let (mut low, mut high) = ((p, excess(p)), (bonferroni, excess(bonferroni)));
    if low.1 >= 0.0 || high.1 <= 0.0 {
        return high.0;
    }
    for _ in 0..STEPS {
        let next = (low.0 * high.1 - high.0 * low.1) / (high.1 - low.1);
        let found = (next, excess(next));
        if found.1.abs() <= f64::EPSILON * p || high.0 - low.0 <= 2.0 * f64::EPSILON * high.0 {
            return next;
        }
        if found.1 < 0.0 {
            (low, high.1) = (found, high.1 / 2.0);
        } else {
            (high, low.1) = (found, low.1 / 2.0);
        }
    }
    high.0
}

/// c(1), …, c(`places`) at level `alpha`.
///
/// C(j, k) c(j - k + 1)ᵏ is near Lᵏ / k! with L = -ln(1 - alpha): it is made from C(j, k) / jᵏ and (j c)ᵏ, neither of
/// which leaves the range of floats, and the sum over k = j - i ends with the terms that are below all digits, after a
/// dozen or two.
fn critical_values(alpha: f64, places: usize) -> Vec<f64> {
    let mut values = Vec::with_capacity(places);
    values.push(alpha);
    let (mut power, mut powers) = (1.0, 0.0);
    for j in 2..=places {
        power *= alpha;
        powers += power;
        let (all, mut ways, mut taken) = (j as f64, 1.0, 0.0);
        for k in 2..j {
            ways *= (j - k + 1) as f64 / (k as f64 * all);
            let term = ways * (all * values[j - k]).powi(k as i32);
            taken += term;
            if term <= f64::EPSILON / 8.0 * powers {
                break;
            }
        }
        values.push((powers - taken) / all);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn critical_values_of_the_paper() {
        // Table 1 of Rom (1990), for .05.
        for (place, expected) in [(1, 0.05), (2, 0.025), (3, 0.0169), (4, 0.0127), (5, 0.0102), (10, 0.0051)] {
            let found = critical_values(0.05, place)[place - 1];
            assert!((found - expected).abs() < 5.1e-5, "{place}: {found}");
        }
    }

    #[test]
    fn all_of_independent_comparisons_err_as_often_as_they_may() {
        // Of two: p is below c somewhere with 1 - (1 - c(2))² less what lies between, which is alpha: 2 c(2) - c(2)² +
        // (alpha - c(2))² = alpha.
        let (alpha, c) = (0.05, critical_values(0.05, 2)[1]);
        assert!((2.0 * c - c * c + (alpha - c).powi(2) - alpha).abs() < 1e-15);
    }
}
