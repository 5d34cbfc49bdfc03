//! The permutation test for pairs: every sign of every difference.

use rand_chacha::rand_core::Rng;

use super::chance::Drawn;
use crate::statistics::ranks::decimal;

/// The most pairs for which all sign patterns are counted: halves of a million patterns each.
pub const EXACT: usize = 40;

/// The exact two-sided p value of a mean difference of `pairs`, (level, baseline): the share of all 2ⁿ sign patterns of
/// the differences whose mean is at least as far from 0.
///
/// Exact when a difference is as likely to be d as -d: for arms that are exchangeable within a seed. Differences that
/// are skewed around a mean of 0 are something else, and rejected too often. With five pairs or fewer it is never below
/// 0.05. Values are taken as decimals, so that equal means count as equal. The patterns of two halves are sorted and
/// counted against each other, which takes 2^(n/2) steps in place of 2ⁿ. `None` without pairs, with more than
/// [`EXACT`], or with a value that is not finite.
///
/// Source: Fisher (1935), The Design of Experiments, section 21; Horowitz and Sahni (1974), Journal of the ACM 21.
pub fn exact(pairs: &[(f64, f64)]) -> Option<f64> {
    if pairs.is_empty() || pairs.len() > EXACT {
        return None;
    }
    let Differences { values, slack } = Differences::of(pairs)?;
    let reach = values.iter().sum::<f64>().abs() - slack;
    if reach <= 0.0 {
        return Some(1.0);
    }
    let (one, other) = values.split_at(values.len() / 2);
    let (one, other) = (patterns(one), patterns(other));
    // As one half's sum rises, more of the other's suffice.
    let (mut above, mut first) = (0_u64, other.len());
    for sum in &one {
        while first > 0 && sum + other[first - 1] >= reach {
            first -= 1;
        }
        above += (other.len() - first) as u64;
    }
    Some((2.0 * above as f64 / 2.0_f64.powi(values.len() as i32)).min(1.0))
}

/// The same from `draws` random sign patterns, for more pairs than [`exact`] takes. `None` as there, but for their
/// number.
pub fn drawn(pairs: &[(f64, f64)], draws: u64, random: &mut impl Rng) -> Option<Drawn> {
    let Differences { values, slack } = Differences::of(pairs)?;
    let reach = values.iter().sum::<f64>().abs() - slack;
    let mut extreme = 0;
    for _ in 0..draws {
        let mut sum = 0.0;
        for chunk in values.chunks(32) {
            let signs = random.next_u32();
            sum += chunk.iter().enumerate().map(|(bit, d)| if signs >> bit & 1 == 1 { *d } else { -d }).sum::<f64>();
        }
        extreme += u64::from(sum.abs() >= reach);
    }
    Some(Drawn::of(extreme, draws))
}

struct Differences {
    values: Vec<f64>,
    /// By how much sums that are equal may differ.
    slack: f64,
}

impl Differences {
    fn of(pairs: &[(f64, f64)]) -> Option<Self> {
        let flat: Vec<f64> = pairs.iter().flat_map(|(level, baseline)| [*level, *baseline]).collect();
        if flat.is_empty() || flat.iter().any(|value| !value.is_finite()) {
            return None;
        }
        if let Some((whole, _)) = decimal::whole(&flat) {
            let values = whole.chunks_exact(2).map(|pair| pair[0] - pair[1]).collect();
            return Some(Self { values, slack: 0.5 });
        }
        let values = decimal::differences(pairs);
        let total: f64 = values.iter().map(|d| d.abs()).sum();
        let slack = total * f64::EPSILON * values.len() as f64;
        Some(Self { values, slack })
    }
}

/// The sums of all sign patterns, rising.
fn patterns(values: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0];
    for value in values {
        // Both lists are sorted, and so is what they are merged into.
        let size = value.abs();
        let (mut low, mut high) =
            (sums.iter().map(|sum| sum - size).peekable(), sums.iter().map(|sum| sum + size).peekable());
        let mut merged = Vec::with_capacity(2 * sums.len());
        while let (Some(one), Some(other)) = (low.peek(), high.peek()) {
            let next = if one <= other { low.next() } else { high.next() };
            merged.extend(next);
        }
        merged.extend(low);
        merged.extend(high);
        sums = merged;
    }
    sums
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn the_halves_count_what_all_patterns_count() {
        let differences: [i32; 9] = [3, -1, 4, 1, -5, 9, 2, 0, 5];
        let pairs: Vec<(f64, f64)> = differences.iter().map(|d| (f64::from(*d) / 10.0 + 0.7, 0.7)).collect();
        let total: i32 = differences.iter().sum();
        let extreme = (0..1_u32 << 9).filter(|pattern| {
            let signed = |(bit, d): (usize, &i32)| if pattern >> bit & 1 == 1 { *d } else { -d };
            differences.iter().enumerate().map(signed).sum::<i32>().abs() >= total
        });
        let expected = extreme.count() as f64 / 512.0;
        let pairs: Vec<(f64, f64)> = pairs.iter().map(|(x, y)| ((x * 10.0).round() / 10.0, *y)).collect();
        assert!((exact(&pairs).unwrap() - expected).abs() < 1e-15);
        let found = drawn(&pairs, 20_000, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        assert!((found.p - expected).abs() < 4.0 * found.error, "{found:?} {expected}");
    }

    #[test]
    fn edge_cases() {
        // const_diff_t: exact p of three equal differences; zero_diff_t.
        assert!((exact(&[(0.6, 0.5), (0.7, 0.6), (0.8, 0.7)]).unwrap() - 0.25).abs() < 1e-15);
        assert_eq!(exact(&[(0.5, 0.5); 3]), Some(1.0));
        assert_eq!(exact(&[]), None);
        assert_eq!(exact(&[(f64::INFINITY, 1.0)]), None);
        assert_eq!(exact(&[(1.0, 0.0); 41]), None);
        let forty: Vec<(f64, f64)> = (1..=40).map(|i| (f64::from(i), 0.0)).collect();
        assert!((exact(&forty).unwrap() / 2.0_f64.powi(-39) - 1.0).abs() < 1e-12);
    }
}
