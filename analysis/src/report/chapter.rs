//! How a chapter is made: the arms of every stratum, described and compared with the baseline.

use std::collections::BTreeSet;

use spec::analysis::{AnalysisSpec, Pairing};
use spec::metric::{self, Direction};

use super::check::direction;
use super::comparison::{Comparison, Planned};
use super::design::{ComparedFactor, PlannedStratum, stratum_name};
use super::effects;
use super::family;
use super::grid::Grid;
use super::index::{Index, Values};
use super::metric::{Arm, Contrast, Gap, MetricReport, SeedValue, Stratum, Tally};
use super::outlook::Outlook;
use super::outlying::outlying;
use super::pairs::Pairs;
use super::parts;
use super::ranking::Ranking;
use super::scale;
use super::worst_rank::{Outcomes, worst_rank};
use crate::number;
use crate::results::{Point, Seed};
use crate::statistics::describe::describe;

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
            family::judge(&mut contrasts, direction, self.analysis, primary);
        }
        let mut report = MetricReport {
            name: self.name.to_owned(),
            label: known.map_or_else(|| self.name.to_owned(), |known| known.label.to_owned()),
            difference_unit: scale::unit(known.map_or("", |known| known.unit), self.name, self.analysis),
            unit: known.map_or_else(String::new, |known| known.unit.to_owned()),
            direction,
            primary,
            decimals: decimals(&contrasts),
            parts: parts::tables(self.name, self.index, self.compared),
            contrasts,
            tally: Tally::default(),
            detectable: None,
            outlook: None,
        };
        report.tally = report.count();
        report.detectable =
            median(report.comparisons().filter_map(|(.., comparison)| Some(comparison.detectable?.in_family)));
        report.outlook = Outlook::of(&report, self.analysis);
        if let Some(direction) = direction.filter(|_| primary) {
            self.set_all_against_each_other(&mut report, direction);
        }
        report
    }

    fn set_all_against_each_other(&self, report: &mut MetricReport, direction: Direction) {
        let strata = report.contrasts.iter_mut().flat_map(|contrast| &mut contrast.strata);
        // Of two arms the declared comparison says it all.
        for stratum in strata.filter(|stratum| stratum.arms.len() > 2) {
            stratum.pairs = Some(Pairs::of(self.name, stratum, self.analysis));
            stratum.ranking = Ranking::of(stratum, direction);
        }
    }

    fn contrast(&self, compared: &ComparedFactor) -> Contrast {
        let factors = &self.index.results.factors;
        let factor = &factors[compared.factor];
        Contrast {
            factor: factor.name.clone(),
            baseline: compared.baseline.map(|level| factor.levels[level].clone()),
            effects: self.effects(compared),
            moves_with: compared.moves_with.iter().map(|other| factors[*other].name.clone()).collect(),
            strata: compared.strata.iter().map(|stratum| self.stratum(compared, stratum)).collect(),
        }
    }

    fn effects(&self, compared: &ComparedFactor) -> Option<effects::Effects> {
        let direction = direction(self.name, self.analysis)?;
        let primary = self.name == self.analysis.primary;
        let grid = Grid::new(self.index, self.name, compared, (self.analysis, scale::of(self.name, self.analysis)));
        effects::effects(&grid, compared, Some(direction), (self.analysis, primary))
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
        Stratum {
            name: stratum_name(&planned.settings),
            settings: planned.settings.clone(),
            arms: arms.collect(),
            pairs: None,
            ranking: None,
        }
    }

    fn arm(&self, point: &Point) -> Arm {
        let values = self.index.values(self.name, point);
        let gaps = self.index.runs(point).iter().filter(|run| !values.contains_key(&run.seed));
        let numbers: Vec<f64> = values.values().copied().collect();
        let by_seed: Vec<SeedValue> =
            values.iter().map(|(seed, value)| SeedValue { seed: (*seed).clone(), value: *value }).collect();
        Arm {
            level: String::new(),
            baseline: false,
            gaps: gaps.map(|run| Gap { seed: run.seed.clone(), reason: self.index.reason(self.name, run) }).collect(),
            description: describe(&numbers, self.analysis.alpha),
            outlying: outlying(&by_seed),
            values: by_seed,
            comparison: None,
        }
    }

    fn compare(&self, level: &Point, baseline: &Point) -> Option<Comparison> {
        let direction = direction(self.name, self.analysis)?;
        let mut planned: Vec<&Seed> = self.index.runs(level).iter().map(|run| &run.seed).collect();
        planned.extend(self.index.runs(baseline).iter().map(|run| &run.seed));
        planned.sort();
        planned.dedup();
        let [runs, others] = [level, baseline].map(|point| self.index.runs(point).len());
        let both = if self.analysis.pairing == Pairing::None { runs.min(others) } else { planned.len() };
        let planned = Planned { both, level: runs };
        let scale = scale::of(self.name, self.analysis);
        let [values, others] = [level, baseline].map(|point| -> Values<'_> {
            self.index.values(self.name, point).into_iter().map(|(seed, value)| (seed, scale(value))).collect()
        });
        let [diverged, others_diverged] = [level, baseline].map(|point| self.diverged(point));
        let mut comparison = Comparison::new(&values, &others, planned, self.analysis);
        comparison.diverged = [diverged.len(), others_diverged.len()];
        comparison.worst_rank = worst_rank(
            &Outcomes { values: &values, diverged: &diverged },
            &Outcomes { values: &others, diverged: &others_diverged },
            direction,
            self.analysis.pairing,
        );
        let apart = [level, baseline].map(|point| self.arm(point).outlying);
        if apart.iter().any(|seeds| !seeds.is_empty()) {
            let [kept, others_kept] =
                [(&values, &apart[0]), (&others, &apart[1])].map(|(values, apart)| -> Values<'_> {
                    let is_apart = |seed: &Seed| apart.iter().any(|outlying| outlying.seed == *seed);
                    values.iter().filter(|(seed, _)| !is_apart(seed)).map(|(seed, value)| (*seed, *value)).collect()
                });
            comparison.without_outlying = Comparison::new(&kept, &others_kept, planned, self.analysis).estimate;
        }
        Some(comparison)
    }

    /// The seeds of the runs that diverged in the metric.
    fn diverged(&self, point: &Point) -> BTreeSet<&Seed> {
        let runs = self.index.runs(point).iter();
        runs.filter(|run| self.index.has_diverged(self.name, run)).map(|run| &run.seed).collect()
    }
}

/// Two significant digits of the typical standard error of a difference; else of the typical spread of an arm; else of
/// a hundredth of the typical mean.
fn decimals(contrasts: &[Contrast]) -> usize {
    let arms = || contrasts.iter().flat_map(|contrast| &contrast.strata).flat_map(|stratum| &stratum.arms);
    let errors = arms().filter_map(|arm| Some(arm.comparison.as_ref()?.estimate?.test()?.standard_error));
    let spreads = arms().filter_map(|arm| arm.description?.sd).filter(|sd| *sd > 0.0);
    let means = arms().filter_map(|arm| Some(arm.description?.mean.abs() * 0.01)).filter(|mean| *mean > 0.0);
    let size = median(errors).or_else(|| median(spreads)).or_else(|| median(means));
    number::decimals_for(size.unwrap_or(0.0))
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    describe(&values.collect::<Vec<_>>(), 0.05).map(|description| description.median)
}
