//! Friedman's test: do several arms differ, when each block (a seed, a task) has run them all?

use statrs::function::{beta::beta_reg, gamma::gamma_ur};

/// What the ranks within the blocks say.
#[derive(Debug, Clone, PartialEq)]
pub struct Friedman {
    /// Mean rank of each arm; rank 1 is the largest value of its block, and ties share their middle rank.
    pub mean_ranks: Vec<f64>,
    /// Friedman's χ², corrected for ties.
    pub chi_squared: f64,
    /// p of χ² with k - 1 degrees of freedom.
    pub p: f64,
    /// Kendall's coefficient of concordance, from 0 (no agreement between the blocks) to 1.
    pub concordance: f64,
    /// The F of Iman and Davenport; `None` where all blocks agree wholly, and F has no bound.
    pub iman_davenport: Option<ImanDavenport>,
}

/// The F form of the test, which is less conservative than χ² with few blocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ImanDavenport {
    /// (n - 1) W / (1 - W), with W the concordance.
    pub f: f64,
    /// p of F with k - 1 and (k - 1)(n - 1) degrees of freedom.
    pub p: f64,
}

/// Compares k arms over n blocks by the ranks within each block.
///
/// With rank sums Rⱼ and ties of sizes t, χ² = (12 Σ Rⱼ² / (n k (k + 1)) - 3 n (k + 1)) / (1 - Σ (t³ - t) / (n k (k² - 1))),
/// and W = χ² / (n (k - 1)).
///
/// Assumes that the blocks are independent. The p values are approximate: with two arms the signed-rank or the paired test is
/// stronger, and with fewer than about ten blocks F is the better of the two. `None` if there is no block, if there are
/// fewer than two arms, if the blocks differ in length, if a value is not finite or if every block is one tie.
///
/// Source: Friedman (1937), JASA 32; Iman and Davenport (1980), Communications in Statistics A 9.
pub fn friedman(blocks: &[Vec<f64>]) -> Option<Friedman> {
    let arms = blocks.first()?.len();
    let whole = |block: &Vec<f64>| block.len() == arms && block.iter().all(|value| value.is_finite());
    if arms < 2 || !blocks.iter().all(whole) {
        return None;
    }
    let (n, k) = (blocks.len() as f64, arms as f64);
    let mut sums = vec![0.0; arms];
    let mut ties = 0.0;
    for block in blocks {
        for (sum, value) in sums.iter_mut().zip(block) {
            let above = block.iter().filter(|other| *other > value).count() as f64;
            let equal = block.iter().filter(|other| *other >= value).count() as f64 - above;
            *sum += above + f64::midpoint(equal, 1.0);
            // Each of the t members of a tie adds its share, t² - 1, of t³ - t.
            ties += equal * equal - 1.0;
        }
    }
    let correction = 1.0 - ties / (n * k * (k * k - 1.0));
    if correction <= f64::EPSILON {
        return None;
    }
    let middle = n * (k + 1.0) / 2.0;
    let spread: f64 = sums.iter().map(|sum| (sum - middle).powi(2)).sum();
    let chi_squared = 12.0 * spread / (n * k * (k + 1.0)) / correction;
    let concordance = (chi_squared / (n * (k - 1.0))).min(1.0);
    Some(Friedman {
        mean_ranks: sums.iter().map(|sum| sum / n).collect(),
        chi_squared,
        p: gamma_ur((k - 1.0) / 2.0, chi_squared / 2.0),
        concordance,
        iman_davenport: iman_davenport(concordance, n, k),
    })
}

/// The F of a concordance; a single block leaves it no degrees of freedom.
fn iman_davenport(concordance: f64, n: f64, k: f64) -> Option<ImanDavenport> {
    let rest = 1.0 - concordance;
    if n < 2.0 || rest <= 4.0 * f64::EPSILON {
        return None;
    }
    let f = (n - 1.0) * concordance / rest;
    let (df, other_df) = (k - 1.0, (k - 1.0) * (n - 1.0));
    // The upper tail by itself: one minus the lower one would lose every small p.
    let p = beta_reg(other_df / 2.0, df / 2.0, other_df / (other_df + df * f));
    Some(ImanDavenport { f, p })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks() -> Vec<Vec<f64>> {
        [
            [0.712, 0.705, 0.721, 0.698, 0.715],
            [0.734, 0.72, 0.739, 0.711, 0.73],
            [0.721, 0.718, 0.726, 0.709, 0.726],
            [0.745, 0.731, 0.742, 0.725, 0.738],
            [0.729, 0.719, 0.735, 0.702, 0.727],
            [0.718, 0.714, 0.729, 0.707, 0.712],
            [0.74, 0.722, 0.741, 0.719, 0.733],
            [0.725, 0.716, 0.733, 0.708, 0.724],
        ]
        .map(Vec::from)
        .to_vec()
    }

    fn close(found: f64, expected: f64) {
        assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
    }

    #[test]
    fn five_arms_over_eight_blocks_with_a_tie() {
        // SciPy 1.17.1: friedmanchisquare(*blocks.T); F, its p and W from that χ² (reference cases friedman,
        // iman_davenport_classic and mean_ranks).
        let found = friedman(&blocks()).unwrap();
        assert_eq!(found.mean_ranks, [2.125, 3.875, 1.1875, 5.0, 2.8125]);
        close(found.chi_squared, 28.503_144_654_088_068);
        close(found.p, 9.861_327_871_092_343e-6);
        close(found.concordance, 0.890_723_270_440_252_1);
        let test = found.iman_davenport.unwrap();
        close(test.f, 57.057_553_956_834_86);
        close(test.p, 4.664_008_104_765_745e-13);
    }

    #[test]
    fn the_order_of_blocks_changes_nothing_and_that_of_arms_only_the_ranks() {
        let mut turned = blocks();
        turned.reverse();
        assert_eq!(friedman(&turned), friedman(&blocks()));
        for block in &mut turned {
            block.reverse();
        }
        let (found, plain) = (friedman(&turned).unwrap(), friedman(&blocks()).unwrap());
        assert!(found.mean_ranks.iter().eq(plain.mean_ranks.iter().rev()));
        close(found.chi_squared, plain.chi_squared);
    }

    #[test]
    fn what_has_no_answer() {
        assert_eq!(friedman(&[]), None);
        assert_eq!(friedman(&[vec![1.0], vec![2.0]]), None);
        assert_eq!(friedman(&[vec![1.0, 2.0], vec![2.0]]), None);
        assert_eq!(friedman(&[vec![1.0, f64::NAN]]), None);
        assert_eq!(friedman(&[vec![1.0, 1.0], vec![2.0, 2.0]]), None);
        let agreed = friedman(&[vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]]).unwrap();
        assert_eq!((agreed.concordance, agreed.iman_davenport), (1.0, None));
    }
}
