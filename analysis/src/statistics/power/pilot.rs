//! What a few runs say about the spread that a study will have.

use crate::statistics::describe::standard_deviation;
use crate::statistics::distributions::chi_squared;
use crate::statistics::refusal::{Refusal, usable};

/// The standard deviation that the true one stays below with `confidence`, where a sample of `df` degrees of freedom
/// has `spread`: s √(df / χ²) with the χ² that is exceeded with that probability.
///
/// For a spread that is known from elsewhere, or pooled over arms. Assumes what [`upper_spread`] does.
///
/// # Errors
/// A [`Refusal`] for a spread that is not above 0, no degrees of freedom, and a confidence outside (0, 1).
pub fn upper_bound(spread: f64, df: f64, confidence: f64) -> Result<f64, Refusal> {
    if !(confidence > 0.0 && confidence < 1.0) {
        let expected = "a number between 0 and 1";
        return Err(Refusal::Range { name: "confidence", value: confidence, expected });
    }
    if !(spread > 0.0 && spread.is_finite()) {
        return Err(Refusal::NoSpread);
    }
    if !(df > 0.0 && df.is_finite()) {
        return Err(Refusal::NoFreedom);
    }
    // By halving ln χ², as the tail falls with it.
    let (mut low, mut high) = (-700.0_f64, 20.0_f64);
    while high - low > 1e-14 * high.abs().max(1.0) {
        let middle = f64::midpoint(low, high);
        if chi_squared::upper_tail(middle.exp(), df).ok_or(Refusal::NoFreedom)? > confidence {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(spread * (df / low.exp()).sqrt())
}

/// The standard deviation that the true one stays below with `confidence`, from the values of a pilot: s √((n - 1) /
/// χ²) with the χ² that is exceeded with that probability.
///
/// A study planned with s itself has too few seeds in more than half of all cases; 0.8 is a usual confidence. Assumes
/// roughly normal values: paired differences for a paired design.
///
/// Source: Browne (1995), Statistics in Medicine 14.
///
/// # Errors
/// A [`Refusal`] for fewer than two values or one that is not finite, a confidence outside (0, 1), and values without
/// spread.
pub fn upper_spread(values: &[f64], confidence: f64) -> Result<f64, Refusal> {
    let found = values.len();
    if found < 2 {
        return Err(Refusal::TooFewValues { group: 0, needed: 2, found });
    }
    Refusal::unless_all(&[values], usable)?;
    upper_bound(standard_deviation(values).unwrap_or_default(), (found - 1) as f64, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_degrees_of_freedom_have_a_closed_form() {
        // χ² of two degrees of freedom exceeds -2 ln c with probability c; s of these is 1.
        let found = upper_spread(&[1.0, 2.0, 3.0], 0.8).unwrap();
        assert!((found - (1.0 / -(0.8_f64.ln())).sqrt()).abs() < 1e-12, "{found}");
        assert_eq!(upper_spread(&[1.0, 1.0], 0.8), Err(Refusal::NoSpread));
        assert!(upper_spread(&[1.0], 0.8).is_err() && upper_spread(&[1.0, 2.0], 1.0).is_err());
    }
}
