//! One p value from several independent ones.

use serde::Serialize;

use crate::statistics::distributions::{chi_squared, normal};

/// A test of several p values together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Combined {
    /// The statistic.
    pub statistic: f64,
    /// Its p value against "no effect anywhere", in (0, 1].
    pub p: f64,
}

/// Fisher's: -2 Σ ln pᵢ, a χ² variable with 2k degrees of freedom.
///
/// For k independent p values of one-sided or two-sided tests; one strong effect suffices. `None` without p values or
/// with one outside (0, 1].
///
/// Source: Fisher (1932), Statistical Methods for Research Workers, section 21.1.
pub fn fisher(p_values: &[f64]) -> Option<Combined> {
    valid(p_values)?;
    let statistic = -2.0 * p_values.iter().map(|p| p.ln()).sum::<f64>();
    let p = chi_squared::upper_tail(statistic, 2.0 * p_values.len() as f64)?;
    Some(Combined { statistic, p })
}

/// Stouffer's: Σ zᵢ / √k, with zᵢ the normal quantile of 1 - pᵢ.
///
/// For independent one-sided p values in one direction; small effects that agree add up. `None` as for [`fisher`], and
/// for a p value of 1, whose quantile is not finite.
///
/// Source: Stouffer et al. (1949), The American Soldier 1.
pub fn stouffer(p_values: &[f64]) -> Option<Combined> {
    valid(p_values)?;
    let quantiles: Option<Vec<f64>> = p_values.iter().map(|p| normal::upper_quantile(*p)).collect();
    let statistic = quantiles?.iter().sum::<f64>() / (p_values.len() as f64).sqrt();
    Some(Combined { statistic, p: normal::upper_tail(statistic).max(f64::MIN_POSITIVE) })
}

/// Tippett's: the smallest of k independent p values, with the tail 1 - (1 - p)ᵏ. `None` as for [`fisher`].
///
/// Source: Tippett (1931), The Methods of Statistics.
pub fn tippett(p_values: &[f64]) -> Option<Combined> {
    valid(p_values)?;
    let statistic = p_values.iter().copied().fold(1.0, f64::min);
    Some(Combined { statistic, p: super::single_step::at_least_one(statistic, p_values.len() as f64) })
}

fn valid(p_values: &[f64]) -> Option<()> {
    let inside = |p: &f64| *p > 0.0 && *p <= 1.0;
    (!p_values.is_empty() && p_values.iter().all(inside)).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_p_value_stays_what_it_is() {
        for p in [1e-9, 0.03, 0.7] {
            for found in [fisher(&[p]), stouffer(&[p]), tippett(&[p])] {
                assert!((found.unwrap().p / p - 1.0).abs() < 1e-12);
            }
        }
        assert_eq!(fisher(&[]), None);
        assert_eq!(fisher(&[0.0, 0.5]), None);
        assert_eq!(stouffer(&[1.0, 0.5]), None);
    }
}
