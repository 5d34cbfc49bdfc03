//! Other looks at one comparison: they decide nothing, and say whether what was decided hangs on an assumption.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;
use spec::analysis::{AnalysisSpec, Pairing};

use super::index::Values;
use crate::statistics::describe::mean;
use crate::statistics::diagnostics::shapiro_wilk::shapiro_wilk;
use crate::statistics::effects::{cohen, standardised};
use crate::statistics::estimate::Interval;
use crate::statistics::ranks::signed_rank::{Zeros, signed_rank};
use crate::statistics::ranks::{attainable, decimal, hodges_lehmann, mann_whitney};
use crate::statistics::resampling::chance::Drawn;
use crate::statistics::resampling::{permutation, sign_flip, studentised};
use crate::statistics::welch::welch_t;

/// Sign patterns, or arrangements, that are drawn where they are too many to be counted.
const DRAWS: u64 = 20_000;
/// Resamples of the studentised bootstrap.
const RESAMPLES: usize = 2_000;
/// Values from which on a bootstrap interval and a look at the shape of the distribution tell something.
const ENOUGH: usize = 10;
/// Values up to which every pair of them is looked at.
const MOST_PAIRED: usize = 400;
/// What the generator starts from: the same numbers for the same data.
const START: u64 = 0x5eed;

/// A standardised difference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Standardised {
    /// `d-z`, in standard deviations of the differences, not corrected for bias; or `g`, in those of the runs,
    /// corrected after Hedges.
    pub kind: &'static str,
    /// The effect.
    pub effect: f64,
    /// The interval of the true effect, from the noncentral t distribution.
    pub interval: Option<Interval>,
}

/// Another test of the same difference.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// `sign-flip`, `signed-rank`, `welch`, `permutation`, `mann-whitney` or `studentised-bootstrap`.
    pub method: &'static str,
    /// Its p value; none for what gives an interval only.
    pub p: Option<f64>,
    /// The Monte Carlo error of p, where it was drawn.
    pub error: Option<f64>,
    /// Whether p is exact: every arrangement counted, and not drawn or approximated; none without p.
    pub exact: Option<bool>,
    /// The smallest p that it can give with so many seeds (so many that differ, and so many draws), whatever the arms
    /// do.
    pub floor: Option<f64>,
    /// Whether that floor, times the size of the family, is below alpha: where not, this test could not have found
    /// anything.
    pub attainable: Option<bool>,
    /// Its estimate, where it is not the mean difference.
    pub estimate: Option<f64>,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// The checks of one comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sensitivity {
    /// The standardised difference.
    pub standardised: Option<Standardised>,
    /// The correlation of the two arms over seeds; pairing is worth 1 / (1 - r) times the seeds.
    pub correlation: Option<f64>,
    /// p of Shapiro and Wilk's test of the differences, from ten on. Shown, and never used to choose a test.
    pub normality: Option<f64>,
    /// The checks.
    pub checks: Vec<Check>,
    /// Whether a test of ranks or arrangements that could have found something says otherwise than the primary one,
    /// each for itself at alpha.
    pub disagrees: Option<bool>,
    #[serde(skip)]
    primary: Option<f64>,
}

impl Sensitivity {
    pub(super) fn of(level: &Values<'_>, baseline: &Values<'_>, analysis: &AnalysisSpec) -> Option<Self> {
        match analysis.pairing {
            Pairing::Seed => {
                let pairs: Vec<(f64, f64)> =
                    level.iter().filter_map(|(seed, value)| Some((*value, *baseline.get(seed)?))).collect();
                (pairs.len() > 1).then(|| paired(&pairs, analysis.alpha))
            }
            Pairing::None => {
                let [level, baseline]: [Vec<f64>; 2] = [level, baseline].map(|arm| arm.values().copied().collect());
                (level.len().min(baseline.len()) > 1).then(|| independent(&level, &baseline, analysis.alpha))
            }
        }
    }

    /// Says what could have been found in a family of `members`, and whether the checks disagree.
    pub(super) fn settle(&mut self, judged: bool, members: usize, alpha: f64) {
        for check in &mut self.checks {
            check.attainable = check.floor.map(|floor| (floor * members.max(1) as f64) < alpha);
        }
        let Some(primary) = self.primary.filter(|_| judged) else { return };
        let able = self.checks.iter().filter(|check| check.floor.is_some_and(|floor| floor < alpha));
        let says: Vec<bool> = able.filter_map(|check| Some(check.p? < alpha)).collect();
        self.disagrees = (!says.is_empty()).then(|| says.iter().any(|found| *found != (primary < alpha)));
    }
}

