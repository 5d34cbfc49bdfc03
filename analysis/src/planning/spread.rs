//! How much the difference of two arms varies from seed to seed: as a pilot shows it, or as somebody says it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde::Serialize;
use spec::analysis::Pairing;

use super::{PlanningError, pool};
use crate::report::metric::{Arm, MetricReport, Stratum};
use crate::report::{Report, scale};
use crate::results::Seed;
use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::is_rounding;
use crate::statistics::power::design::Design;
use crate::statistics::power::pilot::upper_bound;
use crate::statistics::refusal::Refusal;

/// Sizes that can be planned with: of others the quotients would overflow.
pub const SIZES: RangeInclusive<f64> = 1e-100..=1e100;

/// A standard deviation to plan with.
///
/// For pairs it is that of the differences between two runs of one seed, for independent groups that of the runs of one
/// arm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Spread {
    /// What it is the spread of, for people: `kan, roberta`, `all comparisons`, `as given`.
    pub name: String,
    /// Whether it was pooled over comparisons.
    pub pooled: bool,
    /// Seeds that it was estimated from; `None` where that is not known.
    pub seeds: Option<usize>,
    /// Degrees of freedom of the estimate.
    pub df: Option<f64>,
    /// The standard deviation.
    pub sd: f64,
    /// What the true one stays below with the confidence that was asked for; `None` where the estimate's uncertainty is
    /// not known.
    pub upper: Option<f64>,
}

impl Spread {
    /// A spread that is taken on somebody's word; with `seeds`, the number of seeds that it was estimated from.
    ///
    /// # Errors
    /// A [`Refusal`] for a spread that is not above 0 or out of [`SIZES`], fewer than two seeds, and a confidence
    /// outside (0, 1).
    pub fn given(sd: f64, design: Design, seeds: Option<usize>, confidence: f64) -> Result<Self, Refusal> {
        if !(sd > 0.0 && sd.is_finite()) {
            return Err(Refusal::Range { name: "spread", value: sd, expected: "a number above 0" });
        }
        if !SIZES.contains(&sd) {
            return Err(Refusal::Range { name: "spread", value: sd, expected: "a number from 1e-100 to 1e100" });
        }
        let df = seeds.map(|seeds| design.freedom(seeds as f64));
        let upper = df.map(|df| upper_bound(sd, df, confidence)).transpose()?;
        Ok(Self { name: "as given".to_owned(), pooled: false, seeds, df, sd, upper })
    }

    /// The spread that a study is planned with: the upper bound where there is one.
    pub fn planned(&self) -> f64 {
        self.upper.unwrap_or(self.sd)
    }

    fn found(name: String, pooled: bool, seeds: usize, (sd, df): (f64, f64), confidence: f64) -> Option<Self> {
        let upper = upper_bound(sd, df, confidence).ok()?;
        Some(Self { name, pooled, seeds: Some(seeds), df: Some(df), sd, upper: Some(upper) })
    }
}

/// What a pilot shows of its primary metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Pilot {
    /// A spread a comparison, and last, where there are several, the one of all together. Of all pairs the [`LISTED`]
    /// largest only.
    pub spreads: Vec<Spread>,
    /// Comparisons that show none.
    pub without: Vec<String>,
    /// The factors within whose combinations the comparisons are; none where there is one.
    pub across: Vec<String>,
    /// Runs that should have a value and have none, by the reason; they are in no spread.
    pub left_out: Vec<LeftOut>,
    /// Without a baseline: how many pairs of arms there are, every one of which is a comparison.
    pub all_pairs: Option<u64>,
}

/// Runs of a pilot that are in none of its spreads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Why: the state of the run, or `no value`.
    pub reason: &'static str,
    /// How many.
    pub runs: usize,
}

/// So many spreads are named where every two arms are compared.
pub const LISTED: usize = 24;

/// Two arms that are compared.
struct Compared<'a> {
    name: String,
    /// The level and what it is compared with.
    arms: [&'a Arm; 2],
    /// Their numbers among all arms.
    numbers: [usize; 2],
}

