//! e values for pairs of runs.

use crate::statistics::ranks::attainable::choose;

/// The e value of `positive` among `n` differences other than 0, against "above as often as below".
///
/// The likelihood averaged over all chances between 0 and 1, against that of 1/2: 2ⁿ / ((n + 1) C(n, k)). Assumes only
/// that seeds are independent and come one after the other. Ten of ten give 93; it wants eight in a row to pass 20.
/// `None` for more positive ones than there are differences.
///
/// Source: Ville (1939); Robbins (1970), Annals of Mathematical Statistics 41.
pub fn sign(positive: u64, n: u64) -> Option<f64> {
    if positive > n {
        return None;
    }
    let fewer = positive.min(n - positive);
    if n <= 1000 {
        return Some(2.0_f64.powi(n as i32) / choose(n as usize, fewer as usize) / (n + 1) as f64);
    }
    // 2ⁿ alone overflows from here on.
    let rest = n - fewer;
    let toss: f64 = (1..=fewer).map(|i| (2.0 * i as f64 / (rest + i) as f64).ln()).sum();
    Some((toss + rest as f64 * std::f64::consts::LN_2 - ((n + 1) as f64).ln()).exp().min(f64::MAX))
}

/// The e value of `n` standardised differences with the sum `sum`, against a mean of 0.
///
/// e^(sum² / (2 (n + 1/v))) / √(1 + n v): the likelihood averaged over means that are normal around 0 with variance
/// `v`, in units of the spread, which must be known and not estimated from the same runs. `None` for a variance that is
/// not positive, and where it is not finite.
///
/// Source: Robbins (1970).
pub fn normal_mixture(sum: f64, n: u64, variance: f64) -> Option<f64> {
    if variance.is_nan() || variance <= 0.0 {
        return None;
    }
    let n = n as f64;
    let found = (sum * sum / (2.0 * (n + 1.0 / variance))).exp() / (1.0 + n * variance).sqrt();
    found.is_finite().then_some(found)
}

/// The e value of the t statistic of `n` differences, against a mean of 0 whatever their spread.
///
/// The likelihood of t averaged over effects, in standard deviations, that are normal around 0 with the variance
/// `variance`, against that of no effect: (1 + n v)^(-1/2) ((1 + t²/(n - 1)) / (1 + t²/((n - 1)(1 + n v))))^(n/2). Its
/// sequence over n is a martingale for normal differences of any spread, so that one may look after every seed; the
/// Bayes factor of [`crate::statistics::bayes::bayes_factor`] is one too, with a prior of heavier tails. v = 1 is a
/// common choice, and belongs to the plan. Assumes that differences are normal and independent. `None` for fewer than
/// two differences, a variance that is not positive, and where it is not finite.
///
/// Source: Lai (1976), Annals of Statistics 4; Pérez-Ortiz, Lardy, de Heide and Grünwald (2024), Annals of Statistics
/// 52.
pub fn t_mixture(t: f64, n: u64, variance: f64) -> Option<f64> {
    if n < 2 || !t.is_finite() || variance.is_nan() || variance <= 0.0 {
        return None;
    }
    let (n, df) = (n as f64, (n - 1) as f64);
    let wider = 1.0 + n * variance;
    // From logarithms, and t² / ν as it is: a large t has a large square.
    let square = t * t / df;
    let log = 0.5 * n * (square.ln_1p() - (square / wider).ln_1p()) - 0.5 * wider.ln();
    let found = log.exp();
    found.is_finite().then_some(found)
}

/// The p value that holds at any time of stopping: 1 over the largest e value so far, at most 1.
pub fn anytime_p(e_values: &[f64]) -> f64 {
    e_values.iter().copied().fold(1.0, f64::max).recip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_expectation_is_one() {
        for n in [1_u64, 5, 12] {
            let expectation: f64 =
                (0..=n).map(|k| sign(k, n).unwrap() * choose(n as usize, k as usize) / 2.0_f64.powi(n as i32)).sum();
            assert!((expectation - 1.0).abs() < 1e-13, "{n}: {expectation}");
        }
        assert_eq!(sign(3, 2), None);
        assert!((sign(0, 0).unwrap() - 1.0).abs() < 1e-15);
    }

    #[test]
    fn many_seeds_and_the_p_value() {
        // At the seam between the two forms: e(k, n) and e(k, n + 1) average to e before the toss.
        let before = sign(500, 1000).unwrap();
        let after = f64::midpoint(sign(500, 1001).unwrap(), sign(501, 1001).unwrap());
        assert!((after / before - 1.0).abs() < 1e-11, "{before} {after}");
        assert!(sign(5000, 5000).unwrap().is_finite());
        assert!((anytime_p(&[0.5, 25.0, 3.0]) - 0.04).abs() < 1e-15);
        assert!((anytime_p(&[]) - 1.0).abs() <= 0.0);
        assert_eq!(normal_mixture(1.0, 3, 0.0), None);
        assert_eq!((t_mixture(1.0, 1, 1.0), t_mixture(f64::NAN, 5, 1.0), t_mixture(1.0, 5, -1.0)), (None, None, None));
    }
}
