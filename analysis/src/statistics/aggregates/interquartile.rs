//! The interquartile mean.

/// The mean of the middle half: a quarter of the values' weight is cut at either end, a value at the cut counting in
/// part.
///
/// With n values, n/4 are cut at each end; where that is not whole, the value at the cut keeps the rest of its weight,
/// so that exactly a half is kept. Less moved by outlying runs than the mean and steadier than the median. With few
/// values it is the mean of very few. It is not the estimand of a t test. `None` without values.
///
/// Source: Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice".
pub fn interquartile_mean(values: &[f64]) -> Option<f64> {
    let n = values.len();
    if n == 0 {
        return None;
    }
    let quarter = n as f64 / 4.0;
    let cut = quarter.floor() as usize;
    let middle = middle(values, cut);
    let kept: f64 = middle.iter().sum();
    let (low, high) =
        middle.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    Some((kept - (quarter - cut as f64) * (low + high)) / (n as f64 / 2.0))
}

/// The interquartile mean of `sorted`, rising values of which each counts `counts` times; 0 where none counts. For
/// [`crate::statistics::resampling::counted`].
///
/// In quarters of a value all weights are whole: a value whose copies reach from c to d in the order of all n weighs d - c, of
/// which only what lies between n/4 and 3n/4 is kept.
pub fn counted_interquartile_mean(sorted: &[f64], counts: &[u32]) -> f64 {
    let n: u32 = counts.iter().sum();
    if n == 0 {
        return 0.0;
    }
    let (mut reached, mut total) = (0, 0.0);
    let mut before = n;
    for (value, count) in sorted.iter().zip(counts) {
        reached += 4 * count;
        let after = reached.clamp(n, 3 * n);
        total += f64::from(after - before) * value;
        before = after;
    }
    total / f64::from(2 * n)
}

/// The values less the `cut` lowest and highest, in no order.
fn middle(values: &[f64], cut: usize) -> Vec<f64> {
    let mut sorted = values.to_vec();
    let kept = sorted.len() - 2 * cut;
    if cut > 0 {
        sorted.select_nth_unstable_by(cut, f64::total_cmp);
        sorted.drain(..cut);
        sorted.select_nth_unstable_by(kept - 1, f64::total_cmp);
        sorted.truncate(kept);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values() {
        assert_eq!(interquartile_mean(&[]), None);
        assert_eq!(interquartile_mean(&[2.0]), Some(2.0));
        // Of three, the middle whole and a quarter of each other: (2 + (1 + 6) / 4) / 1.5.
        assert!((interquartile_mean(&[6.0, 1.0, 2.0]).unwrap() - 2.5).abs() < 1e-15);
        // Of four, the middle two.
        assert!((interquartile_mean(&[9.0, 1.0, 3.0, 5.0]).unwrap() - 4.0).abs() < 1e-15);
    }
}
