//! The χ² distribution.

use statrs::function::gamma::gamma_ur;

/// The probability that a χ² variable with `df` degrees of freedom exceeds `x`.
///
/// Γ(df/2, x/2) / Γ(df/2). `None` for what is not a number and for degrees of freedom that are not positive and finite.
/// An infinite `x` has the tail 0; that of a finite one is never 0, and the smallest normal number where it would be.
pub fn upper_tail(x: f64, df: f64) -> Option<f64> {
    if x.is_nan() || !(df > 0.0 && df.is_finite()) {
        return None;
    }
    if x <= 0.0 {
        return Some(1.0);
    }
    Some(if x.is_infinite() { 0.0 } else { gamma_ur(df / 2.0, x / 2.0).max(f64::MIN_POSITIVE) })
}
