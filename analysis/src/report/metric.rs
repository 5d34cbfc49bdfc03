//! A chapter of the report: one metric, all its arms and comparisons.

use std::collections::BTreeMap;

use serde::Serialize;
use spec::analysis::{AnalysisSpec, Family};
use spec::metric::{self, Direction};

use super::check::direction;
use super::comparison::{Comparison, Detectable, Verdict};
use super::design::{ComparedFactor, PlannedStratum, Setting, stratum_name};
use super::index::Index;
use super::parts::{self, PartsTable};
use crate::number;
use crate::results::{Point, Seed};
use crate::statistics::describe::{Description, describe};
use crate::statistics::detectable::detectable_noncentrality;
use crate::statistics::holm::holm;

/// A seed's value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedValue {
    /// The seed.
    pub seed: Seed,
    /// The value.
    pub value: f64,
}

/// A planned seed without a value that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The seed.
    pub seed: Seed,
    /// The state of its run, or `no value`, or `not finite`.
    pub reason: &'static str,
}

/// A level within a stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Arm {
    /// The level.
    pub level: String,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// Its values by seed.
    pub values: Vec<SeedValue>,
    /// Seeds without one.
    pub gaps: Vec<Gap>,
    /// Mean and spread; `None` without values.
    pub description: Option<Description>,
    /// Its comparison with the baseline.
    pub comparison: Option<Comparison>,
}

/// One combination of the other factors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stratum {
    /// Its name for people; empty if it is the only one.
    pub name: String,
    /// The levels that make it.
    pub settings: Vec<Setting>,
    /// Its arms in the order of the levels.
    pub arms: Vec<Arm>,
}

/// A factor whose levels are compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    /// The factor.
    pub factor: String,
    /// The level that the others are compared with.
    pub baseline: Option<String>,
    /// Factors that change with it.
    pub moves_with: Vec<String>,
    /// Its strata.
    pub strata: Vec<Stratum>,
}

/// How many comparisons ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// All of them.
    pub comparisons: usize,
    /// Significantly better.
    pub better: usize,
    /// Significantly worse.
    pub worse: usize,
    /// Equivalent within the margin.
    pub equivalent: usize,
    /// Tested and open.
    pub inconclusive: usize,
    /// Not tested.
    pub not_tested: usize,
}

/// One metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MetricReport {
    /// The name in the data.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// Its unit; may be empty.
    pub unit: String,
    /// Which way is better; `None` where it is described only.
    pub direction: Option<Direction>,
    /// Whether the study is about it.
    pub primary: bool,
    /// Decimals with which its values are shown.
    pub decimals: usize,
    /// The comparisons, a factor each.
    pub contrasts: Vec<Contrast>,
    /// Its parts, described.
    pub parts: Vec<PartsTable>,
    /// How the comparisons ended.
    pub tally: Tally,
    /// The median over comparisons of what could have been seen, after correction.
    pub detectable: Option<f64>,
}

impl MetricReport {
    /// Its comparisons: contrast, stratum and arm of each.
    pub fn comparisons(&self) -> impl Iterator<Item = (&Contrast, &Stratum, &Arm, &Comparison)> {
        self.contrasts.iter().flat_map(|contrast| {
            contrast.strata.iter().flat_map(move |stratum| {
                let compared = stratum.arms.iter().filter_map(|arm| Some((arm, arm.comparison.as_ref()?)));
                compared.map(move |(arm, comparison)| (contrast, stratum, arm, comparison))
            })
        })
    }
}

/// The chapters, in the order of the results' metrics. A part stands in the chapter of its whole.
pub(super) fn chapters(index: &Index<'_>, analysis: &AnalysisSpec, compared: &[ComparedFactor]) -> Vec<MetricReport> {
    let mut wholes: Vec<&str> = Vec::new();
    for name in &index.results.metrics {
        let whole = name.split('/').next().unwrap_or(name);
        if !wholes.contains(&whole) {
            wholes.push(whole);
        }
    }
    wholes.sort_by_key(|name| *name != analysis.primary);
    wholes.into_iter().map(|name| Chapter { name, index, analysis, compared }.write()).collect()
}