fn paired(pairs: &[(f64, f64)], alpha: f64) -> Sensitivity {
    let (level, baseline): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    let differences = decimal::differences(pairs);
    let n = pairs.len();
    let test = crate::statistics::paired::paired_t(pairs, alpha).and_then(|estimate| estimate.test().copied());
    let root = (n as f64).sqrt();
    let standardised = cohen::paired(pairs).zip(test).map(|(effect, test)| Standardised {
        kind: "d-z",
        effect,
        interval: standardised::interval(test.t, test.df, root, alpha),
    });
    let mut checks = vec![flipped(pairs, &differences)];
    let shift = (n <= MOST_PAIRED).then(|| hodges_lehmann::paired(&differences, alpha)).flatten();
    checks.extend(signed_rank(&differences, Zeros::Ranked).map(|found| Check {
        p: Some(found.p),
        exact: Some(found.exact),
        floor: Some(found.floor),
        estimate: shift.map(|shift| shift.estimate),
        interval: shift.and_then(|shift| Some(shift.interval?.0)),
        ..Check::of("signed-rank")
    }));
    checks.extend(welch(&level, &baseline, alpha));
    checks.extend(bootstrapped(&differences, alpha));
    Sensitivity {
        standardised,
        correlation: correlation(&level, &baseline),
        normality: (n >= ENOUGH).then(|| shapiro_wilk(&differences).ok().map(|found| found.p)).flatten(),
        checks,
        disagrees: None,
        primary: test.map(|test| test.p),
    }
}

fn independent(level: &[f64], baseline: &[f64], alpha: f64) -> Sensitivity {
    let (n, m) = (level.len() as f64, baseline.len() as f64);
    let root = (n * m / (n + m)).sqrt();
    let factor = cohen::hedges_factor(n + m - 2.0);
    let standardised = cohen::independent(level, baseline).zip(factor).map(|(d, factor)| Standardised {
        kind: "g",
        effect: d * factor,
        // Of the true effect: the factor mends the bias of the estimate alone.
        interval: standardised::interval(d * root, n + m - 2.0, root, alpha),
    });
    let mut checks = vec![permuted(level, baseline)];
    let few = level.len().max(baseline.len()) <= MOST_PAIRED;
    let shift = few.then(|| hodges_lehmann::independent(level, baseline, alpha)).flatten();
    checks.extend(mann_whitney::mann_whitney(level, baseline).map(|found| Check {
        p: Some(found.p),
        exact: Some(found.exact),
        floor: Some(found.floor),
        estimate: shift.map(|shift| shift.estimate),
        interval: shift.and_then(|shift| Some(shift.interval?.0)),
        ..Check::of("mann-whitney")
    }));
    let primary = welch_t(level, baseline, alpha).and_then(|estimate| Some(estimate.test()?.p));
    Sensitivity { standardised, correlation: None, normality: None, checks, disagrees: None, primary }
}

impl Check {
    fn drawn(method: &'static str, drawn: Option<Drawn>, floor: f64) -> Self {
        let (p, error) = (drawn.map(|drawn| drawn.p), drawn.map(|drawn| drawn.error));
        Self { p, error, exact: p.map(|_| false), floor: Some(floor), ..Self::of(method) }
    }

    fn of(method: &'static str) -> Self {
        Self {
            method,
            p: None,
            error: None,
            exact: None,
            floor: None,
            attainable: None,
            estimate: None,
            interval: None,
        }
    }
}

fn flipped(pairs: &[(f64, f64)], differences: &[f64]) -> Check {
    // A difference of 0 is the same with either sign.
    let floor = attainable::signed(differences.iter().filter(|difference| **difference != 0.0).count());
    if let Some(p) = sign_flip::exact(pairs) {
        return Check { p: Some(p), exact: Some(true), floor: Some(floor), ..Check::of("sign-flip") };
    }
    let drawn = sign_flip::drawn(pairs, DRAWS, &mut ChaCha8Rng::seed_from_u64(START));
    Check::drawn("sign-flip", drawn, floor.max(1.0 / (DRAWS + 1) as f64))
}

fn permuted(level: &[f64], baseline: &[f64]) -> Check {
    let floor = attainable::permuted(level, baseline);
    if let Some(p) = permutation::exact(level, baseline) {
        return Check { p: Some(p), exact: Some(true), floor: Some(floor), ..Check::of("permutation") };
    }
    let drawn = permutation::drawn(level, baseline, DRAWS, &mut ChaCha8Rng::seed_from_u64(START));
    Check::drawn("permutation", drawn, floor.max(2.0 / (DRAWS + 1) as f64))
}

fn welch(level: &[f64], baseline: &[f64], alpha: f64) -> Option<Check> {
    let test = *welch_t(level, baseline, alpha)?.test()?;
    Some(Check { p: Some(test.p), interval: Some(test.interval), ..Check::of("welch") })
}

/// The studentised bootstrap of the mean difference; computed for a mean above 0 and mirrored, so that swapping the
/// arms does nothing else.
fn bootstrapped(differences: &[f64], alpha: f64) -> Option<Check> {
    let centre = mean(differences).filter(|_| differences.len() >= ENOUGH)?;
    let side = if centre < 0.0 { -1.0 } else { 1.0 };
    let turned: Vec<f64> = differences.iter().map(|difference| side * difference).collect();
    let interval = studentised::studentised(&turned, RESAMPLES, alpha, &mut ChaCha8Rng::seed_from_u64(START))?;
    let interval = if side < 0.0 { Interval { low: -interval.high, high: -interval.low } } else { interval };
    Some(Check { interval: Some(interval), ..Check::of("studentised-bootstrap") })
}

/// Pearson's correlation; `None` where one of the two does not vary.
fn correlation(one: &[f64], other: &[f64]) -> Option<f64> {
    let (centre, other_centre) = (mean(one)?, mean(other)?);
    let sum = |product: &dyn Fn(f64, f64) -> f64| -> f64 {
        one.iter().zip(other).map(|(x, y)| product(x - centre, y - other_centre)).sum()
    };
    let r = sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt();
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}
