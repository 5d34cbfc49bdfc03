//! Rosner's test for several outlying values, of which the first step is Grubbs'.

use serde::Serialize;

use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::is_rounding;
use crate::statistics::refusal::Refusal;
use crate::statistics::student;

/// One value that was taken out, the farthest of those that were left.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Step {
    /// Which value, counted from 0.
    pub place: usize,
    /// Its distance from the mean of those left, in their standard deviations.
    pub distance: f64,
    /// What the distance had to exceed.
    pub critical: f64,
}

/// What the test says.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outliers {
    /// The steps, whether or not they found something.
    pub steps: Vec<Step>,
    /// How many of the first steps' values are outlying: up to the last step whose distance exceeds its critical value,
    /// so that several that hide each other are found.
    pub count: usize,
}

/// Tests for at most `most` outlying values among n normal ones, at level `alpha` for all of them together.
///
/// Step by step the value farthest from the mean is taken out; its distance R is compared with (l - 1) t / √((l - 2 +
/// t²) l), for the l values then left and t the 1 - alpha / (2 l) quantile of Student's with l - 2 degrees of freedom.
/// With `most` = 1 it is Grubbs' two-sided test.
///
/// A look at the data, and no reason to leave a run out; the report names far seeds by their distance from the median,
/// which one outlier cannot move. Accurate from some 15 values on for `most` = 1, and from 25 for more.
///
/// Source: Rosner (1983), Technometrics 25; Grubbs (1950), Annals of Mathematical Statistics 21.
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), values that are not finite, fewer than `most` + 2 values, and values that
/// do not vary.
pub fn outliers(values: &[f64], most: usize, alpha: f64) -> Result<Outliers, Refusal> {
    Refusal::unless_level(alpha)?;
    Refusal::unless_all(&[values], crate::statistics::refusal::usable)?;
    if values.len() < most + 2 {
        return Err(Refusal::TooFewValues { group: 0, needed: most + 2, found: values.len() });
    }
    let mut left: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    let mut found = Outliers { steps: Vec::new(), count: 0 };
    for _ in 0..most {
        let Some(step) = step(&left, alpha)? else { break };
        left.retain(|(place, _)| *place != step.place);
        found.steps.push(step);
        if step.distance > step.critical {
            found.count = found.steps.len();
        }
    }
    if found.steps.is_empty() && most > 0 {
        return Err(Refusal::Identical);
    }
    Ok(found)
}

/// The farthest of the values left; `None` where they do not vary.
fn step(left: &[(usize, f64)], alpha: f64) -> Result<Option<Step>, Refusal> {
    let numbers: Vec<f64> = left.iter().map(|(_, value)| *value).collect();
    let (centre, spread) = (mean(&numbers).unwrap_or_default(), standard_deviation(&numbers).unwrap_or_default());
    let largest = numbers.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if is_rounding(spread, largest) {
        return Ok(None);
    }
    let distances = left.iter().map(|(place, value)| (*place, (value - centre).abs() / spread));
    // Of equal distances the first.
    let farthest = distances.reduce(|one, other| if other.1 > one.1 { other } else { one });
    let l = left.len() as f64;
    let t = student::quantile(1.0 - alpha / (2.0 * l), l - 2.0).ok_or(Refusal::NoFreedom)?;
    let critical = (l - 1.0) * t / ((l - 2.0 + t * t) * l).sqrt();
    Ok(farthest.map(|(place, distance)| Step { place, distance, critical }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_answer() {
        assert_eq!(outliers(&[1.0; 6], 1, 0.05), Err(Refusal::Identical));
        assert_eq!(outliers(&[1.0, 2.0], 1, 0.05), Err(Refusal::TooFewValues { group: 0, needed: 3, found: 2 }));
        assert_eq!(outliers(&[1.0, f64::NAN, 2.0], 1, 0.05), Err(Refusal::NotFinite { row: 0, place: 1 }));
        assert!(outliers(&[1.0, 3.0, 2.0], 1, 1.0).is_err());
        // When the one that differs is out, nothing is left to be far from.
        assert_eq!(outliers(&[1.0, 1.0, 1.0, 1.0, 1.0, 9.0], 3, 0.05).unwrap().steps.len(), 1);
    }
}