/// The spreads that the primary metric of a pilot shows: of the comparisons with the baseline, or of all pairs of arms
/// where there is none.
///
/// The pooled one is the root of the mean variance of the comparisons, weighted with their degrees of freedom; how well
/// it is known takes into account that they share arms.
///
/// # Errors
/// [`PlanningError::NoSpread`] where no two runs differ in a way that a spread could be told from.
pub fn of_pilot(pilot: &Report, confidence: f64) -> Result<Pilot, PlanningError> {
    let nothing =
        |metric: &str, reason: &str| PlanningError::NoSpread { metric: metric.to_owned(), reason: reason.to_owned() };
    let metric = pilot.primary().ok_or_else(|| nothing(&pilot.analysis.primary, "no run has a value of it"))?;
    let pairing = pilot.analysis.pairing;
    let strata = scaled(metric, scale::of(&metric.name, &pilot.analysis));
    let has_baseline = strata.iter().flat_map(|stratum| &stratum.arms).any(|arm| arm.baseline);
    let compared = compared(&strata, has_baseline);
    let (mut spreads, mut without) = (Vec::new(), Vec::new());
    for one in &compared {
        let (seeds, estimate) = estimate(one, pairing);
        match estimate.filter(|(variance, _)| *variance > 0.0) {
            Some((variance, df)) => spreads.push((one.name.clone(), seeds, variance.sqrt(), df)),
            None => without.push(one.name.clone()),
        }
    }
    let (found, seeds) = (spreads.len(), spreads.iter().map(|(_, seeds, ..)| *seeds).max().unwrap_or(0));
    let more = without.len().saturating_sub(LISTED);
    if !has_baseline {
        spreads.sort_by(|a, b| b.2.total_cmp(&a.2));
        spreads.truncate(LISTED);
        without.truncate(LISTED);
        without.extend((more > 0).then(|| format!("{more} more")));
    }
    let of = |(name, seeds, sd, df)| Spread::found(name, false, seeds, (sd, df), confidence);
    let mut spreads: Vec<Spread> = spreads.into_iter().filter_map(of).collect();
    if found > 1
        && let Some((variance, df)) = pooled(&compared, pairing)
    {
        let name = if has_baseline { "all, pooled" } else { "all pairs, pooled" };
        spreads.extend(Spread::found(name.to_owned(), true, seeds, (variance.sqrt(), df), confidence));
    }
    if spreads.is_empty() {
        let reason = match pairing {
            Pairing::Seed => "no two arms have two seeds in common whose differences differ",
            Pairing::None => "no arm has two runs that differ",
        };
        return Err(nothing(&metric.name, reason));
    }
    Ok(Pilot {
        spreads,
        without,
        across: across(&strata),
        left_out: left_out(metric),
        all_pairs: (!has_baseline).then_some(compared.len() as u64),
    })
}

/// The factors that tell several strata apart.
fn across(strata: &[Stratum]) -> Vec<String> {
    let settings = strata.first().filter(|_| strata.len() > 1).map(|stratum| &stratum.settings);
    settings.into_iter().flatten().map(|setting| setting.factor.clone()).collect()
}

/// The runs without a value of the metric. Every contrast has all runs.
fn left_out(metric: &MetricReport) -> Vec<LeftOut> {
    let mut reasons: BTreeMap<&'static str, usize> = BTreeMap::new();
    let strata = metric.contrasts.first().into_iter().flat_map(|contrast| &contrast.strata);
    for gap in strata.flat_map(|stratum| &stratum.arms).flat_map(|arm| &arm.gaps) {
        *reasons.entry(gap.reason).or_default() += 1;
    }
    reasons.into_iter().map(|(reason, runs)| LeftOut { reason, runs }).collect()
}

/// Every comparison: with the baseline, or of every two arms.
fn compared<'a>(strata: &'a [Stratum], has_baseline: bool) -> Vec<Compared<'a>> {
    let mut compared = Vec::new();
    let mut before = 0;
    for stratum in strata {
        let arms: Vec<(usize, &Arm)> = (before..).zip(&stratum.arms).collect();
        before += arms.len();
        let mut push = |level: (usize, &'a Arm), with: (usize, &'a Arm), name: String| {
            let name = if stratum.name.is_empty() { name } else { format!("{name}, {}", stratum.name) };
            compared.push(Compared { name, arms: [level.1, with.1], numbers: [level.0, with.0] });
        };
        if has_baseline {
            let Some(baseline) = arms.iter().find(|(_, arm)| arm.baseline) else { continue };
            for level in arms.iter().filter(|(_, arm)| !arm.baseline) {
                push(*level, *baseline, level.1.level.clone());
            }
        } else {
            for (place, first) in arms.iter().enumerate() {
                for second in &arms[place + 1..] {
                    push(*second, *first, format!("{} / {}", second.1.level, first.1.level));
                }
            }
        }
    }
    compared
}

