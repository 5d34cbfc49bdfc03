//! A band for the difference of two learning curves that holds at all steps at once.

use serde::Serialize;

use super::differences::{Column, columns};
use crate::statistics::describe::mean;
use crate::statistics::estimate::Interval;
use crate::statistics::refusal::Refusal;
use crate::statistics::student;

/// The difference of two arms at one step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Step {
    /// Mean difference over the seeds.
    pub difference: f64,
    /// Its test; `None` where the difference does not vary over seeds, as before the first update.
    pub test: Option<StepTest>,
}

/// What can be said of a difference that varies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StepTest {
    /// Standard error of the difference.
    pub standard_error: f64,
    /// The difference over that.
    pub t: f64,
    /// Interval of this step alone: to be named so wherever it is shown.
    pub pointwise: Interval,
    /// Interval that holds together with those of all other steps.
    pub simultaneous: Interval,
    /// p value adjusted for all steps: below alpha exactly where the simultaneous interval excludes 0.
    pub p: f64,
}

/// Bands for the mean difference of two arms' curves, each with a row a seed, in the same order, and a column a step.
///
/// At each of m steps that vary, d̄ ± t(1 - alpha/(2 m), n - 1) · s/√n: together they miss the true curve with a
/// probability of at most alpha, however the steps correlate (Bonferroni). Bands that learn the correlation from the
/// curves are narrower and miss too often with few seeds: at 95 % a multiplier bootstrap covers 72 % with five seeds
/// and fifty steps. Choose some ten or twenty steps, not a thousand; for one answer about the whole curve see
/// [`super::rotation`].
///
/// Assumes that seeds are a random sample and that differences are roughly normal at each step. The curves must have
/// been measured at the same steps; a seed whose curve ends early is set aside beforehand.
///
/// Source: Dunn (1961), JASA 56.
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), fewer than two seeds, no step, tables or rows of unequal length, and
/// values that are not finite.
pub fn band(level: &[Vec<f64>], baseline: &[Vec<f64>], alpha: f64) -> Result<Vec<Step>, Refusal> {
    Refusal::unless_level(alpha)?;
    let steps = columns(level, baseline)?;
    let n = level.len() as f64;
    let varying = steps.iter().filter(|step| step.spread.is_some()).count().max(1) as f64;
    let quantile = |share: f64| student::quantile(1.0 - share / 2.0, n - 1.0).ok_or(Refusal::NoFreedom);
    let (alone, together) = (quantile(alpha)?, quantile(alpha / varying)?);
    let step = |Column { values, spread }: &Column| {
        let difference = mean(values).unwrap_or_default();
        let Some(spread) = spread else { return Ok(Step { difference, test: None }) };
        let standard_error = spread / n.sqrt();
        let t = difference / standard_error;
        let around = |critical: f64| Interval {
            low: difference - critical * standard_error,
            high: difference + critical * standard_error,
        };
        let p = (student::two_sided(t, n - 1.0).ok_or(Refusal::NoFreedom)? * varying).min(1.0);
        let test = StepTest { standard_error, t, pointwise: around(alone), simultaneous: around(together), p };
        Ok(Step { difference, test: Some(test) })
    };
    steps.iter().map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::paired::paired_t;

    fn against_nothing(rows: &[Vec<f64>], alpha: f64) -> Result<Vec<Step>, Refusal> {
        let nothing: Vec<Vec<f64>> = rows.iter().map(|row| vec![0.0; row.len()]).collect();
        band(rows, &nothing, alpha)
    }

    #[test]
    fn one_step_is_the_paired_test() {
        let values = [0.03, 0.01, 0.04, 0.02];
        let rows = values.map(|value| vec![0.0, value]);
        let found = against_nothing(&rows, 0.05).unwrap();
        let pairs = values.map(|value| (value, 0.0));
        let known = *paired_t(&pairs, 0.05).unwrap().test().unwrap();
        assert_eq!(found[0].test, None);
        let test = found[1].test.unwrap();
        assert!((test.p / known.p - 1.0).abs() < 1e-12);
        assert!((test.simultaneous.low - known.interval.low).abs() < 1e-14 && test.simultaneous == test.pointwise);
    }

    #[test]
    fn an_interval_excludes_nothing_exactly_where_p_is_not_small() {
        let rows = [vec![0.1, 0.5, 0.31], vec![0.3, 0.52, 0.2], vec![-0.1, 0.47, 0.12], vec![0.2, 0.55, 0.25]];
        for step in against_nothing(&rows, 0.05).unwrap() {
            let test = step.test.unwrap();
            assert_eq!(test.simultaneous.low > 0.0 || test.simultaneous.high < 0.0, test.p < 0.05, "{step:?}");
        }
        assert_eq!(against_nothing(&rows[..1], 0.05), Err(Refusal::TooFewBlocks { needed: 2, found: 1 }));
        let ragged = Refusal::Ragged { block: 1, expected: 1, found: 2 };
        assert_eq!(against_nothing(&[vec![0.1], vec![0.1, 0.2]], 0.05), Err(ragged));
        let infinite = Refusal::NotFinite { row: 1, place: 0 };
        assert_eq!(against_nothing(&[vec![0.1], vec![f64::INFINITY]], 0.05), Err(infinite));
        let more = vec![vec![0.1]; 5];
        assert!(band(&rows, &more, 0.05).is_err() && band(&more, &rows, 0.05).is_err());
    }

    #[test]
    fn one_decimal_difference_does_not_vary() {
        // As floats the three differ by what is rounding of 30, but not of 0.1: taken for a spread, t is near 1e14.
        let [level, baseline] = [[10.1, 20.1, 30.1], [10.0, 20.0, 30.0]].map(|values| values.map(|value| vec![value]));
        assert_eq!(band(&level, &baseline, 0.05).unwrap()[0].test, None);
    }
}
