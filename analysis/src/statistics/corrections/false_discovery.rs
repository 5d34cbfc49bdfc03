//! Control of the share of false claims among all claims. For screening tables; a claim wants a family-wise correction.

use super::family::Family;

/// Benjamini and Hochberg's: the smallest of m · p₍ⱼ₎ / j over j ≥ i.
///
/// For independent or positively dependent comparisons.
///
/// Source: Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57.
pub fn benjamini_hochberg(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    scaled(p_values, 1.0)
}

/// Benjamini and Yekutieli's: the same times 1 + 1/2 + … + 1/m, under any dependence.
///
/// Source: Benjamini and Yekutieli (2001), Annals of Statistics 29.
pub fn benjamini_yekutieli(p_values: &[Option<f64>]) -> Vec<Option<f64>> {
    let tested = p_values.iter().flatten().count();
    scaled(p_values, (1..=tested).map(|rank| 1.0 / rank as f64).sum())
}

/// Benjamini and Hochberg's with the number of true hypotheses guessed as those that a first pass at `alpha` leaves.
///
/// For independent comparisons; the values hold for a decision at `alpha` only. In the paper both passes are at alpha /
/// (1 + alpha), which is what its proof bounds by alpha; without that division, as here and in statsmodels' `fdr_tsbh`,
/// the same proof bounds the share of false claims by alpha / (1 - alpha). Where the first pass leaves few hypotheses
/// of many, an adjusted value can lie below the p value itself: with nine tenths rejected, the largest rejected p is
/// taken by about 1/9.
///
/// Source: Benjamini, Krieger and Yekutieli (2006), Biometrika 93, in the form without its factor 1 + alpha.
pub fn two_stage(p_values: &[Option<f64>], alpha: f64) -> Vec<Option<f64>> {
    let first = benjamini_hochberg(p_values);
    let tested = first.iter().flatten().count();
    let left = first.iter().flatten().filter(|p| **p > alpha).count();
    if left == 0 || left == tested {
        return first;
    }
    scaled(p_values, left as f64 / tested as f64)
}

fn scaled(p_values: &[Option<f64>], factor: f64) -> Vec<Option<f64>> {
    let family = Family::of(p_values);
    let m = family.size() as f64;
    family.falling(|rank, p| factor * m * p / rank as f64)
}
