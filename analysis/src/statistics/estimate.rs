//! What a comparison of two arms says: one form for all tests of a mean difference.

use serde::Serialize;

use super::student;

/// An interval, low to high.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A t test that could be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Test {
    /// Standard error of the difference.
    pub standard_error: f64,
    /// The t statistic.
    pub t: f64,
    /// Its degrees of freedom.
    pub df: f64,
    /// Two-sided p value against a difference of 0, in (0, 1].
    pub p: f64,
    /// Interval of level 1 - alpha for the difference, for this comparison alone.
    pub interval: Interval,
}

/// What can be said about a difference of means.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Conclusion {
    /// It could be tested.
    Tested(Test),
    /// Every difference is the same (up to rounding): there is no spread from which an error could be told, so there is
    /// neither an interval nor a p value. Software that prints p = 0 here claims certainty from a lack of information.
    NoSpread,
    /// Both arms have the same values.
    Identical,
    /// One pair (or an arm with fewer than two values): an estimate and nothing else.
    TooFew,
}

/// A difference of means, level minus baseline, and what can be said about it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The difference.
    pub difference: f64,
    /// What can be said about it.
    pub conclusion: Conclusion,
}

impl Estimate {
    /// The test, if there is one.
    pub fn test(&self) -> Option<&Test> {
        match &self.conclusion {
            Conclusion::Tested(test) => Some(test),
            _ => None,
        }
    }
}

/// A test of one or more contrasts together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Joint {
    /// The statistic.
    pub f: f64,
    /// Its degrees of freedom; the second may be a fraction.
    pub df: [f64; 2],
    /// p value against all contrasts being 0.
    pub p: f64,
}

/// The t test of a difference with a standard error above 0; `None` where it leaves the range of floats.
pub(super) fn tested(difference: f64, standard_error: f64, df: f64, alpha: f64) -> Option<Estimate> {
    let t = difference / standard_error;
    let half = student::quantile(1.0 - alpha / 2.0, df)? * standard_error;
    let p = student::two_sided(t, df)?;
    let interval = Interval { low: difference - half, high: difference + half };
    let finite = [t, standard_error, interval.low, interval.high].into_iter().all(f64::is_finite);
    finite
        .then_some(Estimate { difference, conclusion: Conclusion::Tested(Test { standard_error, t, df, p, interval }) })
}

/// What can be said of a difference without a test, where the larger `spread` of two arms is no more than the rounding
/// of their `largest` value; `None` where there is a spread to test it by.
pub(super) fn without_spread(difference: f64, spread: f64, largest: f64) -> Option<Estimate> {
    let conclusion = if is_rounding(difference.abs(), largest) { Conclusion::Identical } else { Conclusion::NoSpread };
    is_rounding(spread, largest).then_some(Estimate { difference, conclusion })
}

/// Satterthwaite's degrees of freedom of a sum of variances of means, each with its own: (Σ v)² / Σ (v² / df).
///
/// Source: Satterthwaite (1946), Biometrics Bulletin 2.
pub(super) fn satterthwaite(parts: &[(f64, f64)]) -> f64 {
    // In parts of the largest, whose square is in the range of floats also where its own is not.
    let largest = parts.iter().fold(f64::MIN_POSITIVE, |largest, (part, _)| largest.max(*part));
    let (variance, inverse) = parts.iter().fold((0.0, 0.0), |(sum, inverse), (part, df)| {
        let share = part / largest;
        (sum + share, inverse + share * share / df)
    });
    variance * variance / inverse
}

/// A number, unless it has left the range of floats.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Whether a spread is nothing but rounding of values of the given size.
///
/// Differences such as 0.6 - 0.5 and 0.8 - 0.7 are equal in decimal but not in binary: each is off by up to one unit in
/// the last place of its operands. A factor of 4 leaves room for the subtraction and the mean.
pub(crate) fn is_rounding(spread: f64, largest: f64) -> bool {
    spread <= 4.0 * f64::EPSILON * largest
}
