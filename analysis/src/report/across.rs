//! What each seed says over the strata: its mean, and what its strata differ by.
//!
//! y = mean of the arm in its stratum + seed in its stratum + level of the factor in its seed + error. Where the strata
//! start from one initialisation and see the data in one order, a seed may favour a level in all of them alike. Then
//! the runs of a seed in different strata are not independent, and an error that is pooled over strata is too small for
//! an average and too large for an interaction. Both are tested here from numbers in which that term is where it
//! belongs: means of a seed over all strata have it whole, and orthonormal contrasts of its strata do not have it at
//! all. For balanced data these are the split-plot tests, with error terms level × seed and level × seed × stratum.
//!
//! Runs that are not paired share a seed within their level only, as where a model is scored on several data sets: there
//! the same numbers are compared between levels, with seed within level as error.
//!
//! Source: Kirk (2013), Experimental Design, Sage (error terms of designs with two factors within blocks).

use std::collections::{BTreeMap, BTreeSet};

use super::model::Cell;
use crate::results::Seed;
use crate::statistics::describe::mean;

/// Whether some seed has runs in two strata.
pub(super) fn recur(cells: &[Vec<Cell<'_>>]) -> bool {
    let strata = cells.first().map_or(0, Vec::len);
    let mut known: BTreeSet<&Seed> = BTreeSet::new();
    (0..strata).any(|stratum| {
        let here: BTreeSet<&Seed> = cells.iter().flat_map(|row| &row[stratum]).map(|(seed, _)| *seed).collect();
        let again = here.iter().any(|seed| known.contains(seed));
        known.extend(here);
        again
    })
}

/// Whether some seed has runs of one level in two strata.
pub(super) fn recur_within_levels(cells: &[Vec<Cell<'_>>]) -> bool {
    cells.iter().any(|row| {
        let seeds: BTreeSet<&Seed> = row.iter().flatten().map(|(seed, _)| *seed).collect();
        seeds.len() < row.iter().map(Vec::len).sum()
    })
}

/// The values in all strata of each seed that has run a level in all of them; `row` are the level's cells.
pub(super) fn complete<'a>(row: &[Cell<'a>]) -> BTreeMap<&'a Seed, Vec<f64>> {
    let mut values: BTreeMap<&'a Seed, Vec<f64>> = BTreeMap::new();
    for (seed, value) in row.iter().flatten() {
        values.entry(*seed).or_default().push(*value);
    }
    values.retain(|_, values| values.len() == row.len());
    values
}

/// The means over all strata: one cell a level.
pub(super) fn means<'a>(cells: &[Vec<Cell<'a>>]) -> Vec<Vec<Cell<'a>>> {
    let of = |values: &[f64]| mean(values).unwrap_or(f64::NAN);
    cells
        .iter()
        .map(|row| vec![complete(row).into_iter().map(|(seed, values)| (seed, of(&values))).collect()])
        .collect()
}

/// Helmert's orthonormal contrasts of the strata, one fewer than there are: (y₁ + … + yₖ - k yₖ₊₁) / √(k (k + 1)).
pub(super) fn contrasts<'a>(cells: &[Vec<Cell<'a>>]) -> Vec<Vec<Cell<'a>>> {
    let contrast = |values: &[f64], k: usize| {
        let count = k as f64;
        let sum: f64 = values[..k].iter().map(|value| value - values[k]).sum();
        sum / (count * (count + 1.0)).sqrt()
    };
    let of_level = |row: &Vec<Cell<'a>>| {
        let values = complete(row);
        (1..row.len()).map(|k| values.iter().map(|(seed, values)| (*seed, contrast(values, k))).collect()).collect()
    };
    cells.iter().map(of_level).collect()
}
