//! A chapter of the report: one metric, all its arms and comparisons.

use serde::Serialize;
use spec::metric::Direction;

use super::comparison::{Comparison, Verdict};
use super::design::Setting;
use super::effects::Effects;
use super::outlook::Outlook;
use super::outlying::Outlying;
use super::pairs::Pairs;
use super::parts::PartsTable;
use super::ranking::Ranking;
use crate::number;
use crate::results::Seed;
use crate::statistics::describe::Description;

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
    /// The state of its run, or `no value`; `diverged` as well for a value that is not finite or beyond ±1e75.
    pub reason: &'static str,
}

/// A level within a stratum.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Arm {
    /// The level.
    pub level: String,
    /// Whether it is the baseline.
    pub baseline: bool,
    /// Its values by seed.
    pub values: Vec<SeedValue>,
    /// Seeds without one.
    pub gaps: Vec<Gap>,
    /// Seeds that lie far from the others; they are used like any other.
    pub outlying: Vec<Outlying>,
    /// Mean and spread; `None` without values.
    pub description: Option<Description>,
    /// Its comparison with the baseline.
    pub comparison: Option<Comparison>,
}

/// One combination of the other factors.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Stratum {
    /// Its name for people; empty if it is the only one.
    pub name: String,
    /// The levels that make it.
    pub settings: Vec<Setting>,
    /// Its arms in the order of the levels.
    pub arms: Vec<Arm>,
    /// All arms against each other, which nobody declared; of the primary metric, from three arms on.
    pub pairs: Option<Pairs>,
    /// How the arms rank within each seed; as the pairs.
    pub ranking: Option<Ranking>,
}

/// A factor whose levels are compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contrast {
    /// The factor.
    pub factor: String,
    /// The level that the others are compared with.
    pub baseline: Option<String>,
    /// The factor over all strata: what to read first. Absent with one stratum, or without a baseline.
    pub effects: Option<Effects>,
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
    /// The unit of its differences, intervals, detectable differences and of the margin: that of the metric, or `log
    /// units` where differences are those of natural logarithms.
    pub difference_unit: String,
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
    /// What more seeds would see; `None` where nothing was tested.
    pub outlook: Option<Outlook>,
}

impl MetricReport {
    /// Its name within a sentence: a known label without its capitals but those of abbreviations, a name of the data as
    /// it is.
    pub fn noun(&self) -> String {
        if self.label == self.name { self.name.clone() } else { number::lowered(&self.label) }
    }

    /// Its comparisons: contrast, stratum and arm of each.
    pub fn comparisons(&self) -> impl Iterator<Item = (&Contrast, &Stratum, &Arm, &Comparison)> {
        self.contrasts.iter().flat_map(|contrast| {
            contrast.strata.iter().flat_map(move |stratum| {
                let compared = stratum.arms.iter().filter_map(|arm| Some((arm, arm.comparison.as_ref()?)));
                compared.map(move |(arm, comparison)| (contrast, stratum, arm, comparison))
            })
        })
    }

    /// How they ended.
    pub(super) fn count(&self) -> Tally {
        let mut tally = Tally::default();
        for (.., comparison) in self.comparisons() {
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
}
