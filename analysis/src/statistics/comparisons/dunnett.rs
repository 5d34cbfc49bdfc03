//! Dunnett's comparison of several arms with one baseline.

use std::f64::consts::PI;

use super::contrast::{Contrast, Error};
use crate::statistics::anova::one_way::one_way;
use crate::statistics::describe::mean;
use crate::statistics::distributions::normal;
use crate::statistics::distributions::studentised::{Studentised, Tail};
use crate::statistics::refusal::Refusal;

/// Compares every other independent group with that at `baseline`, in their order; two-sided.
///
/// With the mean square s² within all groups, t = (x̄ᵢ - x̄₀) / (s √(1/nᵢ + 1/n₀)). Two such t correlate by λᵢ λⱼ with
/// λᵢ = √(nᵢ / (nᵢ + n₀)), and p is the chance that the largest of all |t| exceeds that at hand: [`Largest`].
///
/// Assumes independent, roughly normal values of one variance. Stronger than Tukey's comparison of all pairs when only
/// those with the baseline matter, and than Holm's correction of the single tests. Not for runs that share their seeds:
/// see [`against`] with the error of a blocked or mixed model.
///
/// Source: Dunnett (1955), JASA 50, and (1964), Biometrics 20.
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), a baseline that is no group, and what [`one_way`] refuses.
pub fn dunnett<Group: AsRef<[f64]>>(groups: &[Group], baseline: usize, alpha: f64) -> Result<Vec<Contrast>, Refusal> {
    let Some(control) = groups.get(baseline) else {
        return Err(Refusal::Range { name: "baseline", value: baseline as f64, expected: "the index of a group" });
    };
    let analysis = one_way(groups)?;
    let (control, size) = (mean(control.as_ref()).unwrap_or_default(), control.as_ref().len() as f64);
    let spread = analysis.mean_square().sqrt();
    let arm = |(index, group): (usize, &Group)| {
        let n = group.as_ref().len() as f64;
        Arm {
            arms: [index, baseline],
            difference: mean(group.as_ref()).unwrap_or_default() - control,
            standard_error: spread * (n.recip() + size.recip()).sqrt(),
            loading: (n / (n + size)).sqrt(),
        }
    };
    let arms: Vec<Arm> = groups.iter().enumerate().filter(|(index, _)| *index != baseline).map(arm).collect();
    against(&arms, analysis.df[1], alpha)
}

/// One difference from a baseline, for [`against`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arm {
    /// The arm and the baseline.
    pub arms: [usize; 2],
    /// The difference of their estimates.
    pub difference: f64,
    /// Its standard error.
    pub standard_error: f64,
    /// λ: two differences correlate by the product of theirs. √½ for arms of equal size, as in every balanced design.
    pub loading: f64,
}

/// Compares estimates from any linear model with that of a baseline, on `df` degrees of freedom.
///
/// Source: as of [`dunnett`].
///
/// # Errors
/// A [`Refusal`] for an alpha outside (0, 1), no arm, a difference that is not finite, fewer than one degree of
/// freedom, a standard error that is not above 0, and a loading outside (0, 0.999999].
pub fn against(arms: &[Arm], df: f64, alpha: f64) -> Result<Vec<Contrast>, Refusal> {
    Refusal::unless_level(alpha)?;
    let loadings: Vec<f64> = arms.iter().map(|arm| arm.loading).collect();
    let largest = Largest::of(&loadings)?;
    let critical = largest.upper_quantile(alpha, df).ok_or(Refusal::NoFreedom)?;
    let contrast = |(place, arm): (usize, &Arm)| {
        if !arm.difference.is_finite() {
            return Err(Refusal::NotFinite { row: 0, place });
        }
        if !(arm.standard_error > 0.0 && arm.standard_error.is_finite()) {
            return Err(Refusal::NoSpread);
        }
        let p = largest.upper_tail((arm.difference / arm.standard_error).abs(), df).ok_or(Refusal::NoFreedom)?;
        let error = Error { size: arm.standard_error, df };
        Ok(Contrast::of(arm.arms, arm.difference, error, p, critical))
    };
    arms.iter().enumerate().map(contrast).collect()
}

/// The largest |t| of several that correlate by λᵢ λⱼ and share one estimate of the standard deviation.
///
/// Given the common part z, the values are independent, so that P(all within r) = ∫ φ(z) Π (Φ((r - λᵢ z)/cᵢ) - Φ((-r -
/// λᵢ z)/cᵢ)) dz with cᵢ² = 1 - λᵢ². What is tabulated is its complement, from the tails and by sums of logarithms:
/// small p values are as accurate as large ones, to ten digits, and nothing is drawn at random.
#[derive(Debug, Clone)]
pub struct Largest {
    table: Studentised<Loadings>,
}

