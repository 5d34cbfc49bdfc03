//! Seeds that lie far from the others of their arm: named, kept, and looked at once without.

use serde::Serialize;

use super::metric::{MetricReport, SeedValue};
use crate::number;
use crate::results::Seed;
use crate::statistics::describe::median;
use crate::statistics::distributions::normal;

/// The fewest values of an arm among which one can be told to lie apart.
const FEWEST: usize = 5;
/// How far from the median, in robust standard deviations, the farthest of 5, 6, … 20 normal values lies in one sample
/// of twenty: `tests/reference/make_outlying.py`, rounded up. With few values the median absolute deviation is itself
/// uncertain.
const FAR: [f64; 16] = [8.0, 5.6, 5.9, 5.0, 5.1, 4.6, 4.7, 4.4, 4.5, 4.3, 4.3, 4.2, 4.2, 4.1, 4.1, 4.0];
/// The standard deviation of normal values over their median absolute deviation.
const PER_DEVIATION: f64 = 1.482_602_218_505_602;

/// A seed that lies apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlying {
    /// The seed.
    pub seed: Seed,
    /// Its value.
    pub value: f64,
    /// The median of the arm.
    pub median: f64,
    /// Its distance from the median in robust standard deviations, 1.4826 times the median absolute deviation.
    pub distance: f64,
}

/// The seeds of an arm that lie so far from its median, in robust standard deviations, as one arm of normal values in
/// twenty has a seed; none of fewer than five values.
///
/// It is a look at the data, no test, and no reason to leave a run out: a run that failed for no reason of its own
/// would have to be found by its log. The usual bound of 3.5 would name a seed in every fifth arm of five normal
/// values.
///
/// Source: Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers (the distance); simulation (the bound).
pub(super) fn outlying(values: &[SeedValue]) -> Vec<Outlying> {
    let numbers: Vec<f64> = values.iter().map(|value| value.value).collect();
    let Some(centre) = median(&numbers).filter(|_| numbers.len() >= FEWEST) else { return Vec::new() };
    let deviations: Vec<f64> = numbers.iter().map(|value| (value - centre).abs()).collect();
    let unit = PER_DEVIATION * median(&deviations).unwrap_or_default();
    if unit <= 0.0 {
        return Vec::new();
    }
    let far = values.iter().map(|value| Outlying {
        seed: value.seed.clone(),
        value: value.value,
        median: centre,
        distance: (value.value - centre) / unit,
    });
    let bound = bound(numbers.len());
    far.filter(|outlying| outlying.distance.abs() >= bound).collect()
}

/// The bound for `n` values, from [`FEWEST`] on: [`FAR`], and beyond it 4, which holds to some hundreds of values, or
/// Bonferroni's normal quantile.
fn bound(n: usize) -> f64 {
    let many = || normal::upper_quantile(0.025 / n as f64).map_or(4.0, |quantile| quantile.max(4.0));
    FAR.get(n - FEWEST).copied().unwrap_or_else(many)
}

/// A sentence for every arm of the metric with such a seed.
pub(super) fn caveats(metric: &MetricReport) -> Vec<String> {
    let mut caveats = Vec::new();
    for contrast in &metric.contrasts {
        for stratum in &contrast.strata {
            for arm in stratum.arms.iter().filter(|arm| !arm.outlying.is_empty()) {
                let place = if stratum.name.is_empty() { String::new() } else { format!(" ({})", stratum.name) };
                let far = arm.outlying.iter().map(|seed| {
                    let [value, median] = [seed.value, seed.median].map(|value| number::fixed(value, metric.decimals));
                    format!("seed {} with {value} (median {median})", seed.seed)
                });
                let far: Vec<String> = far.collect();
                let verb = if far.len() == 1 { "lies" } else { "lie" };
                let mut text = format!(
                    "{} of {}{place}: {} {verb} far from the others. Nothing was left out for that.",
                    metric.label,
                    arm.level,
                    number::list(&far)
                );
                let both = arm
                    .comparison
                    .as_ref()
                    .and_then(|comparison| Some((comparison.estimate?, comparison.without_outlying?)));
                if let (Some((with, without)), Some(baseline)) = (both, &contrast.baseline) {
                    let [with, without] = [with, without].map(|one| number::signed(one.difference, metric.decimals));
                    text = format!("{text} The difference from {baseline} is {with} with and {without} without.");
                }
                caveats.push(text);
            }
        }
    }
    caveats
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(values: &[f64]) -> Vec<String> {
        let seeds: Vec<SeedValue> = values
            .iter()
            .enumerate()
            .map(|(seed, value)| SeedValue { seed: Seed::Number(seed as u64), value: *value })
            .collect();
        outlying(&seeds).iter().map(|outlying| format!("{} {:.2}", outlying.seed, outlying.distance)).collect()
    }

    #[test]
    fn one_seed_far_from_the_others() {
        let values = [63.43, 52.7, 53.8, 54.9, 54.2, 53.2];
        // Sorted 52.7 53.2 53.8 54.2 54.9 63.43: median 54.0; deviations 1.3 .8 .2 .2 .9 9.43: median .85.
        assert_eq!(found(&values), [format!("0 {:.2}", 9.43 / (1.482_602_218_505_602 * 0.85))]);
        assert!(found(&values[1..]).is_empty());
        assert!(found(&[1.0, 1.0, 1.0, 1.0, 9.0]).is_empty(), "no spread to measure by");
        assert!(found(&[1.0, 1.1, 1.2, 50.0]).is_empty(), "too few");
        // 4.7 robust deviations: one arm of five normal values in eight has such a seed.
        assert!(found(&[0.0, 1.0, 2.0, 3.0, 9.0]).is_empty());
        assert!((bound(1000) - 4.055_6).abs() < 1e-3 && bound(21).to_bits() == 4.0_f64.to_bits());
    }
}