struct Chapter<'a> {
    name: &'a str,
    index: &'a Index<'a>,
    analysis: &'a AnalysisSpec,
    compared: &'a [ComparedFactor],
}

impl Chapter<'_> {
    fn write(&self) -> MetricReport {
        let known = metric::find(self.name);
        let direction = direction(self.name, self.analysis);
        let primary = self.name == self.analysis.primary;
        let has_values = self.index.results.metrics.iter().any(|metric| metric == self.name);
        let compared = if has_values { self.compared } else { &[] };
        let mut contrasts: Vec<Contrast> = compared.iter().map(|factor| self.contrast(factor)).collect();
        if let Some(direction) = direction {
            self.judge(&mut contrasts, direction, primary);
        }
        let mut report = MetricReport {
            name: self.name.to_owned(),
            label: known.map_or_else(|| self.name.to_owned(), |known| known.label.to_owned()),
            unit: known.map_or_else(String::new, |known| known.unit.to_owned()),
            direction,
            primary,
            decimals: decimals(&contrasts),
            parts: parts::tables(self.name, self.index, self.compared),
            contrasts,
            tally: Tally::default(),
            detectable: None,
        };
        report.tally = tally(&report);
        report.detectable = median(
            report.comparisons().filter_map(|(.., comparison)| Some(comparison.detectable?.in_family)).collect(),
        );
        report
    }

    fn contrast(&self, compared: &ComparedFactor) -> Contrast {
        let factors = &self.index.results.factors;
        let factor = &factors[compared.factor];
        Contrast {
            factor: factor.name.clone(),
            baseline: compared.baseline.map(|level| factor.levels[level].clone()),
            moves_with: compared.moves_with.iter().map(|other| factors[*other].name.clone()).collect(),
            strata: compared.strata.iter().map(|stratum| self.stratum(compared, stratum)).collect(),
        }
    }

    fn stratum(&self, compared: &ComparedFactor, planned: &PlannedStratum) -> Stratum {
        let baseline = planned.arms.iter().find(|(level, _)| Some(*level) == compared.baseline);
        let arms = planned.arms.iter().map(|(level, point)| {
            let opponent = baseline.map(|(_, point)| point).filter(|other| *other != point);
            Arm {
                level: self.index.results.factors[compared.factor].levels[*level].clone(),
                baseline: Some(*level) == compared.baseline,
                comparison: opponent.and_then(|other| self.compare(point, other)),
                ..self.arm(point)
            }
        });
        Stratum { name: stratum_name(&planned.settings), settings: planned.settings.clone(), arms: arms.collect() }
    }

    fn arm(&self, point: &Point) -> Arm {
        let values = self.index.values(self.name, point);
        let gaps = self.index.runs(point).iter().filter(|run| !values.contains_key(&run.seed));
        let numbers: Vec<f64> = values.values().copied().collect();
        Arm {
            level: String::new(),
            baseline: false,
            gaps: gaps.map(|run| Gap { seed: run.seed.clone(), reason: self.index.reason(self.name, run) }).collect(),
            description: describe(&numbers, self.analysis.alpha),
            values: values.into_iter().map(|(seed, value)| SeedValue { seed: seed.clone(), value }).collect(),
            comparison: None,
        }
    }

    fn compare(&self, level: &Point, baseline: &Point) -> Option<Comparison> {
        direction(self.name, self.analysis)?;
        let mut planned: Vec<&Seed> = self.index.runs(level).iter().map(|run| &run.seed).collect();
        planned.extend(self.index.runs(baseline).iter().map(|run| &run.seed));
        planned.sort();
        planned.dedup();
        let [level, baseline] = [level, baseline].map(|point| self.index.values(self.name, point));
        Some(Comparison::new(&level, &baseline, planned.len(), self.analysis))
    }

    /// Everything that depends on how many comparisons share one correction.
    fn judge(&self, contrasts: &mut [Contrast], direction: Direction, primary: bool) {
        let mut families: Vec<Vec<&mut Comparison>> = Vec::new();
        for stratum in contrasts.iter_mut().flat_map(|contrast| &mut contrast.strata) {
            if families.is_empty() || self.analysis.family == Family::Stratum {
                families.push(Vec::new());
            }
            let family = families.last_mut().expect("invariant: a family was just pushed");
            family.extend(stratum.arms.iter_mut().filter_map(|arm| arm.comparison.as_mut()));
        }
        let margin = self.analysis.margin.filter(|_| primary);
        for mut family in families {
            judge_family(&mut family, margin, self.analysis.alpha);
            for comparison in family {
                comparison.settle(direction, self.analysis.alpha);
            }
        }
    }
}

