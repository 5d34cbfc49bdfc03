//! The parts of a metric (`minimal-pairs/anaphor-gender`): described beside the baseline, not tested one by one.

use serde::Serialize;

use super::design::{ComparedFactor, PlannedStratum, stratum_name};
use super::index::Index;
use crate::statistics::describe::mean;

/// A part of one level.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartCell {
    /// How many seeds have a value.
    pub n: usize,
    /// Their mean.
    pub mean: Option<f64>,
    /// Mean difference from the baseline over the seeds that both have.
    pub difference: Option<f64>,
}

/// A part over all levels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartRow {
    /// The part's name without its whole.
    pub part: String,
    /// A cell a level.
    pub cells: Vec<PartCell>,
}

/// All parts within one stratum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartsTable {
    /// The factor whose levels are the columns.
    pub factor: String,
    /// The stratum's name.
    pub stratum: String,
    /// The levels.
    pub levels: Vec<String>,
    /// Index of the baseline among them.
    pub baseline: Option<usize>,
    /// The parts, by name.
    pub rows: Vec<PartRow>,
}

/// The tables of the metric `whole`, for the first factor that is compared; none if it has no parts.
pub(super) fn tables(whole: &str, index: &Index<'_>, compared: &[ComparedFactor]) -> Vec<PartsTable> {
    let names = index.results.metrics.iter();
    let mut parts: Vec<&str> = names
        .filter(|name| name.strip_prefix(whole).is_some_and(|rest| rest.starts_with('/')))
        .map(String::as_str)
        .collect();
    parts.sort_unstable();
    let Some(factor) = compared.first().filter(|_| !parts.is_empty()) else { return Vec::new() };
    factor.strata.iter().map(|stratum| table(&parts, whole, index, (factor, stratum))).collect()
}

fn table(
    parts: &[&str],
    whole: &str,
    index: &Index<'_>,
    (factor, stratum): (&ComparedFactor, &PlannedStratum),
) -> PartsTable {
    let names = &index.results.factors[factor.factor];
    let baseline = stratum.arms.iter().position(|(level, _)| Some(*level) == factor.baseline);
    let rows = parts.iter().map(|metric| PartRow {
        part: metric[whole.len() + 1..].to_owned(),
        cells: stratum
            .arms
            .iter()
            .map(|(_, point)| {
                let values = index.values(metric, point);
                let opponent = baseline.map(|arm| index.values(metric, &stratum.arms[arm].1)).unwrap_or_default();
                let differences = values.iter().filter_map(|(seed, value)| Some(value - opponent.get(seed)?));
                PartCell {
                    n: values.len(),
                    mean: mean(&values.values().copied().collect::<Vec<_>>()),
                    difference: mean(&differences.collect::<Vec<_>>()),
                }
            })
            .collect(),
    });
    PartsTable {
        factor: names.name.clone(),
        stratum: stratum_name(&stratum.settings),
        levels: stratum.arms.iter().map(|(level, _)| names.levels[*level].clone()).collect(),
        baseline,
        rows: rows.collect(),
    }
}
