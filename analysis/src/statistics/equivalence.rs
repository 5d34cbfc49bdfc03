//! Two one-sided tests: is a difference smaller than what matters?

use super::estimate::Estimate;
use super::student;

/// The p value against a difference of at least `margin` in either direction; `None` where nothing was tested.
///
/// The larger of P(T > (d̄ + margin) / se) and P(T < (d̄ - margin) / se), with the standard error and degrees of freedom of the
/// t test that `estimate` came from, paired or Welch. Below alpha, the 1 - 2·alpha interval of the difference lies within
/// (-margin, margin). The margin must be declared before anybody looks; "not significant" is never equality.
///
/// Source: Schuirmann (1987), Journal of Pharmacokinetics and Biopharmaceutics 15.
pub fn equivalence_p(estimate: &Estimate, margin: f64) -> Option<f64> {
    let test = estimate.test()?;
    let above = student::upper_tail((estimate.difference + margin) / test.standard_error, test.df)?;
    let below = student::upper_tail((margin - estimate.difference) / test.standard_error, test.df)?;
    Some(above.max(below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{paired::paired_t, welch::welch_t};

    const A10: [f64; 10] = [0.8123, 0.8056, 0.8201, 0.7988, 0.8147, 0.8075, 0.819, 0.8112, 0.8034, 0.8166];
    const B10: [f64; 10] = [0.8067, 0.8071, 0.812, 0.7935, 0.8119, 0.8042, 0.8098, 0.8131, 0.8001, 0.8092];

    #[test]
    fn paired_and_welch() {
        // statsmodels 0.15.0: ttost_paired(a, b, -0.01, 0.01)[0]; ttost_ind(a, b, -0.01, 0.01, usevar="unequal")[0]
        let pairs: Vec<(f64, f64)> = A10.into_iter().zip(B10).collect();
        let paired = equivalence_p(&paired_t(&pairs, 0.05).unwrap(), 0.01).unwrap();
        assert!((paired / 0.000_413_168_608_149_189_3 - 1.0).abs() < 1e-10, "{paired}");
        let welch = equivalence_p(&welch_t(&A10, &B10, 0.05).unwrap(), 0.01).unwrap();
        assert!((welch / 0.031_339_590_750_484_6 - 1.0).abs() < 1e-10, "{welch}");
    }
}
