//! Nemenyi's comparison of all pairs of arms after Friedman's test.

use super::studentized_range;
use std::f64::consts::SQRT_2;

/// p of each pair of arms, adjusted for all pairs: a symmetric table with ones on its diagonal.
///
/// With mean ranks over n blocks of k arms, q = √2 |R̄ᵢ - R̄ⱼ| / √(k (k + 1) / (6 n)), and p is the upper tail of the range of k
/// normal values at q. Ties are not corrected for, which makes it conservative where there are many.
///
/// Approximate, and of little power with few blocks; the p of a pair depends on which other arms are compared. `None` without
/// blocks or with fewer than two arms.
///
/// Source: Nemenyi (1963), thesis, Princeton; Demšar (2006), JMLR 7.
pub fn nemenyi(mean_ranks: &[f64], blocks: usize) -> Option<Vec<Vec<f64>>> {
    let arms = u32::try_from(mean_ranks.len()).ok()?;
    if blocks == 0 {
        return None;
    }
    let k = f64::from(arms);
    let scale = SQRT_2 / (k * (k + 1.0) / (6.0 * blocks as f64)).sqrt();
    let p = |a: f64, b: f64| {
        let below = studentized_range::cumulative((a - b).abs() * scale, arms, f64::INFINITY)?;
        Some(1.0 - below)
    };
    mean_ranks
        .iter()
        .map(|a| mean_ranks.iter().map(|b| p(*a, *b)).collect())
        .collect::<Option<_>>()
        .filter(|_| arms >= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_arms_over_eight_blocks() {
        // scikit_posthocs 0.17.1: posthoc_nemenyi_friedman(blocks) (reference case nemenyi), its first and third rows
        let found = nemenyi(&[2.125, 3.875, 1.1875, 5.0, 2.8125], 8).unwrap();
        let rows = [
            (
                0,
                [
                    1.0,
                    0.174_542_047_212_515_65,
                    0.759_570_823_894_701_4,
                    0.002_561_191_508_028_36,
                    0.908_061_697_404_782_8,
                ],
            ),
            (
                2,
                [
                    0.759_570_823_894_701_4,
                    0.006_080_865_982_093_675,
                    1.0,
                    1.401_493_267_438_880_3e-5,
                    0.239_716_871_500_330_6,
                ],
            ),
        ];
        for (row, expected) in rows {
            for (found, expected) in found[row].iter().zip(expected) {
                assert!((found - expected).abs() < 1e-6, "{found} {expected}");
            }
        }
        assert_eq!(nemenyi(&[1.0], 8), None);
        assert_eq!(nemenyi(&[1.0, 2.0], 0), None);
    }
}
