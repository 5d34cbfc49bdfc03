//! Bartlett's test for equal variances.

use serde::Serialize;

use crate::statistics::describe::standard_deviation;
use crate::statistics::distributions::chi_squared;
use crate::statistics::refusal::Refusal;

/// What the variances of several groups say.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EqualSpread {
    /// The statistic, compared with χ².
    pub chi_squared: f64,
    /// One less than there are groups.
    pub df: f64,
    /// p value against equal spread.
    pub p: f64,
}

/// Tests whether k groups of normal values have one variance.
///
/// With variances sᵢ² on νᵢ = nᵢ - 1 degrees of freedom, ν their sum and s² their mean by ν: χ² = (ν ln s² - Σ νᵢ ln
/// sᵢ²) / (1 + (Σ 1/νᵢ - 1/ν) / (3 (k - 1))).
///
/// It takes values that are not normal for unequal spread: see [`super::levene`].
///
/// Source: Bartlett (1937), Proceedings of the Royal Society A 160.
///
/// # Errors
/// A [`Refusal`] for fewer than two groups, one with fewer than two values or one that is not finite, and a group
/// without spread, whose logarithm there is not.
pub fn bartlett<Group: AsRef<[f64]>>(groups: &[Group]) -> Result<EqualSpread, Refusal> {
    Refusal::unless_groups(groups, 2)?;
    let (mut total, mut pooled, mut logs, mut shares) = (0.0, 0.0, 0.0, 0.0);
    for group in groups {
        let values = group.as_ref();
        let variance = standard_deviation(values).map_or(0.0, |spread| spread * spread);
        if variance <= 0.0 {
            return Err(Refusal::NoSpread);
        }
        let df = (values.len() - 1) as f64;
        total += df;
        pooled += df * variance;
        logs += df * variance.ln();
        shares += df.recip();
    }
    let df = (groups.len() - 1) as f64;
    let statistic = (total * (pooled / total).ln() - logs) / (1.0 + (shares - total.recip()) / (3.0 * df));
    let statistic = statistic.max(0.0);
    let p = chi_squared::upper_tail(statistic, df).ok_or(Refusal::NoFreedom)?;
    Ok(EqualSpread { chi_squared: statistic, df, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_variances_have_nothing_to_show() {
        let found = bartlett(&[[1.0, 2.0, 3.0], [5.0, 6.0, 7.0]]).unwrap();
        assert!(found.chi_squared < 1e-12 && found.p > 0.999_99, "{found:?}");
        assert_eq!(bartlett(&[[1.0, 1.0], [2.0, 3.0]]), Err(Refusal::NoSpread));
    }
}
