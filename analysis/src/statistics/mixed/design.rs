//! What a mixed model needs to know of its data: sums over all runs and over the runs of each seed.

use crate::statistics::anova::factor::Factor;
use crate::statistics::linear::cholesky::dot;
use crate::statistics::linear::least_squares::LeastSquares;
use crate::statistics::refusal::{Refusal, usable};

/// Sums over the runs, with the least-squares fit taken out of the values so that nothing large cancels later.
#[derive(Debug, Clone)]
pub(super) struct Design {
    /// Xᵀ X.
    pub(super) squares: Vec<Vec<f64>>,
    /// The coefficients of the least-squares fit.
    pub(super) coefficients: Vec<f64>,
    /// Sum of squares of its residuals.
    pub(super) residual: f64,
    /// The seeds.
    pub(super) seeds: Vec<Seed>,
    /// How many runs there are.
    pub(super) runs: usize,
}

/// Sums over the runs of one seed.
#[derive(Debug, Clone)]
pub(super) struct Seed {
    /// How many runs it has.
    pub(super) runs: f64,
    /// The sum of each column.
    pub(super) columns: Vec<f64>,
    /// The sum of the residuals.
    pub(super) residual: f64,
}

impl Design {
    pub(super) fn of(values: &[f64], columns: &[Vec<f64>], seed: &[usize], seeds: usize) -> Result<Self, Refusal> {
        let LeastSquares { squares, coefficients, residuals: rest, .. } = LeastSquares::of(values, columns)?;
        let mut parts = vec![Seed { runs: 0.0, columns: vec![0.0; columns.len()], residual: 0.0 }; seeds];
        for (run, seed) in seed.iter().enumerate() {
            let part = &mut parts[*seed];
            part.runs += 1.0;
            part.residual += rest[run];
            for (sum, column) in part.columns.iter_mut().zip(columns) {
                *sum += column[run];
            }
        }
        Ok(Self { squares, coefficients, residual: dot(&rest, &rest), seeds: parts, runs: values.len() })
    }

    /// Xᵀ X less the share `weight` of each seed's outer product of column sums.
    pub(super) fn less(&self, weight: impl Fn(&Seed) -> f64) -> Vec<Vec<f64>> {
        let mut matrix = self.squares.clone();
        for seed in &self.seeds {
            add_outer(&mut matrix, &seed.columns, -weight(seed));
        }
        matrix
    }

    /// The sum of the seeds' outer products of column sums, each times its `weight`.
    pub(super) fn outer(&self, weight: impl Fn(&Seed) -> f64) -> Vec<Vec<f64>> {
        let size = self.squares.len();
        let mut matrix = vec![vec![0.0; size]; size];
        for seed in &self.seeds {
            add_outer(&mut matrix, &seed.columns, weight(seed));
        }
        matrix
    }

    /// Degrees of freedom that the fixed effects leave.
    pub(super) fn freedom(&self) -> f64 {
        self.runs.saturating_sub(self.squares.len()) as f64
    }
}

fn add_outer(matrix: &mut [Vec<f64>], vector: &[f64], weight: f64) {
    for (row, element) in matrix.iter_mut().zip(vector) {
        for (place, other) in row.iter_mut().zip(vector) {
            *place += weight * element * other;
        }
    }
}

/// What is left of `values` when the seeds' means and `columns` are taken out: its sum of squares and its degrees of
/// freedom, also where columns and seeds are combinations of each other.
pub(super) fn within_seeds(values: &[f64], columns: &[Vec<f64>], seed: &Factor) -> (f64, f64) {
    let mut runs = vec![0.0; seed.count()];
    seed.levels().iter().for_each(|seed| runs[*seed] += 1.0);
    let centre = |vector: &mut [f64]| {
        let mut sums = vec![0.0; runs.len()];
        vector.iter().zip(seed.levels()).for_each(|(value, seed)| sums[*seed] += value);
        vector.iter_mut().zip(seed.levels()).for_each(|(value, seed)| *value -= sums[*seed] / runs[*seed]);
    };
    let mut kept: Vec<Vec<f64>> = Vec::new();
    // The second pass mends what rounding has left of the first.
    let left = |vector: &[f64], kept: &[Vec<f64>]| {
        let mut rest = vector.to_vec();
        for _ in 0..2 {
            centre(&mut rest);
            for unit in kept {
                let along = dot(unit, &rest);
                rest.iter_mut().zip(unit).for_each(|(rest, element)| *rest -= along * element);
            }
        }
        rest
    };
    for column in columns {
        let rest = left(column, &kept);
        let length = dot(&rest, &rest).sqrt();
        if length > 1e-8 * dot(column, column).sqrt() {
            kept.push(rest.into_iter().map(|element| element / length).collect());
        }
    }
    let rest = left(values, &kept);
    (dot(&rest, &rest), values.len() as f64 - (seed.count() + kept.len()) as f64)
}

/// Whether values, columns and seeds fit each other and are finite.
pub(super) fn check(values: &[f64], columns: &[Vec<f64>], seed: &Factor) -> Result<(), Refusal> {
    Refusal::unless_all(&[values], usable)?;
    Refusal::unless_all(columns, usable)?;
    let expected = values.len();
    let mut lengths = columns.iter().map(Vec::len).chain([seed.levels().len()]).enumerate();
    match lengths.find(|(_, found)| *found != expected) {
        Some((block, found)) => Err(Refusal::Ragged { block, expected, found }),
        None if columns.is_empty() => Err(Refusal::TooFewGroups { needed: 1, found: 0 }),
        None => Ok(()),
    }
}
