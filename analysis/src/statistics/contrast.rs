//! A contrast of the means of several independent groups, each with a spread of its own: Welch's test for more than two.

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::{Conclusion, Estimate, finite, satterthwaite, tested, without_spread};

/// Tests Σ cᵢ x̄ᵢ of groups given as (cᵢ, values) against 0.
///
/// With variances sᵢ² and sizes nᵢ: t = Σ cᵢ x̄ᵢ / √(Σ cᵢ² sᵢ²/nᵢ), with the degrees of freedom of Satterthwaite, (Σ cᵢ²
/// sᵢ²/nᵢ)² / Σ ((cᵢ² sᵢ²/nᵢ)² / (nᵢ - 1)). With the coefficients 1 and -1 it is Welch's test of two groups.
///
/// `largest` is the size of the numbers that the values were formed from, of which a spread of a few units in the last
/// place is none.
///
/// Assumes that the groups are independent and each roughly normal. Where they may be taken as equally variable, a
/// contrast of one linear model has more degrees of freedom. `None` if a group is empty or there is none.
///
/// Source: Brown and Forsythe (1974), Biometrics 30; Satterthwaite (1946), Biometrics Bulletin 2.
pub fn contrast_t(groups: &[(f64, &[f64])], largest: f64, alpha: f64) -> Option<Estimate> {
    let terms = groups.iter().map(|(coefficient, values)| Some(coefficient * mean(values)?));
    let difference = finite(terms.sum::<Option<f64>>()?)?;
    let spreads: Option<Vec<f64>> = groups.iter().map(|(_, values)| standard_deviation(values)).collect();
    let Some(spreads) = spreads else {
        return Some(Estimate { difference, conclusion: Conclusion::TooFew });
    };
    let widest = spreads.iter().copied().reduce(f64::max)?;
    if let Some(untested) = without_spread(difference, widest, largest) {
        return Some(untested);
    }
    let part = |((coefficient, values), spread): (&(f64, &[f64]), &f64)| {
        let n = values.len() as f64;
        ((coefficient * spread).powi(2) / n, n - 1.0)
    };
    let parts: Vec<(f64, f64)> = groups.iter().zip(&spreads).map(part).collect();
    let variance: f64 = parts.iter().map(|(variance, _)| variance).sum();
    tested(difference, variance.sqrt(), satterthwaite(&parts), alpha)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::welch::welch_t;

    const FIRST: [f64; 6] = [3.1, 2.9, 3.4, 3.8, 3.3, 3.0];
    const SECOND: [f64; 4] = [2.7, 2.8, 3.2, 2.5];
    const THIRD: [f64; 5] = [4.1, 2.2, 3.9, 5.0, 3.3];

    #[test]
    fn of_two_groups_it_is_welchs() {
        let found = contrast_t(&[(1.0, &FIRST), (-1.0, &SECOND)], 3.8, 0.05).unwrap();
        assert_eq!(found, welch_t(&FIRST, &SECOND, 0.05).unwrap());
    }

    #[test]
    fn of_three_groups() {
        // NumPy 2.4.6 and SciPy 1.17.1: the formulas above, with stats.t.sf and stats.t.ppf.
        let found = contrast_t(&[(0.5, &FIRST), (0.5, &SECOND), (-1.0, &THIRD)], 5.0, 0.05).unwrap();
        let test = found.test().unwrap();
        let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-11, "{found} {expected}");
        close(found.difference, -0.675);
        close(test.standard_error, 0.474_209_869_150_780_06);
        close(test.df, 4.370_677_774_358_02);
        close(test.p, 0.221_904_878_515_306);
        close(test.interval.low, -1.948_728_039_164_503);
        close(test.interval.high, 0.598_728_039_164_502_5);
    }

    #[test]
    fn no_spread_and_too_few() {
        let of = |groups: &[(f64, &[f64])]| contrast_t(groups, 3.0, 0.05).map(|found| found.conclusion);
        assert_eq!(of(&[(0.5, &[1.0, 1.0]), (0.5, &[2.0, 2.0]), (-1.0, &[3.0, 3.0])]), Some(Conclusion::NoSpread));
        assert_eq!(of(&[(0.5, &[1.0, 1.0]), (0.5, &[2.0, 2.0]), (-1.0, &[1.5, 1.5])]), Some(Conclusion::Identical));
        assert_eq!(of(&[(1.0, &[1.0]), (-1.0, &[2.0, 3.0])]), Some(Conclusion::TooFew));
        // Differences of values near 100 that are equal in decimal.
        let differences: Vec<f64> = [(100.1, 100.0), (100.3, 100.2), (100.6, 100.5)].map(|(x, y)| x - y).into();
        let rounded = contrast_t(&[(0.5, &differences), (0.5, &differences[1..])], 100.6, 0.05).unwrap();
        assert_eq!(rounded.conclusion, Conclusion::NoSpread);
        assert_eq!((of(&[(1.0, &[]), (-1.0, &[2.0, 3.0])]), of(&[])), (None, None));
    }
}
