//! Differences of numbers as they were written down.
//!
//! 0.83 - 0.73 and 0.74 - 0.64 are both 0.1, but not in binary, and a test by ranks that subtracts floats sees two
//! values where there is one. Here numbers are subtracted as the shortest decimals that stand for them, which are the
//! ones in the table.

/// How far apart two exponents may lie and still be aligned in 128 bits: seventeen digits and these.
const WIDEST: i32 = 20;

/// The float next to the decimal difference of each pair, first minus second.
///
/// Infinite values, as a diverged run may have, differ from finite ones by infinity, and not from their like. Numbers
/// whose sizes differ by more than twenty orders are subtracted as floats.
pub fn differences(pairs: &[(f64, f64)]) -> Vec<f64> {
    pairs.iter().map(|(first, second)| difference(*first, *second)).collect()
}

/// The float next to the decimal difference, `first` minus `second`.
pub fn difference(first: f64, second: f64) -> f64 {
    if first.is_infinite() && second.is_infinite() && first.is_sign_positive() == second.is_sign_positive() {
        return 0.0;
    }
    let exact = || {
        let (one, other) = (Decimal::of(first)?, Decimal::of(second)?);
        let exponent = one.exponent.min(other.exponent);
        let digits = one.at(exponent)? - other.at(exponent)?;
        format!("{digits}e{exponent}").parse().ok()
    };
    exact().unwrap_or(first - second)
}

/// The values as whole numbers of one decimal unit, and the exponent of that unit, when all their sums are exact in a
/// float.
pub fn whole(values: &[f64]) -> Option<(Vec<f64>, i32)> {
    let decimals: Vec<Decimal> = values.iter().map(|value| Decimal::of(*value)).collect::<Option<_>>()?;
    let exponent = decimals.iter().filter(|decimal| decimal.digits != 0).map(|decimal| decimal.exponent).min()?;
    let digits: Vec<i128> = decimals.iter().map(|decimal| decimal.at(exponent)).collect::<Option<_>>()?;
    let total = digits.iter().try_fold(0_i128, |total, digits| total.checked_add(digits.checked_abs()?))?;
    (total < 1 << f64::MANTISSA_DIGITS).then(|| (digits.iter().map(|digits| *digits as f64).collect(), exponent))
}

/// digits · 10^exponent.
struct Decimal {
    digits: i128,
    exponent: i32,
}

impl Decimal {
    fn of(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        let text = format!("{value:e}");
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len()).ok()?;
        Some(Self { digits, exponent })
    }

    /// The digits in units of 10^exponent, which is not above its own.
    fn at(&self, exponent: i32) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        let shift = self.exponent - exponent;
        if shift > WIDEST {
            return None;
        }
        self.digits.checked_mul(10_i128.checked_pow(u32::try_from(shift).ok()?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_equal_in_decimal_is_equal() {
        let found = differences(&[(0.83, 0.73), (0.74, 0.64), (0.65, 0.55), (0.56, 0.46), (1e3, 999.9), (-0.1, -0.2)]);
        assert!(found.iter().all(|difference| difference.to_bits() == 0.1_f64.to_bits()), "{found:?}");
        assert!(difference(0.3, 0.3).abs() <= 0.0);
    }

    #[test]
    fn wide_and_infinite() {
        assert!((difference(1e300, 1e-300) / 1e300 - 1.0).abs() <= 0.0);
        assert!((difference(5e-324, 0.0) - 5e-324).abs() <= 0.0);
        assert!(difference(f64::INFINITY, 1.0).is_infinite());
        assert!(difference(f64::INFINITY, f64::INFINITY).abs() <= 0.0);
        assert!(difference(f64::NEG_INFINITY, f64::INFINITY) < 0.0);
    }

    #[test]
    fn whole_numbers_of_a_unit() {
        assert_eq!(whole(&[0.25, -1.5, 0.0, 3.0]), Some((vec![25.0, -150.0, 0.0, 300.0], -2)));
        assert_eq!(whole(&[1e300, 1.0]), None);
        assert_eq!(whole(&[f64::INFINITY]), None);
    }
}
