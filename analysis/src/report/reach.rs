//! What a number of seeds can reach: the difference that would have been found, and the seeds that would settle what is
//! open.
//!
//! A claim may have to pass several tests ([`Hurdle`]): how likely it is to pass them all is a lower bound for two that
//! take their errors from the same runs ([`crate::statistics::power::together`]), and exact for one.

use serde::Serialize;

use super::rule::{LEAST_SEEDS, SEEDS_ALONE};
use crate::statistics::detectable::{POWER, power, reached};
use crate::statistics::distributions::normal;
use crate::statistics::estimate::Test;
use crate::statistics::power::equivalence::shows;
use crate::statistics::power::together::{Planned, all_reject, all_show};

/// How many seeds would settle a question.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Needed {
    /// The true difference that is to be found or, where it is the margin, to be told from 0.
    pub difference: f64,
    /// What that difference is.
    pub meaning: Meaning,
    /// Seeds an arm for 80 % power at alpha over the size of the family, and where it pools its error by its own at
    /// alpha too; `None` for more than a million.
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

/// What a claim must pass.
#[derive(Debug, Clone)]
pub(super) struct Hurdles {
    /// All of these at once.
    pub(super) together: Vec<Hurdle>,
    /// From [`SEEDS_ALONE`] seeds on, where that differs, whichever of these asks for more.
    pub(super) with_many: Option<Vec<Hurdle>>,
}

impl Hurdles {
    /// One test, whatever the number of seeds.
    pub(super) fn one(test: Test, alpha: f64) -> Self {
        Self { together: vec![Hurdle { test, alpha }], with_many: None }
    }
}

/// A question to planned tests: the power of one, and of all at once.
type Power = (fn(Planned) -> Option<f64>, fn(&[Planned]) -> Option<f64>);

/// The power to find a difference.
const FINDS: Power = (|test| power(test.size, test.df, test.alpha), all_reject);
/// The power to show that a difference of 0 is within a margin.
const SHOWS: Power = (|test| shows(test.size, 0.0, test.df, test.alpha), all_show);

/// Whether all `tests` are passed at once with 80 % power. The integral is asked only where simpler bounds leave it open.
fn pass_together(tests: &[Planned], (one, all): Power) -> Option<bool> {
    let each = tests.iter().map(|test| one(*test)).collect::<Option<Vec<f64>>>()?;
    if each.iter().any(|power| *power < POWER) {
        return Some(false);
    }
    let failing: f64 = each.iter().map(|power| 1.0 - power).sum();
    if failing <= 1.0 - POWER { Some(true) } else { all(tests).map(|power| power >= POWER) }
}

/// The true difference that `hurdles` would have let pass with 80 % power, given their standard errors.
pub(super) fn detectable(hurdles: &[Hurdle]) -> Option<f64> {
    let unit = hurdles.first()?.test.standard_error;
    let tests = |size: f64| -> Vec<Planned> {
        let of = |Hurdle { test, alpha }: &Hurdle| {
            let size = size * (unit / test.standard_error);
            Planned { size, df: test.df, alpha: *alpha }
        };
        hurdles.iter().map(of).collect()
    };
    let found = |size: f64| match tests(size).as_slice() {
        [one] => FINDS.0(*one),
        several => FINDS.1(several),
    };
    reached(found).map(|size| size * unit)
}

/// How many seeds would settle a comparison of `seeds` that differs by `seen`, with 80 % power; at least
/// [`LEAST_SEEDS`], and so many that no greater number would fail to.
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
    let tests = |hurdles: &[Hurdle], count: u64| -> Option<Vec<Planned>> {
        let n = count as f64;
        let of = |Hurdle { test, alpha }: &Hurdle| {
            let df = test.df * (n - 1.0) / (seeds - 1) as f64;
            let size = difference / test.standard_error * (n / seeds as f64).sqrt();
            (df >= 1.0).then_some(Planned { size, df, alpha: *alpha })
        };
        hurdles.iter().map(of).collect()
    };
    let asked: &[Power] = if margin.is_some() { &[FINDS, SHOWS] } else { &[FINDS] };
    let together = |count: u64| {
        let tests = tests(&hurdles.together, count);
        tests.is_some_and(|tests| asked.iter().all(|power| pass_together(&tests, *power) == Some(true)))
    };
    let each = |many: &[Hurdle], count: u64| {
        let enough = |test: &Planned| asked.iter().all(|power| power.0(*test).is_some_and(|power| power >= POWER));
        tests(many, count).is_some_and(|tests| tests.iter().all(enough))
    };
    let alone = SEEDS_ALONE as u64;
    let settles = |count: u64| match &hurdles.with_many {
        None => together(count),
        Some(many) => each(many, count.max(alone)) && (count >= alone || together(count)),
    };
    // The normal approximation is close, and a little low: the answer is looked for around it.
    let quantile = |tail: f64| normal::upper_quantile(tail);
    let Hurdle { test, alpha } = hurdles.together.first()?;
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
        // SciPy 1.17.1: integrate.quad over the normal density and both distributions of χ², and optimize.brentq.
        let of = |standard_error: f64, df: f64| {
            let interval = Interval { low: 0.0, high: 0.0 };
            Test { standard_error, df, t: 0.0, p: 1.0, interval }
        };
        let (model, own) = (of(0.4, 32.0), of(0.5, 4.0));
        let with_own = |alpha: f64| vec![Hurdle { test: model, alpha: 0.05 / 8.0 }, Hurdle { test: own, alpha }];
        let found = detectable(&with_own(0.05)).unwrap();
        assert!((found / 1.904_990_192_693_816 - 1.0).abs() < 1e-6, "{found}");
        assert!(with_own(0.05).chunks(1).all(|alone| detectable(alone).unwrap() < found));
        // Below eight seeds its own test is at 0.05 and both must pass; from eight on each is at 0.05 / 8, by itself.
        let hurdles = Hurdles { together: with_own(0.05), with_many: Some(with_own(0.05 / 8.0)) };
        for (seen, expected) in [(1.0, 20), (2.0, 5), (3.0, 4)] {
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
