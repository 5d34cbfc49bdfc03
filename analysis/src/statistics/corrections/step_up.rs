//! Hochberg's correction.

use super::family::Family;

/// Hochberg's: the smallest of (m - j + 1) · p₍ⱼ₎ over j ≥ i.
///
/// Stronger than Holm's, but only for independent or positively dependent comparisons; comparisons of all pairs of arms
/// are neither.
///
/// Source: Hochberg (1988), "A sharper Bonferroni procedure for multiple tests of significance", Biometrika 75.
pub fn hochberg(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size();
    family.falling(|rank, p| (m - rank + 1) as f64 * p)
}
