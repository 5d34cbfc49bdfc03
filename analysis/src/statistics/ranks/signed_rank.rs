//! Wilcoxon's signed-rank test.

use serde::Serialize;

use super::{attainable, midranks};
use crate::statistics::distributions::normal;

/// The most differences for which the exact distribution is counted out.
pub(super) const EXACT: usize = 200;

/// What becomes of differences of 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Zeros {
    /// They are left out before ranking (Wilcoxon).
    Dropped,
    /// They are ranked with the others and then left out (Pratt).
    Ranked,
}

/// The test of a set of differences.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SignedRank {
    /// Sum of the ranks of positive differences.
    pub positive: f64,
    /// Sum of the ranks of negative differences.
    pub negative: f64,
    /// How many differences are 0; when all are, both arms have the same values and p is 1.
    pub zeros: usize,
    /// Two-sided p value, in (0, 1].
    pub p: f64,
    /// Whether p is exact; if not, it is the asymptotic one.
    pub exact: bool,
    /// The smallest p value that so many differences other than 0 can give.
    pub floor: f64,
}

impl SignedRank {
    /// The smaller rank sum, as most tables have it.
    pub fn statistic(&self) -> f64 {
        self.positive.min(self.negative)
    }

    /// The matched rank-biserial correlation, (W₊ - W₋) / (W₊ + W₋); `None` when all differences are 0.
    ///
    /// Source: Kerby (2014), Comprehensive Psychology 3.
    pub fn correlation(&self) -> Option<f64> {
        let total = self.positive + self.negative;
        (total > 0.0).then(|| (self.positive - self.negative) / total)
    }
}

/// Tests whether differences are symmetric about 0, from the ranks of their sizes.
///
/// W₊ and W₋ are the sums of the ranks of |d| over positive and negative differences, equal sizes sharing their mean
/// rank. Under the null hypothesis each rank is positive with probability 1/2, so the distribution is that of all sign
/// patterns of the ranks at hand, ties and zeros included; p is twice the smaller tail. Up to 200 differences it is
/// counted out exactly, beyond that it is [`asymptotic`] with the continuity correction.
///
/// Take differences from [`super::decimal::differences`], or ties are lost to rounding. A difference of ±∞ (a run that
/// diverged) gets the outermost rank. Assumes independent differences, symmetric under the null hypothesis. With five
/// differences or fewer it can never be below 0.05. `None` without differences, or where one is NaN.
///
/// Source: Wilcoxon (1945), Biometrics Bulletin 1; Pratt (1959), JASA 54.
pub fn signed_rank(differences: &[f64], zeros: Zeros) -> Option<SignedRank> {
    let ranked = Ranked::of(differences, zeros)?;
    let exact = ranked.ranks.len() <= EXACT;
    let p = if exact { ranked.exact_p() } else { ranked.normal(true).1 };
    Some(SignedRank {
        positive: ranked.positive as f64 / 2.0,
        negative: (ranked.ranks.iter().sum::<u64>() - ranked.positive) as f64 / 2.0,
        zeros: differences.len() - ranked.ranks.len(),
        p,
        exact,
        floor: attainable::signed(ranked.ranks.len()),
    })
}

/// The statistic and two-sided p value by the normal approximation: z = (W₊ - Σr/2) / √(Σr²/4) over the ranks at hand,
/// which contains the correction for ties; `continuity` takes 1/2 off the distance first.
///
/// For comparison with other programs: with fewer than some fifty differences the exact p value is the one to use. z is
/// 0 and p is 1 when all differences are 0; `None` without differences, or where one is NaN.
pub fn asymptotic(differences: &[f64], zeros: Zeros, continuity: bool) -> Option<(f64, f64)> {
    Some(Ranked::of(differences, zeros)?.normal(continuity))
}

/// Doubled ranks of the differences other than 0, and the sum of those that belong to positive ones.
struct Ranked {
    ranks: Vec<u64>,
    positive: u64,
}

impl Ranked {
    fn of(differences: &[f64], zeros: Zeros) -> Option<Self> {
        if differences.is_empty() || differences.iter().any(|d| d.is_nan()) {
            return None;
        }
        let ranked: Vec<f64> =
            differences.iter().copied().filter(|d| zeros == Zeros::Ranked || d.abs() > 0.0).collect();
        let sizes: Vec<f64> = ranked.iter().map(|d| d.abs()).collect();
        let (mut ranks, mut positive) = (Vec::new(), 0);
        for (d, rank) in ranked.iter().zip(midranks::doubled(&sizes)) {
            if d.abs() > 0.0 {
                ranks.push(rank);
                positive += if *d > 0.0 { rank } else { 0 };
            }
        }
        Some(Self { ranks, positive })
    }