/// The seeds of a comparison, and its variance with its degrees of freedom.
fn estimate(one: &Compared<'_>, pairing: Pairing) -> (usize, Option<(f64, f64)>) {
    let largest = largest(one.arms);
    match pairing {
        Pairing::Seed => {
            let differences: Vec<f64> = differences(one.arms).into_iter().map(|(_, difference)| difference).collect();
            (differences.len(), variance(&differences, largest))
        }
        Pairing::None => {
            let groups = one.arms.map(values);
            let variances = groups.iter().filter_map(|group| variance(group, largest));
            (groups[0].len().min(groups[1].len()), pool(variances))
        }
    }
}

fn pooled(compared: &[Compared<'_>], pairing: Pairing) -> Option<(f64, f64)> {
    if pairing == Pairing::None {
        let arms = compared.iter().flat_map(|one| one.numbers.into_iter().zip(one.arms));
        let of = |(number, arm): (usize, &Arm)| {
            let (variance, df) = variance(&values(arm), largest([arm]))?;
            Some((number, variance, df))
        };
        return pool::of_arms(&arms.filter_map(of).collect::<Vec<_>>());
    }
    let mut seeds: BTreeMap<&Seed, usize> = BTreeMap::new();
    let mut deviations = Vec::new();
    for one in compared {
        let differences = differences(one.arms);
        let numbers: Vec<f64> = differences.iter().map(|(_, difference)| *difference).collect();
        let (Some(centre), Some((variance, _))) = (mean(&numbers), variance(&numbers, largest(one.arms))) else {
            continue;
        };
        let by_seed = differences.into_iter().map(|(seed, difference)| {
            let next = seeds.len();
            let deviation = if variance > 0.0 { difference - centre } else { 0.0 };
            (*seeds.entry(seed).or_insert(next), deviation)
        });
        deviations.push(pool::Deviations(by_seed.collect()));
    }
    pool::of_pairs(&deviations, seeds.len())
}

/// The strata of the first contrast (further factors cut the same runs another way), their values on the declared
/// scale.
fn scaled(metric: &MetricReport, scale: fn(f64) -> f64) -> Vec<Stratum> {
    let mut strata = metric.contrasts.first().map_or_else(Vec::new, |contrast| contrast.strata.clone());
    for value in strata.iter_mut().flat_map(|stratum| &mut stratum.arms).flat_map(|arm| &mut arm.values) {
        value.value = scale(value.value);
    }
    strata
}

fn values(arm: &Arm) -> Vec<f64> {
    arm.values.iter().map(|value| value.value).collect()
}

/// The differences of the seeds that two arms have in common.
fn differences([level, with]: [&Arm; 2]) -> Vec<(&Seed, f64)> {
    let of = |seed: &Seed| with.values.iter().find(|value| value.seed == *seed).map(|value| value.value);
    level.values.iter().filter_map(|value| Some((&value.seed, value.value - of(&value.seed)?))).collect()
}

/// The largest value of some arms, by which what is rounding is told.
fn largest<'a>(arms: impl IntoIterator<Item = &'a Arm>) -> f64 {
    let values = arms.into_iter().flat_map(|arm| &arm.values);
    values.fold(0.0, |largest, value| largest.max(value.value.abs()))
}

/// A variance and its degrees of freedom, 0 where a spread is the rounding of values as large as `largest`; `None` for
/// fewer than two values.
fn variance(values: &[f64], largest: f64) -> Option<(f64, f64)> {
    let spread = standard_deviation(values)?;
    let variance = if is_rounding(spread, largest) { 0.0 } else { spread.powi(2) };
    Some((variance, values.len() as f64 - 1.0))
}

fn pool(variances: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let (sum, df) = variances.fold((0.0, 0.0), |(sum, all), (variance, df)| (sum + variance * df, all + df));
    (df > 0.0).then(|| (sum / df, df))
}