fn judge_family(family: &mut [&mut Comparison], margin: Option<f64>, alpha: f64) {
    let adjusted = holm(&family.iter().map(|comparison| comparison.p()).collect::<Vec<_>>());
    for (comparison, p) in family.iter_mut().zip(&adjusted) {
        comparison.holm_p = *p;
    }
    if let Some(margin) = margin {
        family.iter_mut().for_each(|comparison| comparison.against_margin(margin));
        let p_values: Vec<Option<f64>> =
            family.iter().map(|c| c.equivalence.map(|equivalence| equivalence.p)).collect();
        for (comparison, p) in family.iter_mut().zip(holm(&p_values)) {
            if let Some(equivalence) = &mut comparison.equivalence {
                equivalence.holm_p = p;
            }
        }
    }
    let strictest = alpha / adjusted.iter().flatten().count().max(1) as f64;
    // Comparisons with the same number of seeds share their degrees of freedom, so each answer is computed once.
    let mut factors: BTreeMap<u64, Option<(f64, f64)>> = BTreeMap::new();
    for comparison in family {
        let Some(test) = comparison.estimate.as_ref().and_then(|estimate| estimate.test()).copied() else { continue };
        let factor = factors.entry(test.df.to_bits()).or_insert_with(|| {
            Some((detectable_noncentrality(test.df, alpha)?, detectable_noncentrality(test.df, strictest)?))
        });
        comparison.detectable = factor.map(|(alone, in_family)| Detectable {
            alone: alone * test.standard_error,
            in_family: in_family * test.standard_error,
        });
    }
}

/// Two significant digits of the typical standard error of a difference; else of the typical spread of an arm.
fn decimals(contrasts: &[Contrast]) -> usize {
    let arms = || contrasts.iter().flat_map(|contrast| &contrast.strata).flat_map(|stratum| &stratum.arms);
    let errors = arms().filter_map(|arm| Some(arm.comparison.as_ref()?.estimate?.test()?.standard_error)).collect();
    let spreads = || arms().filter_map(|arm| arm.description?.sd).filter(|sd| *sd > 0.0).collect();
    let magnitudes =
        || arms().filter_map(|arm| Some(arm.description?.mean.abs() * 0.01)).filter(|m| *m > 0.0).collect();
    let size = median(errors).or_else(|| median(spreads())).or_else(|| median(magnitudes()));
    number::decimals_for(size.unwrap_or(0.0))
}

fn tally(report: &MetricReport) -> Tally {
    let mut tally = Tally::default();
    for (.., comparison) in report.comparisons() {
        tally.comparisons += 1;
        match comparison.verdict {
            Verdict::Better => tally.better += 1,
            Verdict::Worse => tally.worse += 1,
            Verdict::Equivalent => tally.equivalent += 1,
            Verdict::Inconclusive => tally.inconclusive += 1,
            Verdict::NotTested => tally.not_tested += 1,
        }
    }
    tally
}

fn median(values: Vec<f64>) -> Option<f64> {
    describe(&values, 0.05).map(|description| description.median)
}
