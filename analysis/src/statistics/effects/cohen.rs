//! Differences of means in units of a spread.

use statrs::function::gamma::ln_gamma;

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::is_rounding;

/// Cohen's d of two independent groups: the difference of means over the pooled standard deviation.
///
/// It overstates the effect in small samples; see [`hedges_factor`]. `None` for fewer than two values in a group and
/// where there is no spread: then no difference is large or small beside it.
///
/// Source: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences.
pub fn independent(level: &[f64], baseline: &[f64]) -> Option<f64> {
    let (n, m) = (level.len() as f64, baseline.len() as f64);
    let (spread, other) = spreads(level, baseline)?;
    let pooled = (((n - 1.0) * spread * spread + (m - 1.0) * other * other) / (n + m - 2.0)).sqrt();
    Some((mean(level)? - mean(baseline)?) / pooled)
}

/// d of pairs by the spread of the runs themselves, (mean difference) / √((sₓ² + s_y²) / 2), which some programs call
/// Cohen's d of paired data. To be read beside [`independent`]; it is not d_z. `None` as there.
pub fn average(level: &[f64], baseline: &[f64]) -> Option<f64> {
    let (spread, other) = spreads(level, baseline)?;
    Some((mean(level)? - mean(baseline)?) / f64::midpoint(spread * spread, other * other).sqrt())
}

/// d_z of pairs: the mean difference over the standard deviation of the differences.
///
/// It is what the power of a paired test depends on, and grows with the correlation within pairs: not to be compared
/// with d of independent groups. `None` for fewer than two pairs or differences without spread.
pub fn paired(pairs: &[(f64, f64)]) -> Option<f64> {
    let differences: Vec<f64> = pairs.iter().map(|(level, baseline)| level - baseline).collect();
    let spread = standard_deviation(&differences)?;
    let largest = pairs.iter().fold(0.0_f64, |largest, (x, y)| largest.max(x.abs()).max(y.abs()));
    (!is_rounding(spread, largest)).then(|| mean(&differences).map(|mean| mean / spread))?
}

/// The factor by which d is taken to be unbiased, Γ(df/2) / (√(df/2) Γ((df - 1)/2)), exact for normal values. `None`
/// for one degree of freedom or fewer.
///
/// Source: Hedges (1981), Journal of Educational Statistics 6.
pub fn hedges_factor(df: f64) -> Option<f64> {
    let half = df / 2.0;
    (df > 1.0).then(|| (ln_gamma(half) - ln_gamma(half - 0.5)).exp() / half.sqrt())
}

fn spreads(level: &[f64], baseline: &[f64]) -> Option<(f64, f64)> {
    let (spread, other) = (standard_deviation(level)?, standard_deviation(baseline)?);
    let largest = level.iter().chain(baseline).fold(0.0_f64, |largest, value| largest.max(value.abs()));
    (!is_rounding(spread.max(other), largest)).then_some((spread, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_spread_there_is_no_unit() {
        // Edge case effsize_const: other programs say -inf.
        assert_eq!(independent(&[1.0; 3], &[2.0; 3]), None);
        assert_eq!(average(&[1.0; 3], &[2.0; 3]), None);
        assert_eq!(paired(&[(0.6, 0.5), (0.7, 0.6), (0.8, 0.7)]), None);
        assert_eq!(paired(&[(0.6, 0.5)]), None);
        assert_eq!(hedges_factor(1.0), None);
    }
}
