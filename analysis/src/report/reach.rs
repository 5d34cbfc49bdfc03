//! What a number of seeds can reach: the difference that would have been found, and the seeds that would settle what is
//! open.
//!
//! A claim may have to pass several tests ([`Hurdle`]). How likely it is to pass them all is at least one less the sum of
//! the probabilities of failing each (Bonferroni), which is exact for one, and for two that ask much the same a few
//! hundredths too low: what is told is never too small.

use serde::Serialize;

use super::rule::{LEAST_SEEDS, SEEDS_ALONE};
use crate::statistics::detectable::{POWER, power, reached};
use crate::statistics::distributions::normal;
use crate::statistics::estimate::Test;
use crate::statistics::power::equivalence::shows;

/// How many seeds would settle a question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Needed {
    /// The true difference that is to be found or, where it is the margin, to be told from 0.
    pub difference: f64,
    /// What that difference is.
    pub meaning: Meaning,
    /// Seeds an arm for 80 % power at alpha over the size of the family; `None` for more than a million.
    pub seeds: Option<u64>,
}

/// What difference [`Needed`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meaning {
    /// The declared margin, the smallest difference that matters: it would be found, and a difference of 0 shown to be
    /// within it.
    Margin,
    /// The difference that was seen, which is only an estimate of the true one.
    Seen,
}

/// The most seeds that [`needed`] looks at.
const MOST: u64 = 1_000_000;

/// A test that must reject at its alpha before anything is claimed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hurdle {
    pub(super) test: Test,
    pub(super) alpha: f64,
}

/// What a claim must pass, by the number of seeds.
#[derive(Debug, Clone)]
pub(super) struct Hurdles {
    /// With so many as there are, and generally below [`SEEDS_ALONE`].
    pub(super) few: Vec<Hurdle>,
    /// From [`SEEDS_ALONE`] on.
    pub(super) many: Vec<Hurdle>,
}

impl Hurdles {
    /// One test, whatever the number of seeds.
    pub(super) fn one(test: Test, alpha: f64) -> Self {
        Self { few: vec![Hurdle { test, alpha }], many: vec![Hurdle { test, alpha }] }
    }
}

/// The least probability of passing all, where each is passed with that of `passing`.
fn all(hurdles: &[Hurdle], passing: impl Fn(&Hurdle) -> Option<f64>) -> Option<f64> {
    let failing = hurdles.iter().map(|hurdle| passing(hurdle).map(|passed| 1.0 - passed)).sum::<Option<f64>>()?;
    Some(1.0 - failing)
}

/// The true difference that `hurdles` would have let pass with 80 % power, given their standard errors.
pub(super) fn detectable(hurdles: &[Hurdle]) -> Option<f64> {
    let unit = hurdles.first()?.test.standard_error;
    let found =
        |size: f64| all(hurdles, |Hurdle { test, alpha }| power(size * (unit / test.standard_error), test.df, *alpha));
    reached(found).map(|size| size * unit)
}

/// How many seeds would settle a comparison of `seeds` that differs by `seen`, with 80 % power; at least
/// [`LEAST_SEEDS`], and as many that no greater number would fail to.
///
/// With a margin: so many that a true difference as large as the margin is found, and a true difference of 0 is shown
/// to be within it by the two one-sided tests, whichever takes more. Without one: so many that find the difference that
/// was seen.
///
/// The standard error falls with the root of the number of seeds and the degrees of freedom grow with it less one,
/// which is exact for the paired test and for balanced models, and close for Welch's.
pub(super) fn needed(seen: f64, seeds: usize, hurdles: &Hurdles, margin: Option<f64>) -> Option<Needed> {
    if seeds < 2 {
        return None;
    }
    let (difference, meaning) = match margin {
        Some(margin) => (margin, Meaning::Margin),
        None => (seen.abs(), Meaning::Seen),
    };
    let enough = |hurdles: &[Hurdle], count: u64| {
        let n = count as f64;
        let at = |Hurdle { test, alpha }: &Hurdle| {
            let size = difference / test.standard_error * (n / seeds as f64).sqrt();
            (size, test.df * (n - 1.0) / (seeds - 1) as f64, *alpha)
        };
        let is_probable = |of: fn((f64, f64, f64)) -> Option<f64>| {
            all(hurdles, |hurdle| of(at(hurdle)).filter(|_| at(hurdle).1 >= 1.0)).is_some_and(|power| power >= POWER)
        };
        is_probable(|(size, df, alpha)| power(size, df, alpha))
            && (margin.is_none() || is_probable(|(size, df, alpha)| shows(size, 0.0, df, alpha)))
    };
    let alone = SEEDS_ALONE as u64;
    let settles =
        |count: u64| enough(&hurdles.many, count.max(alone)) && (count >= alone || enough(&hurdles.few, count));
    // The normal approximation is close, and a little low: the answer is looked for around it.
    let quantile = |tail: f64| normal::upper_quantile(tail);
    let Hurdle { test, alpha } = hurdles.many.first()?;
    let found = quantile(alpha / 2.0)? + quantile(1.0 - POWER)?;
    let shown = if margin.is_some() { quantile(*alpha)? + quantile((1.0 - POWER) / 2.0)? } else { 0.0 };
    let near = seeds as f64 * (found.max(shown) / (difference / test.standard_error)).powi(2);
    Some(Needed { difference, meaning, seeds: least(near, settles) })
}

