//! Corrections that treat every comparison alike: Bonferroni's and Šidák's.

use super::family::Family;

/// Bonferroni's: m · p, at most 1.
///
/// Holds under any dependence. Holm's never adjusts more and holds as widely: this one is for simultaneous intervals,
/// where a single factor is needed.
///
/// Source: Dunn (1961), Journal of the American Statistical Association 56.
pub fn bonferroni(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size() as f64;
    family.rising(|_, p| m * p)
}

/// Šidák's: 1 - (1 - p)ᵐ.
///
/// Exact for independent comparisons, and safe for two-sided tests of jointly normal estimates; not under any
/// dependence.
///
/// Source: Šidák (1967), Journal of the American Statistical Association 62.
pub fn sidak(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size() as f64;
    family.rising(|_, p| at_least_one(p, m))
}

/// 1 - (1 - p)ⁿ, exact for small p.
pub(super) fn at_least_one(p: f64, n: f64) -> f64 {
    -(n * (-p).ln_1p()).exp_m1()
}