    fn exact_p(&self) -> f64 {
        let total: u64 = self.ranks.iter().sum();
        // The distribution is symmetric, so the smaller sum has the smaller tail.
        let reach = self.positive.min(total - self.positive) as usize;
        (2.0 * distribution(&self.ranks, reach).iter().sum::<f64>()).min(1.0)
    }

    fn normal(&self, continuity: bool) -> (f64, f64) {
        let half: f64 = self.ranks.iter().sum::<u64>() as f64 / 4.0;
        let squares: f64 = self.ranks.iter().map(|rank| (*rank as f64 / 2.0).powi(2)).sum();
        if squares <= 0.0 {
            return (0.0, 1.0);
        }
        let distance = self.positive as f64 / 2.0 - half;
        let correction = if continuity { distance.abs().min(0.5) } else { 0.0 };
        let z = (distance - correction.copysign(distance)) / (squares / 4.0).sqrt();
        (z, normal::two_sided(z))
    }
}

/// The probabilities that a random half of the ranks sums to 0, 1, … `reach`: each rank is in with probability 1/2.
///
/// Only positive numbers are added, so that even the far tail is right to the last digits.
pub(super) fn distribution(ranks: &[u64], reach: usize) -> Vec<f64> {
    let mut mass = vec![0.0; reach + 1];
    mass[0] = 1.0;
    for rank in ranks {
        let rank = *rank as usize;
        for sum in (0..=reach).rev() {
            let joined = if sum >= rank { mass[sum - rank] } else { 0.0 };
            mass[sum] = f64::midpoint(mass[sum], joined);
        }
    }
    mass
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_p_value_is_the_enumerated_one() {
        let differences = [0.5, -0.2, 0.2, 0.9, -0.5, 0.0, 1.5, 0.2];
        for zeros in [Zeros::Dropped, Zeros::Ranked] {
            let ranked = Ranked::of(&differences, zeros).unwrap();
            let n = ranked.ranks.len();
            let sums = (0..1_u32 << n)
                .map(|pattern| (0..n).filter(|bit| pattern >> bit & 1 == 1).map(|bit| ranked.ranks[bit]).sum::<u64>());
            let above = sums.filter(|sum| *sum >= ranked.positive).count();
            let expected = 2.0 * above as f64 / f64::from(1_u32 << n);
            assert!((ranked.exact_p() - expected).abs() < 1e-15, "{zeros:?}");
        }
    }

    #[test]
    fn edge_cases() {
        let all = |differences: &[f64]| signed_rank(differences, Zeros::Dropped).unwrap();
        // n3_wilcoxon, wilcoxon_all_zero, inf_wilcoxon, and one difference alone.
        assert!((all(&[0.1, 0.2, 0.3]).p - 0.25).abs() < 1e-15);
        assert!((all(&[0.1, 0.2, 0.3]).floor - 0.25).abs() < 1e-15);
        let identical = all(&[0.0, 0.0, 0.0]);
        assert_eq!((identical.p.to_bits(), identical.zeros, identical.correlation()), (1.0_f64.to_bits(), 3, None));
        assert!((all(&[0.5, 0.8, f64::INFINITY, 0.9, 0.8]).p - 0.0625).abs() < 1e-15);
        assert!((all(&[4.0]).p - 1.0).abs() < 1e-15);
        assert_eq!(signed_rank(&[], Zeros::Ranked), None);
        assert_eq!(asymptotic(&[0.0, 0.0], Zeros::Ranked, true), Some((0.0, 1.0)));
    }

    #[test]
    fn two_hundred_differences_have_a_tail_above_nothing() {
        let rising: Vec<f64> = (1..=200).map(f64::from).collect();
        let found = signed_rank(&rising, Zeros::Dropped).unwrap();
        assert!(found.exact && found.p > 0.0);
        assert!((found.p / found.floor - 1.0).abs() < 1e-12, "{} {}", found.p, found.floor);
    }

    #[test]
    fn swapping_the_arms_changes_only_the_sign() {
        let differences = [0.3, -0.1, 0.4, 0.1, 0.0, 0.25];
        let turned: Vec<f64> = differences.iter().map(|d| -d).collect();
        let (one, other) =
            (signed_rank(&differences, Zeros::Ranked).unwrap(), signed_rank(&turned, Zeros::Ranked).unwrap());
        assert_eq!(one.p.to_bits(), other.p.to_bits());
        assert_eq!(one.positive.to_bits(), other.negative.to_bits());
    }
}