/// The least number from [`LEAST_SEEDS`] on that is `enough`, as all greater ones are, looked for around `near`; `None`
/// if a million is not.
fn least(near: f64, enough: impl Fn(u64) -> bool) -> Option<u64> {
    let least = LEAST_SEEDS as u64;
    let guess = if near < MOST as f64 { (near.ceil() as u64).max(least) } else { MOST };
    let (mut low, mut high, mut step) = (guess, guess, 1);
    while !enough(high) {
        low = high;
        if high >= MOST {
            return None;
        }
        high = (high + step).min(MOST);
        step *= 2;
    }
    while low == high {
        if low <= least {
            return Some(least);
        }
        low = low.saturating_sub(step).max(least);
        step *= 2;
        if enough(low) {
            high = low;
        }
    }
    while high - low > 1 {
        let middle = u64::midpoint(low, high);
        if enough(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::estimate::Interval;
    use crate::statistics::paired::paired_t;

    fn of_pairs(pairs: &[(f64, f64)], alpha: f64, margin: Option<f64>) -> Option<Needed> {
        let estimate = paired_t(pairs, 0.05).unwrap();
        needed(estimate.difference, pairs.len(), &Hurdles::one(*estimate.test().unwrap(), alpha), margin)
    }

    /// Margin in standard deviations, alpha, seeds.
    const SETTLED: [(f64, f64, u64); 4] = [(0.5, 0.05, 36), (0.8, 0.05, 15), (0.8, 0.01, 24), (2.5, 0.05, 4)];

    #[test]
    fn with_a_margin_the_seeds_show_equivalence_too() {
        // tests/reference/make_mends.py (SciPy 1.17.1): the power of the two one-sided tests at a difference of 0,
        // integrated.
        for (margin, alpha, expected) in SETTLED {
            // Six differences of standard deviation 1 around 0.1.
            let around = [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0].map(|side: f64| side * (5.0_f64 / 6.0).sqrt() + 0.1);
            let pairs = around.map(|difference| (difference, 0.0));
            let found = of_pairs(&pairs, alpha, Some(margin)).unwrap();
            assert_eq!((found.seeds, found.meaning), (Some(expected), Meaning::Margin), "{margin} {alpha}");
        }
    }

    #[test]
    fn a_claim_that_must_pass_two_tests_needs_more_than_either() {
        // NumPy and SciPy 1.17.1: both powers integrated over the spread, their sum less 1 solved for 0.8.
        let of = |standard_error: f64, df: f64| {
            let interval = Interval { low: 0.0, high: 0.0 };
            Test { standard_error, df, t: 0.0, p: 1.0, interval }
        };
        let (model, own) = (of(0.4, 32.0), of(0.5, 4.0));
        let with_own = |alpha: f64| vec![Hurdle { test: model, alpha: 0.05 / 8.0 }, Hurdle { test: own, alpha }];
        let found = detectable(&with_own(0.05)).unwrap();
        assert!((found / 1.961_894_466_722_435 - 1.0).abs() < 1e-9, "{found}");
        assert!(with_own(0.05).chunks(1).all(|alone| detectable(alone).unwrap() < found));
        // Below eight seeds its own test is at 0.05, from eight on at 0.05 / 8.
        let hurdles = Hurdles { few: with_own(0.05), many: with_own(0.05 / 8.0) };
        for (seen, expected) in [(1.0, 21), (2.0, 5), (3.0, 4)] {
            assert_eq!(needed(seen, 5, &hurdles, None).unwrap().seeds, Some(expected), "{seen}");
        }
    }

    #[test]
    fn seeds_for_an_effect_are_those_of_a_power_analysis() {
        // statsmodels 0.15.0: TTestPower().solve_power(effect_size=0.5, power=0.8, alpha=0.05) is 33.37, and 0.8 gives
        // 14.30.
        for (effect, expected) in [(0.5, 34), (0.8, 15)] {
            // Six differences of standard deviation 1 around the effect.
            let around = [-1.0, -1.0, -1.0, 1.0, 1.0, 1.0].map(|side: f64| side * (5.0_f64 / 6.0).sqrt() + effect);
            let pairs = around.map(|difference| (difference, 0.0));
            let found = of_pairs(&pairs, 0.05, None).unwrap();
            assert_eq!((found.seeds, found.meaning), (Some(expected), Meaning::Seen));
        }
        assert_eq!(of_pairs(&[(1.0, 0.0), (-1.0, 0.0), (1e-9, 0.0)], 0.05, None).unwrap().seeds, None);
    }
}
