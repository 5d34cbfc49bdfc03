//! The smallest p value that a design can give, whatever its runs say: never 0, and the smallest normal number where it
//! would be below that.

/// Of the signed-rank and the sign-flip test with `n` pairs, two-sided: 2 / 2ⁿ.
pub fn signed(n: usize) -> f64 {
    2.0_f64.powf(1.0 - n as f64).clamp(f64::MIN_POSITIVE, 1.0)
}

/// Of Mann and Whitney's and the permutation test with groups of `n` and `m`, two-sided: 2 / C(n + m, n).
pub fn rank_sum(n: usize, m: usize) -> f64 {
    (2.0 / choose(n + m, n)).clamp(f64::MIN_POSITIVE, 1.0)
}

/// Of the permutation test of the difference of means with the values at hand, two-sided: twice the share of
/// arrangements that give one group the extreme values. Of values that tie there, any may be dealt, so that it is above
/// [`rank_sum`] with them.
pub fn permuted(level: &[f64], baseline: &[f64]) -> f64 {
    let taken = level.len();
    let mut values = [level, baseline].concat();
    if taken == 0 || baseline.is_empty() {
        return 1.0;
    }
    values.sort_by(f64::total_cmp);
    // How many choices of `taken` values have the lowest sum, and how many the highest.
    let of_edge = |edge: f64| {
        let (below, to) =
            (values.partition_point(|value| *value < edge), values.partition_point(|value| *value <= edge));
        (below, to - below, values.len() - to)
    };
    let (below, tied, _) = of_edge(values[taken - 1]);
    let low = (tied, taken - below);
    let (_, tied, above) = of_edge(values[values.len() - taken]);
    let high = (tied, taken - above);
    let (lowest, highest) = (choose(low.0, low.1), choose(high.0, high.1));
    let all = choose(values.len(), taken);
    let share = if all.is_finite() {
        lowest.min(highest) / all
    } else {
        let logarithm = |(tied, left): (usize, usize)| log_choose(tied, left);
        (logarithm(low).min(logarithm(high)) - log_choose(values.len(), taken)).exp()
    };
    (2.0 * share).clamp(f64::MIN_POSITIVE, 1.0)
}

/// How many pairs a signed test needs so that the smallest of `comparisons` p values can pass Holm's first step at
/// `alpha`.
///
/// `None` for an alpha outside (0, 1). Below this number of seeds no result of such a test can be significant.
pub fn pairs_needed(comparisons: usize, alpha: f64) -> Option<usize> {
    if !(alpha > 0.0 && alpha < 1.0) {
        return None;
    }
    (1..1100).find(|n| comparisons as f64 * signed(*n) < alpha)
}

/// C(n, k), exact as long as it fits a float's digits; infinite only where it is beyond all floats itself.
pub(crate) fn choose(n: usize, k: usize) -> f64 {
    let k = k.min(n - k);
    (1..=k).fold(1.0, |product: f64, i| {
        let (factor, divisor) = ((n - k + i) as f64, i as f64);
        let next = product * factor / divisor;
        if next.is_finite() { next } else { product / divisor * factor }
    })
}

/// ln C(n, k), for what no float can hold.
fn log_choose(n: usize, k: usize) -> f64 {
    let k = k.min(n - k);
    (1..=k).map(|i| ((n - k + i) as f64 / i as f64).ln()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_that_holms_first_step_asks_for() {
        let found = [1, 3, 10, 45, 190].map(|comparisons| pairs_needed(comparisons, 0.05).unwrap());
        assert_eq!(found, [6, 7, 9, 11, 13]);
        assert_eq!(pairs_needed(3, 0.0), None);
    }

    #[test]
    fn more_arrangements_than_a_float_can_hold() {
        // Python: 2 * comb(1150, 550) / comb(1200, 600), as fractions.Fraction: 50 ones in the first of two groups of
        // 600.
        let (mut level, baseline) = (vec![0.0; 600], vec![0.0; 600]);
        level[..50].fill(1.0);
        let found = permuted(&level, &baseline);
        assert!((found / 6.123_088_814_775_816e-16 - 1.0).abs() < 1e-9, "{found:e}");
        // And where nothing ties: 2 / comb(1200, 600) is below 1e-308.
        let distinct: Vec<f64> = (0..1200_u32).map(f64::from).collect();
        assert_eq!(permuted(&distinct[..600], &distinct[600..]).to_bits(), f64::MIN_POSITIVE.to_bits());
    }
}
