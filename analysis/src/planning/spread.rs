//! How much the difference of two arms varies from seed to seed: as a pilot shows it, or as somebody says it.

use std::collections::BTreeSet;

use serde::Serialize;
use spec::analysis::Pairing;

use super::PlanningError;
use crate::report::metric::{Arm, MetricReport, Stratum};
use crate::report::{Report, scale};
use crate::results::Seed;
use crate::statistics::describe::{mean, standard_deviation};
use crate::statistics::estimate::is_rounding;
use crate::statistics::power::design::Design;
use crate::statistics::power::pilot::upper_bound;
use crate::statistics::refusal::Refusal;

/// A standard deviation to plan with.
///
/// For pairs it is that of the differences between two runs of one seed, for independent groups that of the runs of one arm.
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
    /// What the true one stays below with the confidence that was asked for; `None` where the estimate's uncertainty is not known.
    pub upper: Option<f64>,
}

impl Spread {
    /// A spread that is taken on somebody's word; with `seeds`, the number of seeds that it was estimated from.
    ///
    /// # Errors
    /// A [`Refusal`] for a spread that is not above 0, fewer than two seeds, and a confidence outside (0, 1).
    pub fn given(sd: f64, design: Design, seeds: Option<usize>, confidence: f64) -> Result<Self, Refusal> {
        if !(sd > 0.0 && sd.is_finite()) {
            return Err(Refusal::Range { name: "spread", value: sd, expected: "a number above 0" });
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
    /// A spread a comparison with the baseline, and last, where there are several, the one of all together.
    pub spreads: Vec<Spread>,
    /// Comparisons that show none.
    pub without: Vec<String>,
}

/// The spreads that the primary metric of a pilot shows.
///
/// For pairs the pooled one is √(2 · MS) with the residual mean square of arms and seeds within each stratum, over the seeds that all of
/// its arms have; for independent groups the root of the mean variance within arms. It assumes that arms vary alike, and in
/// return rests on many more degrees of freedom than any comparison.
///
/// # Errors
/// [`PlanningError::NoSpread`] where no two runs differ in a way that a spread could be told from.
pub fn of_pilot(pilot: &Report, confidence: f64) -> Result<Pilot, PlanningError> {
    let nothing =
        |metric: &str, reason: &str| PlanningError::NoSpread { metric: metric.to_owned(), reason: reason.to_owned() };
    let metric = pilot.primary().ok_or_else(|| nothing(&pilot.analysis.primary, "no run has a value of it"))?;
    let pairing = pilot.analysis.pairing;
    let strata = scaled(metric, scale::of(&metric.name, &pilot.analysis));
    let (mut spreads, without) = compared(&strata, pairing, confidence);
    if spreads.len() != 1
        && let Some(pooled) = pooled(&strata, pairing, confidence, most_seeds(&spreads))
    {
        spreads.push(pooled);
    }
    if spreads.is_empty() {
        let reason = match pairing {
            Pairing::Seed => "no two arms have two seeds in common whose differences differ",
            Pairing::None => "no arm has two runs that differ",
        };
        return Err(nothing(&metric.name, reason));
    }
    Ok(Pilot { spreads, without })
}

fn compared(strata: &[Stratum], pairing: Pairing, confidence: f64) -> (Vec<Spread>, Vec<String>) {
    let (mut spreads, mut without) = (Vec::new(), Vec::new());
    for stratum in strata {
        let Some(baseline) = stratum.arms.iter().find(|arm| arm.baseline) else { continue };
        for arm in stratum.arms.iter().filter(|arm| !arm.baseline) {
            let (seeds, estimate) = match pairing {
                Pairing::Seed => {
                    let (differences, largest) = (differences(arm, baseline), largest([arm, baseline]));
                    (differences.len(), variance(&differences, largest))
                }
                Pairing::None => {
                    let groups = [values(arm), values(baseline)];
                    let largest = largest([arm, baseline]);
                    let variances = groups.iter().filter_map(|group| variance(group, largest));
                    (groups[0].len().min(groups[1].len()), pool(variances))
                }
            };
            let name =
                if stratum.name.is_empty() { arm.level.clone() } else { format!("{}, {}", arm.level, stratum.name) };
            let found = estimate.and_then(|(variance, df)| {
                Spread::found(name.clone(), false, seeds, (variance.sqrt(), df), confidence)
            });
            match found {
                Some(spread) => spreads.push(spread),
                None => without.push(name),
            }
        }
    }
    (spreads, without)
}

/// The most seeds that a comparison rests on.
fn most_seeds(spreads: &[Spread]) -> Option<usize> {
    spreads.iter().filter_map(|spread| spread.seeds).max()
}

fn pooled(strata: &[Stratum], pairing: Pairing, confidence: f64, seeds: Option<usize>) -> Option<Spread> {
    let seeds = seeds.or_else(|| strata.iter().flat_map(|stratum| &stratum.arms).map(|arm| arm.values.len()).max())?;
    let (variance, df) = match pairing {
        Pairing::Seed => pool(strata.iter().filter_map(residual)).map(|(square, df)| (2.0 * square, df))?,
        Pairing::None => {
            let arms = strata.iter().flat_map(|stratum| &stratum.arms);
            pool(arms.filter_map(|arm| variance(&values(arm), largest([arm]))))?
        }
    };
    Spread::found("all, pooled".to_owned(), true, seeds, (variance.sqrt(), df), confidence)
}

/// The strata of the first contrast (further factors cut the same runs another way), their values on the declared scale.
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

fn differences(arm: &Arm, baseline: &Arm) -> Vec<f64> {
    let of = |seed: &Seed| baseline.values.iter().find(|value| value.seed == *seed).map(|value| value.value);
    arm.values.iter().filter_map(|value| Some(value.value - of(&value.seed)?)).collect()
}

/// The largest value of some arms, by which what is rounding is told.
fn largest<'a>(arms: impl IntoIterator<Item = &'a Arm>) -> f64 {
    let values = arms.into_iter().flat_map(|arm| &arm.values);
    values.fold(0.0, |largest, value| largest.max(value.value.abs()))
}

/// A variance and its degrees of freedom, 0 where a spread is the rounding of values as large as `largest`; `None` for fewer than two
/// values.
fn variance(values: &[f64], largest: f64) -> Option<(f64, f64)> {
    let spread = standard_deviation(values)?;
    let variance = if is_rounding(spread, largest) { 0.0 } else { spread.powi(2) };
    Some((variance, values.len() as f64 - 1.0))
}

fn pool(variances: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let (sum, df) = variances.fold((0.0, 0.0), |(sum, all), (variance, df)| (sum + variance * df, all + df));
    (df > 0.0).then(|| (sum / df, df))
}

/// The residual mean square of arms and seeds, over the seeds that all arms have, and its degrees of freedom (k - 1)(n - 1). An arm
/// that shares fewer than two seeds with the baseline (the first arm where there is none) cannot be compared and is left out.
fn residual(stratum: &Stratum) -> Option<(f64, f64)> {
    let first = stratum.arms.iter().find(|arm| arm.baseline).or(stratum.arms.first())?;
    let has = |arm: &Arm, seed: &Seed| arm.values.iter().any(|value| value.seed == *seed);
    let in_common = |arm: &Arm| first.values.iter().filter(|value| has(arm, &value.seed)).count();
    let arms: Vec<&Arm> = stratum.arms.iter().filter(|arm| in_common(arm) > 1).collect();
    let shared = first.values.iter().map(|value| &value.seed);
    let shared: BTreeSet<&Seed> = shared.filter(|seed| arms.iter().all(|arm| has(arm, seed))).collect();
    // Seeds in one order for all arms.
    let rows: Vec<Vec<f64>> = arms
        .iter()
        .map(|arm| {
            let mut row: Vec<(&Seed, f64)> = arm.values.iter().map(|value| (&value.seed, value.value)).collect();
            row.retain(|(seed, _)| shared.contains(seed));
            row.sort_by_key(|(seed, _)| *seed);
            row.into_iter().map(|(_, value)| value).collect()
        })
        .collect();
    let (k, n) = (rows.len(), shared.len());
    if k < 2 || n < 2 {
        return None;
    }
    let of_arm: Vec<f64> = rows.iter().map(|row| mean(row).unwrap_or_default()).collect();
    let grand = mean(&of_arm)?;
    let of_seed = |seed: usize| mean(&rows.iter().map(|row| row[seed]).collect::<Vec<_>>()).unwrap_or_default();
    let squares: f64 = (0..n)
        .map(|seed| {
            let shift = of_seed(seed) - grand;
            rows.iter().zip(&of_arm).map(|(row, arm)| (row[seed] - arm - shift).powi(2)).sum::<f64>()
        })
        .sum();
    let df = (k as f64 - 1.0) * (n as f64 - 1.0);
    let square = squares / df;
    Some((if is_rounding(square.sqrt(), largest(arms)) { 0.0 } else { square }, df))
}