impl Largest {
    /// The distribution for these λ.
    ///
    /// # Errors
    /// A [`Refusal`] for no λ, and one outside (0, 0.999999].
    pub fn of(loadings: &[f64]) -> Result<Self, Refusal> {
        if loadings.is_empty() {
            return Err(Refusal::TooFewGroups { needed: 2, found: 1 });
        }
        if let Some(value) = loadings.iter().copied().find(|loading| !(*loading > 0.0 && *loading <= HIGHEST)) {
            return Err(Refusal::Range { name: "loading", value, expected: "a number above 0 and at most 0.999999" });
        }
        let mut sorted = loadings.to_vec();
        sorted.sort_by(f64::total_cmp);
        let shared = |group: &[f64]| Loading {
            common: group[0],
            own: (1.0 - group[0] * group[0]).sqrt(),
            count: group.len() as f64,
        };
        let loadings = Loadings(sorted.chunk_by(|a, b| a >= b).map(shared).collect());
        Ok(Self { table: Studentised::of(loadings) })
    }

    /// The probability that the largest exceeds `t`; an infinite `df` is for a known standard deviation. In (0, 1].
    /// `None` for `df` below 1 or a `t` that is not a number.
    pub fn upper_tail(&self, t: f64, df: f64) -> Option<f64> {
        (!t.is_nan() && df >= 1.0).then(|| self.table.upper_tail(t, df))
    }

    /// The t that is exceeded with `probability`. `None` for `df` below 1 and a probability outside (0, 1).
    pub fn upper_quantile(&self, probability: f64, df: f64) -> Option<f64> {
        let valid = probability > 0.0 && probability < 1.0 && df >= 1.0;
        valid.then(|| self.table.upper_quantile(probability, df))
    }
}

/// The highest λ: an arm with a million times the runs of the baseline.
const HIGHEST: f64 = 0.999_999;

/// λ, √(1 - λ²), and how many arms have it.
#[derive(Debug, Clone)]
struct Loading {
    common: f64,
    own: f64,
    count: f64,
}

#[derive(Debug, Clone)]
struct Loadings(Vec<Loading>);

impl Tail for Loadings {
    /// The chance that the largest of the absolute values exceeds r, by the trapezoidal rule over the common part, in
    /// steps that are short beside the edge of the narrowest factor.
    fn at(&self, r: f64) -> f64 {
        let edge = self.0.iter().map(|loading| loading.own / loading.common).fold(1.0, f64::min);
        let step = 0.4 * edge.min(0.5);
        let last = ((9.0 + r) / step).ceil() as i32;
        let node = |index: i32| {
            let z = f64::from(index) * step;
            let inside = |loading: &Loading| {
                let shift = loading.common * z;
                let outside =
                    normal::upper_tail((r - shift) / loading.own) + normal::upper_tail((r + shift) / loading.own);
                loading.count * (-outside.min(1.0)).ln_1p()
            };
            (-z * z / 2.0).exp() * -self.0.iter().map(inside).sum::<f64>().exp_m1()
        };
        // The integrand is even.
        let total = node(0) + 2.0 * (1..=last).map(node).sum::<f64>();
        (total * step / (2.0 * PI).sqrt()).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::location::pooled::pooled_t;
    use crate::statistics::student;

    #[test]
    fn one_arm_is_students_test() {
        let (x, y) = ([3.1, 2.9, 3.4, 3.8, 3.3, 3.0], [2.7, 2.8, 3.2, 2.5]);
        let found = dunnett(&[&x[..], &y[..]], 1, 0.05).unwrap()[0];
        let test = *pooled_t(&x, &y, 0.05).unwrap().test().unwrap();
        assert_eq!(found.arms, [0, 1]);
        assert!((found.p / test.p - 1.0).abs() < 1e-10, "{found:?} {test:?}");
        assert!((found.interval.low - test.interval.low).abs() < 1e-9, "{found:?} {test:?}");
    }

    #[test]
    fn arms_that_hardly_correlate_are_independent_and_those_that_wholly_do_are_one() {
        let apart = Largest::of(&[1e-6; 4]).unwrap().upper_tail(2.0, f64::INFINITY).unwrap();
        let expected = 1.0 - (1.0 - normal::two_sided(2.0)).powi(4);
        assert!((apart / expected - 1.0).abs() < 1e-9, "{apart} {expected}");
        let together = Largest::of(&[0.9999; 4]).unwrap().upper_tail(2.0, 10.0).unwrap();
        let one = student::two_sided(2.0, 10.0).unwrap();
        assert!(together > one && together < 1.1 * one, "{together} {one}");
    }

    #[test]
    fn what_cannot_be_compared() {
        assert!(matches!(dunnett(&[[1.0, 2.0], [2.0, 3.0]], 2, 0.05), Err(Refusal::Range { name: "baseline", .. })));
        assert_eq!(dunnett(&[[1.0, 1.0], [2.0, 2.0]], 0, 0.05), Err(Refusal::NoSpread));
        assert!(Largest::of(&[]).is_err() && Largest::of(&[1.0]).is_err() && Largest::of(&[f64::NAN]).is_err());
    }
}
