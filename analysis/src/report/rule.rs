//! The decision rule: what a number of seeds allows, fixed before any p value is seen.
//!
//! | seeds | primary test | what may be claimed |
//! | --- | --- | --- |
//! | 1 | none | nothing: values only |
//! | 2 | none; the t test is computed and shown | nothing |
//! | 3 and more | paired t, Welch's where runs are not paired | better, worse; equivalent where a margin was declared |
//! | fewer than 8, several strata | what holds over strata: the model of all arms' means by seed, which pools their error | as above |
//! | 8 and more, several strata | what holds over strata: the t test of each seed's mean difference | as above |
//!
//! The seeds are those that have run everything, so that a run that diverged or is missing may move a family from the
//! last row to the one above it. Averages over strata are judged only where the interaction is not significant.
//! Dunnett's correction needs one error for all of a family, and so the model for each; else it is Holm's.
//!
//! The error of each is simulated in `tests/simulation.rs` and `tests/whole_path.rs`. The paired test, the default,
//! keeps what was declared from three seeds on; Welch's with three seeds an arm is on the safe side (3.4 % for 5 %).
//!
//! Everything else that is computed is a check of sensitivity and decides nothing. Normality and equal spread are
//! looked at, never used to choose a test: such a choice changes the error rate of what is chosen.

use super::judged::{Meaning, Needed};
use crate::statistics::detectable::{POWER, power};
use crate::statistics::distributions::normal;
use crate::statistics::estimate::Estimate;
use crate::statistics::power::equivalence::shows;

/// The fewest seeds that may support a claim. With two, the t distribution has one degree of freedom and an interval is
/// 12.7 standard errors long at either side.
pub const LEAST_SEEDS: usize = 3;

/// From so many seeds on, a difference over strata is tested seed by seed and not from the pooled model.
pub const SEEDS_ALONE: usize = 8;

/// The most seeds that [`needed`] looks at.
const MOST: u64 = 1_000_000;

/// Why so few seeds support no claim.
pub(super) fn too_few(seeds: usize) -> String {
    match seeds {
        0 => "no values in common".to_owned(),
        1 => format!("1 seed: nothing is claimed from fewer than {LEAST_SEEDS}"),
        n => format!("{n} seeds: nothing is claimed from fewer than {LEAST_SEEDS}"),
    }
}

/// How many seeds would settle a comparison with 80 % power at `alpha`; at least [`LEAST_SEEDS`].
///
/// With a margin: so many that a true difference as large as the margin is found, and a true difference of 0 is shown
/// to be within it by the two one-sided tests, whichever takes more. Without one: so many that find the difference that
/// was seen.
///
/// The standard error falls with the root of the number of seeds and the degrees of freedom grow with it less one,
/// which is exact for the paired test and for balanced models, and close for Welch's.
pub(super) fn needed(estimate: &Estimate, seeds: usize, alpha: f64, margin: Option<f64>) -> Option<Needed> {
    let test = estimate.test()?;
    if seeds < 2 {
        return None;
    }
    let (difference, meaning) = match margin {
        Some(margin) => (margin, Meaning::Margin),
        None => (estimate.difference.abs(), Meaning::Seen),
    };
    let size = difference / test.standard_error;
    let settles = |count: u64| {
        let n = count as f64;
        let df = test.df * (n - 1.0) / (seeds - 1) as f64;
        let size = size * (n / seeds as f64).sqrt();
        let enough = |power: Option<f64>| power.is_some_and(|power| power >= POWER);
        df >= 1.0 && enough(power(size, df, alpha)) && (margin.is_none() || enough(shows(size, 0.0, df, alpha)))
    };
    // The normal approximation is close, and a little low: the answer is looked for around it.
    let quantile = |tail: f64| normal::upper_quantile(tail);
    let found = quantile(alpha / 2.0)? + quantile(1.0 - POWER)?;
    let shown = if margin.is_some() { quantile(alpha)? + quantile((1.0 - POWER) / 2.0)? } else { 0.0 };
    let near = seeds as f64 * (found.max(shown) / size).powi(2);
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
    use crate::statistics::paired::paired_t;

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
            let found = needed(&paired_t(&pairs, 0.05).unwrap(), 6, alpha, Some(margin)).unwrap();
            assert_eq!((found.seeds, found.meaning), (Some(expected), Meaning::Margin), "{margin} {alpha}");
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
            let found = needed(&paired_t(&pairs, 0.05).unwrap(), 6, 0.05, None).unwrap();
            assert_eq!((found.seeds, found.meaning), (Some(expected), Meaning::Seen));
        }
        let tiny = paired_t(&[(1.0, 0.0), (-1.0, 0.0), (1e-9, 0.0)], 0.05).unwrap();
        assert_eq!(needed(&tiny, 3, 0.05, None).unwrap().seeds, None);
    }
}
