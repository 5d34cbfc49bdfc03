//! Fisher's F distribution.

use super::beta::{Share, cumulative};

/// The probability that an F variable with `above` and `below` degrees of freedom exceeds `f`.
///
/// I(below / (below + above · f); below / 2, above / 2), to twelve digits for up to 10⁷ degrees of freedom. `None` for
/// what is not a number, for degrees of freedom that are not positive and finite. An infinite `f` has the tail 0; that
/// of a finite one is never 0, and the smallest normal number where it would be.
pub fn upper_tail(f: f64, above: f64, below: f64) -> Option<f64> {
    let valid = |df: f64| df > 0.0 && df.is_finite();
    if f.is_nan() || !valid(above) || !valid(below) {
        return None;
    }
    if f.is_infinite() {
        return Some(if f > 0.0 { 0.0 } else { 1.0 });
    }
    if f <= 0.0 {
        return Some(1.0);
    }
    Some(cumulative(Share::of(below, above * f), below / 2.0, above / 2.0).max(f64::MIN_POSITIVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_degrees_above_have_a_closed_form() {
        // (1 + 2 f / b)^(-b / 2)
        for below in [1.0, 12.0, 1e6] {
            for f in [0.1_f64, 4.0, 30.0] {
                let expected = (-below / 2.0 * (2.0 * f / below).ln_1p()).exp();
                let found = upper_tail(f, 2.0, below).unwrap();
                assert!((found / expected - 1.0).abs() < 1e-12, "{f} {below}: {found} {expected}");
            }
        }
        assert_eq!(upper_tail(f64::NAN, 2.0, 2.0), None);
        assert_eq!(upper_tail(f64::INFINITY, 2.0, 2.0), Some(0.0));
    }
}
