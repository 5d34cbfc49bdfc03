//! Fisher's exact test of two counts.

use crate::statistics::refusal::Refusal;

/// The most trials of both arms together; beyond that counting out costs more than it tells.
const MOST: u64 = 1_000_000;

/// The exact two-sided p value against one chance for both arms, of which `events` of `trials` came true.
///
/// Given the total of events, their split is hypergeometric; p is the probability of all splits that are no more
/// probable than the one at hand. For runs that diverged: an outcome that means cannot hold. Exact and conservative:
/// with few runs it can hardly be small. Assumes independent runs; for pairs it is more cautious still.
///
/// Source: Fisher (1935), Journal of the Royal Statistical Society 98.
///
/// # Errors
/// A [`Refusal`] for more events than trials, an arm without trials, and more than a million trials.
pub fn fisher(events: [u64; 2], trials: [u64; 2]) -> Result<f64, Refusal> {
    let total = trials[0].saturating_add(trials[1]);
    if total > MOST {
        return Err(Refusal::TooManyValues { most: MOST as usize, found: total as usize });
    }
    for group in 0..2 {
        if trials[group] == 0 {
            return Err(Refusal::TooFewValues { group, needed: 1, found: 0 });
        }
        if events[group] > trials[group] {
            return Err(Refusal::Range { name: "events", value: events[group] as f64, expected: "at most the trials" });
        }
    }
    let all = events[0] + events[1];
    let (least, most) = (all.saturating_sub(trials[1]), all.min(trials[0]));
    // ln of the probability of each split, up to a constant, by the ratio of neighbours.
    let mut weights = Vec::with_capacity((most - least + 1) as usize);
    let mut weight = 0.0_f64;
    for split in least..=most {
        weights.push(weight);
        let (n, m) = (trials[0] as f64, trials[1] as f64);
        let (k, rest) = (split as f64, all as f64 - split as f64);
        weight += ((n - k) * rest / ((k + 1.0) * (m - rest + 1.0))).ln();
    }
    let highest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let observed = weights[(events[0] - least) as usize];
    let (mut extreme, mut sum) = (0.0, 0.0);
    for weight in &weights {
        let mass = (weight - highest).exp();
        sum += mass;
        // Splits that are as probable but for rounding count.
        extreme += if *weight <= observed + 1e-9 { mass } else { 0.0 };
    }
    Ok((extreme / sum).clamp(f64::MIN_POSITIVE, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_against_scipy() {
        // SciPy 1.17.1: fisher_exact([[a, n - a], [b, m - b]]).pvalue
        for (events, trials, expected) in [
            ([3, 0], [10, 10], 0.210_526_315_789_473_67),
            ([5, 0], [10, 10], 0.032_507_739_938_080_495),
            ([2, 1], [3, 20], 0.034_443_817_052_512_7),
            ([0, 0], [10, 10], 1.0),
            ([4, 4], [10, 10], 1.0),
            ([30, 10], [100, 90], 0.002_180_336_256_852_882_4),
            ([7, 2], [8, 9], 0.015_220_074_043_603_458),
        ] {
            let found = fisher(events, trials).unwrap();
            assert!((found / expected - 1.0).abs() < 1e-11, "{events:?} of {trials:?}: {found}");
        }
    }

    #[test]
    fn what_has_no_answer() {
        assert!(fisher([1, 0], [0, 3]).is_err() && fisher([4, 0], [3, 3]).is_err());
        assert!(fisher([1, 0], [u64::MAX, 3]).is_err());
    }
}
