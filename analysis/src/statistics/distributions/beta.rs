//! The regularised incomplete beta function, to twelve digits for parameters from 1/2 to 10⁷, in the tails too.

use std::f64::consts::PI;

use statrs::function::gamma::ln_gamma;

/// The two parts, x and 1 - x, of a number in [0, 1], each without the rounding of the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    /// x.
    pub part: f64,
    /// 1 - x.
    pub rest: f64,
}

impl Share {
    /// `part` of `part + rest`; both finite, not negative, not both 0.
    pub fn of(part: f64, rest: f64) -> Self {
        Self { part: part / (part + rest), rest: rest / (part + rest) }
    }

    fn turned(self) -> Self {
        Self { part: self.rest, rest: self.part }
    }
}

/// I(x; a, b), the probability that a beta variable with a, b > 0 is at most x.
///
/// By the continued fraction in the half where it converges fast; the factor before it as a binomial density by the
/// saddle point, so that no large logarithms cancel.
///
/// Source: DiDonato and Morris (1992), ACM Transactions on Mathematical Software 18; Loader (2000), "Fast and accurate
/// computation of binomial probabilities".
pub fn cumulative(share: Share, a: f64, b: f64) -> f64 {
    if share.part <= 0.0 {
        return 0.0;
    }
    if share.rest <= 0.0 {
        return 1.0;
    }
    if a * share.rest >= b * share.part { tail(share, a, b) } else { 1.0 - tail(share.turned(), b, a) }
}

/// The x that a beta variable with a, b > 0 stays below with `probability`, in (0, 1), by bisection down to
/// neighbouring floats.
pub fn quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    for _ in 0..1100 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if cumulative(Share { part: middle, rest: 1.0 - middle }, a, b) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// xᵃ (1 - x)ᵇ / B(a, b) over the continued fraction, by the method of Lentz. Written with both parts of the share:
/// near x = 1 a form in x alone loses as many digits as `a` has.
fn tail(share: Share, a: f64, b: f64) -> f64 {
    let Share { part, rest } = share;
    let lead = a * rest - b * part + 1.0;
    let mut fraction = a * lead / (a + 1.0);
    let (mut numerator, mut denominator) = (fraction, 0.0);
    for step in 1..1_000_000 {
        let m = f64::from(step);
        let odd = a + 2.0 * m - 1.0;
        let above = (a + m - 1.0) * (a + b + m - 1.0) * m * (b - m) * part * part / (odd * odd);
        let below = m + m * (b - m) * part / odd + (a + m) * (lead + m * (1.0 + rest)) / (odd + 2.0);
        denominator = (below + above * denominator).recip();
        numerator = below + above / numerator;
        let change = numerator * denominator;
        fraction *= change;
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    (front(share, a, b) / fraction).clamp(0.0, 1.0)
}

/// xᵃ (1 - x)ᵇ / B(a, b).
fn front(share: Share, a: f64, b: f64) -> f64 {
    let n = a + b;
    let exponent = stirling_error(n)
        - stirling_error(a)
        - stirling_error(b)
        - deviance(a, n * share.part)
        - deviance(b, n * share.rest);
    exponent.exp() * (a * b / (2.0 * PI * n)).sqrt()
}

/// ln Γ(n + 1) minus Stirling's formula for it.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * (2.0 * PI).ln();
    }
    let square = n * n;
    let inner = 1.0 / 1260.0 - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 / square) / square) / square;
    (1.0 / 12.0 - (1.0 / 360.0 - inner / square) / square) / n
}

/// x ln(x / mean) + mean - x without cancellation where the two are close.
fn deviance(x: f64, mean: f64) -> f64 {
    let ratio = (x - mean) / (x + mean);
    if ratio.abs() >= 0.1 {
        return x * (x / mean).ln() + mean - x;
    }
    // ln(x / mean) = 2 artanh(ratio), and the first terms are taken together with mean - x.
    let mut sum = (x - mean) * ratio;
    let mut term = 2.0 * x * ratio;
    for odd in (3..200).step_by(2) {
        term *= ratio * ratio;
        let next = sum + term / f64::from(odd);
        if (next - sum).abs() <= 0.0 {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms() {
        for x in [1e-9, 0.01, 0.3, 0.5, 0.9, 0.999] {
            let share = Share { part: x, rest: 1.0 - x };
            for (found, expected) in [
                (cumulative(share, 1.0, 1.0), x),
                (cumulative(share, 2.0, 1.0), x * x),
                (cumulative(share, 1.0, 3.0), x * (3.0 - 3.0 * x + x * x)),
                (cumulative(share, 0.5, 0.5), x.sqrt().asin() * 2.0 / PI),
            ] {
                assert!((found / expected - 1.0).abs() < 1e-13, "{x}: {found} {expected}");
            }
        }
    }

    #[test]
    fn the_quantile_turns_it_around() {
        for (a, b) in [(0.5, 0.5), (8.0, 3.0), (120.0, 4.5)] {
            for probability in [1e-6, 0.025, 0.5, 0.975] {
                let x = quantile(probability, a, b);
                let back = cumulative(Share { part: x, rest: 1.0 - x }, a, b);
                assert!((back / probability - 1.0).abs() < 1e-11, "{a} {b} {probability}: {back}");
            }
        }
    }
}
