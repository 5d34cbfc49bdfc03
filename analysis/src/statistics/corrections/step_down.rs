//! Corrections that go from the smallest p value up, beside Holm's.

use super::family::Family;
use super::single_step::at_least_one;

/// Holm's procedure with Šidák's level: 1 - (1 - p₍ᵢ₎)^(m - i + 1), never falling.
///
/// Where [`super::single_step::sidak`] may be used, and stronger than it.
///
/// Source: Holm (1979), Scandinavian Journal of Statistics 6.
pub fn holm_sidak(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size();
    family.rising(|rank, p| at_least_one(p, (m - rank + 1) as f64))
}

/// Finner's: 1 - (1 - p₍ᵢ₎)^(m / i), never falling.
///
/// For independent comparisons, or positively dependent ones such as many arms against one baseline; not under any
/// dependence.
///
/// Source: Finner (1993), "On a monotonicity problem in step-down multiple test procedures", JASA 88.
pub fn finner(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size() as f64;
    family.rising(|rank, p| at_least_one(p, m / rank as f64))
}
